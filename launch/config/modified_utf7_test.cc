// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/modified_utf7.h"

#include <doctest/doctest.h>

#include "launch/show/readable.h"

using namespace interimap;

TEST_CASE("modified UTF-7") {
  struct {
    std::string_view utf8, wire;
  } table[] = {
      {"", ""},
      {"INBOX/Sent", "INBOX/Sent"},
      {"Tom & Jerry", "Tom &- Jerry"},
      {"Entw\xC3\xBCrfe", "Entw&APw-rfe"},
      // RFC 3501 section 5.1.3
      {"~peter/mail/\xE5\x8F\xB0\xE5\x8C\x97/\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E",
       "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
      {"\xE2\x98\xBA!", "&Jjo-!"},
      {"\xC3\xA4&\xC3\xB6", "&AOQ-&-&APY-"},
      {"\xF0\x9F\x93\xA7", "&2D3c5w-"},  // a pair of surrogates
      {"\x01", "&AAE-"},
  };
  for (const auto& row : table) {
    CAPTURE(row.wire);
    CHECK(toModifiedUtf7(row.utf8) == row.wire);
  }
  CHECK_FALSE(toModifiedUtf7("caf\xE9"));
}

TEST_CASE("modified UTF-7 is shown as what it was made of") {
  for (const char* name : {"Entwürfe", "a & b", "日本語/台北", "😀", "Ärger & Übel-Ö"})
    CHECK(readable(*toModifiedUtf7(name)) == name);
}
