// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/key.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("values: text") {
  struct {
    std::string_view value;
    bool text;
  } table[] = {
      {"a b", true},      {"\xC3\x89tat", true}, {"caf\xE9", true}, {"\x9B", false}, {"\xC2\x9B", false},
      {"\xC2\xA0", true}, {"a\tb", false},       {"\x7F", false},   {"", false},
  };
  for (const auto& row : table) {
    CAPTURE(row.value);
    CHECK(isText(row.value) == row.text);
  }
  CHECK(isTextOrEmpty(""));
}

TEST_CASE("values: octets") {
  struct {
    std::string_view value;
    std::optional<std::uint64_t> octets;
  } table[] = {
      {"1", 1},
      {"512M", 512ULL << 20},
      {"10k", 10240},
      {"2G", 2ULL << 30},
      {"9223372036854775807", 9223372036854775807ULL},
      {"0", {}},
      {"", {}},
      {"M", {}},
      {"1MB", {}},
      {"-1", {}},
      {"+1", {}},
      {"1.5G", {}},
      {" 1", {}},
      {"9223372036854775808", {}},
      {"8589934592G", {}},
      {"99999999999999999999", {}},
  };
  for (const auto& row : table) {
    CAPTURE(row.value);
    CHECK(octets(row.value) == row.octets);
  }
}
