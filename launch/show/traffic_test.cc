// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/traffic.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("octets for people") {
  struct {
    std::uint64_t octets;
    std::string_view text;
  } table[] = {
      {0, "0"},
      {1023, "1023"},
      {1024, "1.00K"},
      {1536, "1.50K"},
      {1048576, "1.00M"},
      {3 * 1048576 / 2, "1.50M"},
      {1ULL << 30, "1.00G"},
      {5ULL << 40, "5120.00G"},
  };
  for (const auto& row : table) CHECK(octetsText(row.octets) == row.text);
}

TEST_CASE("traffic statistics") {
  CHECK(trafficText({.received = 2048, .sent = 100}) == "IMAP traffic (bytes): recv 2.00K sent 100");
  CHECK(trafficText({.received = 2048,
                     .sent = 100,
                     .receivedCompressed = 512,
                     .sentCompressed = 50,
                     .compressed = true}) ==
        "IMAP traffic (bytes): recv 2.00K (compr. 512, factor 0.25) sent 100 (compr. 50, factor 0.50)");
  CHECK(trafficText({.compressed = true}) == "IMAP traffic (bytes): recv 0 sent 0");
}
