// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/addresses.h"

#include <doctest/doctest.h>

#include <string>

using namespace interimap;

namespace {

std::string read(std::string_view value) {
  AddressRoom room;
  std::string text;
  for (const ForwardPath& path : readAddresses(value, room)) text += (text.empty() ? "" : " ") + path.text();
  return text;
}

}  // namespace

TEST_CASE("addresses of a header field: all of them, or none") {
  const std::string at = "@example.org";
  for (const auto& row : std::vector<std::pair<std::string, std::string>>{
           {" alice@example.org\r\n", "alice@example.org"},
           {"<alice@example.org>", "alice@example.org"},
           {"a@x.org, b@x.org,\r\n\t<c@x.org>\r\n", "a@x.org b@x.org c@x.org"},
           {"a@x.org,, a@x.org ,", "a@x.org"},
           {"\"a,b\"@x.org, c@x.org", "\"a,b\"@x.org c@x.org"},
           {"\"a\\\",b\"@x.org", "\"a\\\",b\"@x.org"},
           {"alice", "alice"},
           {"", ""},
           {" \r\n", ""},
           {",", ""},
           // Anything else: nobody.
           {"a@x.org b@x.org", ""},
           {"Alice <a@x.org>", ""},
           {"a@x.org (Alice)", ""},
           {"a@x.org, <>", ""},
           {"a@x.org, b@", ""},
           {"<a@x.org", ""},
           {"a@x.org>, b@x.org", ""},
           {"\"a@x.org, b@x.org", ""},
           {"a@x.org\r\nRCPT TO:<evil@x.org>", ""},
           {std::string("a\0@x.org", 8), ""},
           {"a\x1b@x.org", ""},
           {std::string(400, 'a') + at, ""}}) {
    CAPTURE(row.first);
    CHECK(read(row.first) == row.second);
  }
}

TEST_CASE("addresses of a header field: more than there is room for are none") {
  AddressRoom room;
  std::string many;
  for (std::size_t i = 0; i < kMostNamed; ++i) many += "a" + std::to_string(i) + "@x.org,";
  CHECK(readAddresses(many, room).size() == kMostNamed);
  CHECK(room.addresses == 0);
  CHECK(readAddresses("b@x.org", room).empty());
  AddressRoom another;
  CHECK(readAddresses(many + "b@x.org", another).empty());
  CHECK(another.addresses == kMostNamed);
  std::string large;
  for (std::size_t i = 0; i < 20; ++i)
    large += std::string(60, 'a') + "@" + std::string(60, 'b') + "." + std::string(60, 'c') + "." +
             std::string(60, 'd') + std::to_string(i) + ",";
  CHECK(readAddresses(large, another).empty());
}
