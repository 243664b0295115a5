// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/nearest.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("the nearest word: letters put in, left out, replaced, swapped, in another case; or none") {
  const std::vector<std::string> words{"password", "username", "host", "SSL_verify"};
  const struct {
    const char *word, *meant;
  } table[] = {{"pasword", "password"},
               {"passwrod", "password"},
               {"hosts", "host"},
               {"ssl_verify", "SSL_verify"},
               {"user-name", "username"}};
  for (const auto& row : table) {
    CAPTURE(row.word);
    CHECK(nearest(row.word, words) == row.meant);
  }
  for (const char* word : {"", "colour", "x", "certificate"}) {
    CAPTURE(word);
    CHECK_FALSE(nearest(word, words));
  }
  CHECK_FALSE(nearest(std::string(kLongestCompared + 1, 'a'), words));
}
