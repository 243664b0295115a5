// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// libFuzzer's entry points. Which target it is says --target=NAME, an option of ours that it passes over.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/target.h"

using namespace interimap::fuzz;

namespace {
Attempt chosen = nullptr;
}

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kOption = "--target=";
  for (int i = 1; i < *argc; ++i)
    if (std::string_view argument = (*argv)[i]; argument.starts_with(kOption))
      if (auto found = targets().find(std::string(argument.substr(kOption.size()))); found != targets().end())
        chosen = found->second;
  if (chosen != nullptr) return 0;
  fprintf(stderr, "usage: %s --target=NAME [LIBFUZZER OPTIONS] [CORPUS]; targets:", (*argv)[0]);
  for (const auto& [name, attempt] : targets()) fprintf(stderr, " %s", name.c_str());
  fprintf(stderr, "\n");
  exit(64);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen({reinterpret_cast<const char*>(data), size});
  return 0;
}
