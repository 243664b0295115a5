// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The corpora once more, without a fuzzer: what was found stays fixed.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/target.h"

using namespace interimap::fuzz;

namespace {

// Next to this source, which the compiler was given relative to the root.
const std::filesystem::path kCorpora = std::filesystem::path(__FILE__).parent_path() / "corpus";

std::vector<std::filesystem::path> filesOf(const std::string& name) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kCorpora / name))
    files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("every target survives its corpus") {
  for (const auto& [name, attempt] : targets()) {
    auto files = filesOf(name);
    CHECK_MESSAGE(!files.empty(), name);
    attempt({});
    for (const auto& file : files) {
      INFO(file.string());
      CHECK_NOTHROW(attempt(contents(file)));
    }
  }
}
