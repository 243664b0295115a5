// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/message_digest.h"

#include <doctest/doctest.h>

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
