// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/began.h"

#include <doctest/doctest.h>

#include <fstream>

#include "launch/config/data_home.h"

using namespace interimap;

TEST_CASE("began: what was noted last, of this configuration and no other") {
  DataHome home;
  const Began one("/etc/a/config"), other("/etc/b/config"), third("/etc/a/third");
  CHECK_FALSE(one.time());
  one.note(1795994820);
  CHECK(one.time() == 1795994820);
  CHECK_FALSE(other.time());
  third.note(7);
  CHECK(one.time() == 1795994820);
  other.note(8);
  CHECK_FALSE(one.time());
  CHECK(other.time() == 8);
  for (const char* text : {"", "x", "7", "7 /etc/b/config", "-7 /etc/b/config\n", "7 /etc/b/config\nx"}) {
    CAPTURE(std::string(text));
    std::ofstream(std::string(home.path) + "/interimap/config.began", std::ios::trunc) << text;
    CHECK_FALSE(other.time());
  }
}
