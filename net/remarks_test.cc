// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/remarks.h"

#include <doctest/doctest.h>

#include <vector>

#include "net/wire/limits.h"

using namespace interimap;

namespace {

struct Said {
  std::vector<std::string> lines;
  Remarks remarks{[this](LogLevel, const std::string& text) { lines.push_back(text); }};
};

}  // namespace

TEST_CASE("remarks: an alert is shown once, until there is another") {
  Said said;
  for (const char* text : {"low", "low", "full", "low"}) said.remarks.alert(text);
  CHECK(said.lines == std::vector<std::string>{"low", "full", "low"});
}

TEST_CASE("remarks: one malformed response of each kind is shown, in part") {
  Said said;
  said.remarks.malformed("LIST", "* LIST " + std::string(1000, 'x'));
  said.remarks.malformed("LIST", "* LIST (");
  said.remarks.malformed("FETCH", "* 1 FETCH");
  REQUIRE(said.lines.size() == 2);
  CHECK(said.lines[0] ==
        "ignoring a malformed LIST response: * LIST " + std::string(limits::kExcerpt - 7, 'x'));
  CHECK(said.lines[1] == "ignoring a malformed FETCH response: * 1 FETCH");
}

TEST_CASE("remarks: a keyword that is left out is named once, and so many of them") {
  Said said;
  FetchResponse fetch;
  said.remarks.dropped(fetch);
  CHECK(said.lines.empty());
  fetch.uid = *Uid::of(7);
  fetch.dropped = "a b";
  said.remarks.dropped(fetch);
  said.remarks.dropped(fetch);
  CHECK(said.lines == std::vector<std::string>{"Leaving out a keyword that cannot be one of UID 7: a b"});
  for (int i = 0; i < 1000; ++i) {
    fetch.dropped = std::to_string(i) + "]";
    said.remarks.dropped(fetch);
  }
  CHECK(said.lines.size() == limits::kMostOfAKind);
}
