// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/sasl.h"

#include <doctest/doctest.h>

#include <string>

using namespace interimap;

TEST_CASE("base64: RFC 4648 section 10") {
  struct {
    std::string_view octets, text;
  } const table[] = {{"", ""},
                     {"f", "Zg=="},
                     {"fo", "Zm8="},
                     {"foo", "Zm9v"},
                     {"foob", "Zm9vYg=="},
                     {"fooba", "Zm9vYmE="},
                     {"foobar", "Zm9vYmFy"},
                     {"\xff\xef\xfe", "/+/+"}};
  for (const auto& row : table) CHECK(sasl::base64(row.octets).reveal() == row.text);
}

TEST_CASE("PLAIN: RFC 4616 section 4") {
  CHECK(sasl::plain("tim", "tanstaaftanstaaf").reveal() == "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
}
