// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/message_digest.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "net/response/copy_mark.h"

using namespace interimap;

TEST_CASE("the digest of a message is the first half of SHA-256, however it comes, CR left out") {
  // printf 'a\nb\n' | sha256sum
  const ContentDigest expected{0x91, 0x11, 0x69, 0xdd, 0xaa, 0xf1, 0x46, 0xaf,
                               0xf5, 0x39, 0xf5, 0x8c, 0x26, 0xc4, 0x89, 0xaf};
  MessageDigest digest;
  for (std::string_view text : {"a\nb\n", "a\r\nb\r\n", "\ra\nb\n\r"})
    for (std::size_t step : {1U, 2U, 100U}) {
      CAPTURE(text);
      digest.reset();
      for (std::size_t at = 0; at < text.size(); at += step) digest.add(text.substr(at, step));
      CHECK(digest.digest() == expected);
    }
  digest.reset();
  digest.add("a\nb");
  CHECK(digest.digest() != expected);
}

TEST_CASE("field 22: a copy that mbsync or OfflineIMAP has marked is the same message") {
  MessageDigest digest;
  auto of = [&](std::string_view text, std::size_t step) {
    digest.reset();
    for (std::size_t at = 0; at < text.size(); at += step) digest.add(text.substr(at, step));
    return digest.digest();
  };
  const std::string longLine(3 * kLongestCopyMark, 'x');
  const std::string plain = "A: b\r\nLong: " + longLine + "\r\nC: d\r\n\r\nX-TUID: in the body\r\n";
  std::vector<std::string> same, other;
  for (const std::string mark : {"X-TUID: yGpLnPnFGpXM\r\n", "x-tuid:\n", "X-OfflineIMAP: 123-456\r\n",
                                 "X-TUID: a\r\nX-OfflineIMAP: b\r\n"})
    for (const char* before : {"A:", "Long:", "C:", "\r\n\r\nX"}) {
      auto at = plain.find(before);
      same.push_back(std::string(plain).insert(at + (*before == '\r' ? 2 : 0), mark));
    }
  for (const char* line : {"X-TUIDs: a\r\n", "X-TUID a\r\n", " X-TUID: a\r\n", "X-Offline: a\r\n"})
    other.push_back(std::string(plain).insert(plain.find("C:"), line));
  other.push_back(std::string(plain).insert(plain.find("C:"), "X-TUID: " + longLine + "\r\n"));
  other.push_back(plain + "X-TUID: yGpLnPnFGpXM\r\n");
  for (std::size_t step : {1U, 7U, 100000U}) {
    for (const std::string& text : same) {
      CAPTURE(text);
      CHECK(of(text, step) == of(plain, 1000));
    }
    for (const std::string& text : other) {
      CAPTURE(text);
      CHECK(of(text, step) != of(plain, 1000));
    }
    CHECK(of("A: b\nX-TUID: c", step) == of("A: b\n", step));
  }
}
