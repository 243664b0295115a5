// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/options.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("options may follow other arguments where that is allowed") {
  constexpr Option kOptions[] = {{"quiet", 'q'}, {"idle", 0, Option::Value::number}};
  std::vector<std::string_view> words{"a", "--idle", "5", "b", "-q", "--", "--idle"};
  Scanned anywhere = scanOptions(words, kOptions, Ordering::anywhere);
  CHECK(anywhere.arguments == std::vector<std::string>{"a", "b", "--idle"});
  REQUIRE(anywhere.given.size() == 2);
  CHECK(anywhere.given[0].name == "idle");
  CHECK(anywhere.given[0].value == "5");
  CHECK(anywhere.given[1].name == "quiet");
  Scanned strict = scanOptions(words, kOptions, Ordering::strict);
  CHECK(strict.given.empty());
  CHECK(strict.arguments.size() == words.size());
}
