// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/path.h"

#include <algorithm>

#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

namespace {

void checkText(const std::string& text) {
  require(text.size() <= kLongestPath, "a path is no longer than SMTP allows");
  require(std::ranges::none_of(text,
                               [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '<' || c == '>'; }),
          "nothing in a path ends its line or its brackets");
}

}  // namespace

// A path; or, in two lines, the halves of a sender as an ENVELOPE has them.
FUZZ(path) {
  if (auto path = ReversePath::parse(octets)) {
    checkText(path->text());
    require(path->text() == octets, "a path is what was parsed");
  }
  if (auto path = ForwardPath::parse(octets)) {
    checkText(path->text());
    require(!path->text().empty(), "a recipient has a name");
  }
  std::string_view localPart = fuzz::takeLine(octets);
  ReversePath sender = ReversePath::ofSender(localPart, octets);
  checkText(sender.text());
  require(ReversePath::parse(sender.text()) == sender, "a sender is a path");
}
