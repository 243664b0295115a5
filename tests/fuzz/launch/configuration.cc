// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/configuration.h"

#include "ipc/failure.h"
#include "launch/config/pull_section.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

namespace {

template <typename Parse>
void attempt(Parse parse) {
  try {
    parse();
  } catch (const Failure& failure) {
    require(failure.status == ExitStatus::config, "a bad file is a bad configuration");
    require(std::string_view(failure.what()).starts_with("f"), "the file is named");
  }
}

}  // namespace

// A file: both programs read it, whichever it is for.
FUZZ(configuration) {
  attempt([&] {
    Ini ini = Ini::parse(octets, "f");
    attempt([&] { Configuration::parse(ini, "f"); });
    for (const std::string& name : sectionNames(ini))
      attempt([&] {
        PullSection section = PullSection::parse(ini, name, "f");
        require(!section.sync.mailboxes.empty() && !section.sync.forwardPaths.empty(), "from somewhere to somewhere");
      });
  });
}
