// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/last_success.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "store/scratch.h"

using namespace interimap;
using store::Scratch;

TEST_CASE("the last success is what was noted last, and nothing else is believed") {
  Scratch scratch;
  const LastSuccess last(scratch.path(), "x.db");
  CHECK_FALSE(last.time());
  for (std::int64_t at : {std::int64_t{0}, std::int64_t{1795994820}, std::int64_t{7},
                          std::numeric_limits<std::int64_t>::max()}) {
    CHECK(last.note(at));
    CHECK(last.time() == at);
  }
  CHECK_FALSE(last.note(-1));
  CHECK(last.time() == std::numeric_limits<std::int64_t>::max());

  const std::string path = scratch.path() + "/x.db-last-success";
  for (const char* text : {"", "\n", "0000000001795994820", "0000000001795994820\nx", "00000000017959948x0\n",
                           "-000000001795994820\n", "9999999999999999999\n", "                  7\n"}) {
    CAPTURE(std::string(text));
    std::ofstream(path, std::ios::trunc) << text;
    CHECK_FALSE(last.time());
  }

  // What is not a file of ours is neither followed nor written over.
  std::filesystem::remove(path);
  std::filesystem::create_symlink(scratch.path() + "/elsewhere", path);
  CHECK_FALSE(last.note(1));
  CHECK_FALSE(std::filesystem::exists(scratch.path() + "/elsewhere"));
  CHECK_FALSE(LastSuccess(scratch.path() + "/nowhere", "x.db").note(1));
}
