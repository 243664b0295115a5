// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/enhanced_status.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("EnhancedStatus takes a code off a text, and nothing that only looks like one") {
  struct {
    const char* text;
    const char* status;  // null: none
    const char* rest;
  } const table[] = {
      {"5.1.1 no such user", "5.1.1", " no such user"},
      {"2.0.0", "2.0.0", ""},
      {"4.999.999 x", "4.999.999", " x"},
      {"5.01.1 x", "5.1.1", " x"},
      {"3.1.1 x", nullptr, "3.1.1 x"},
      {"5.1 x", nullptr, "5.1 x"},
      {"5.1.1x", nullptr, "5.1.1x"},
      {"5.1.1.1 x", nullptr, "5.1.1.1 x"},
      {"5.1000.1 x", nullptr, "5.1000.1 x"},
      {"5..1 x", nullptr, "5..1 x"},
      {"5.1.", nullptr, "5.1."},
      {"5.1. ", nullptr, "5.1. "},
      {"55.1.1 x", nullptr, "55.1.1 x"},
      {"", nullptr, ""},
      {"Ok", nullptr, "Ok"},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    std::string_view in = row.text;
    auto status = EnhancedStatus::parse(in);
    CHECK(status.has_value() == (row.status != nullptr));
    if (status) CHECK(status->text() == row.status);
    if (status) CHECK(status->valid());
    CHECK(in == row.rest);
  }
}
