// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/chatter.h"

#include <doctest/doctest.h>

#include <vector>

#include "net/wire/limits.h"

using namespace interimap;

TEST_CASE("field 28: of each kind so many lines a minute, the rest is counted") {
  std::vector<std::string> said;
  Chatter chatter([&](LogLevel, const std::string& text) { said.push_back(text); });
  auto now = Chatter::Clock::now();
  for (int i = 0; i < 100'000; ++i) chatter.say("[ALERT]", LogLevel::notice, std::to_string(i), now);
  REQUIRE(said.size() == limits::kMostOfAKind);
  CHECK(said[0] == "0");
  CHECK(said.back().starts_with("9 (what more of this kind"));
  chatter.say("keyword", LogLevel::warning, "another kind", now);
  CHECK(said.back() == "another kind");
  now += std::chrono::seconds(59);
  chatter.say("[ALERT]", LogLevel::notice, "still", now);
  CHECK(said.back() == "another kind");
  now += std::chrono::seconds(1);
  chatter.say("[ALERT]", LogLevel::notice, "a minute later", now);
  CHECK(said[said.size() - 2] == "99991 more of this kind: [ALERT]");
  CHECK(said.back() == "a minute later");
  for (int i = 0; i < 20; ++i) chatter.say("[ALERT]", LogLevel::notice, "x", now);
  chatter.tell();
  CHECK(said.back() == "11 more of this kind: [ALERT]");
  // Kinds, too, have an end.
  said.clear();
  for (int i = 0; i < 1000; ++i) chatter.say(std::to_string(i), LogLevel::notice, "y", now);
  CHECK(said.size() < limits::kMostKinds);
}
