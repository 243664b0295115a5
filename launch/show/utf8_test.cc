// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/utf8.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("UTF-8 characters") {
  struct {
    std::string_view text;
    char32_t code;
    std::size_t octets;
  } table[] = {
      {"a", 'a', 1},
      {"\x7F", 0x7F, 1},
      {"\xC2\x80", 0x80, 2},
      {"\xC3\xBC", 0xFC, 2},
      {"\xDF\xBF", 0x7FF, 2},
      {"\xE0\xA0\x80", 0x800, 3},
      {"\xE2\x82\xAC", 0x20AC, 3},
      {"\xEF\xBF\xBF", 0xFFFF, 3},
      {"\xF0\x90\x80\x80", 0x10000, 4},
      {"\xF4\x8F\xBF\xBF", 0x10FFFF, 4},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    auto character = utf8At(row.text, 0);
    REQUIRE(character);
    CHECK(character->code == row.code);
    CHECK(character->octets == row.octets);
    CHECK(isUtf8(row.text));
    if (row.octets > 1) CHECK_FALSE(isUtf8(row.text.substr(0, row.octets - 1)));
  }
}

TEST_CASE("UTF-8 refuses what RFC 3629 refuses") {
  for (std::string_view text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3(", "\xE2\x82("}) {
    CAPTURE(text.size());
    CHECK_FALSE(utf8At(text, 0));
  }
  CHECK_FALSE(utf8At("", 0));
}
