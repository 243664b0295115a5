// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/escape.h"

#include <algorithm>

#include "launch/show/json.h"
#include "launch/show/utf8.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

// What anybody may have said, in a log line.
FUZZ(escape) {
  std::string shown = escape(octets);
  require(isUtf8(shown), "what is shown is UTF-8");
  for (std::size_t at = 0; at < shown.size();) {
    auto character = *utf8At(shown, at);
    require(character.code >= 0x20 && (character.code < 0x7f || character.code > 0x9f),
            "no control characters");
    at += character.octets;
  }
  require(escape(shown) == shown, "what is safe stays as it is");
  std::string line = JsonObject().add("text", octets).line();
  require(isUtf8(line) && line.find('\n') == line.size() - 1, "JSON is one line of UTF-8");
}
