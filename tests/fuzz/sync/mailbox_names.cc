// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/hierarchy.h"

#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

namespace {

std::optional<char> delimiterOf(std::string_view line) {
  if (line.empty()) return std::nullopt;
  return line[0];
}

}  // namespace

// The two servers' delimiters, a line each; a reference; a name as the first one spells it.
FUZZ(mailbox_names) {
  auto here = delimiterOf(fuzz::takeLine(octets)), there = delimiterOf(fuzz::takeLine(octets));
  std::string reference(fuzz::takeLine(octets));
  Hierarchy ours(reference, here), theirs("", there);
  ours.pattern(std::string(octets));
  auto name = ours.name({std::string(octets)});
  if (!name) return;
  require(name->bytes().size() <= MailboxName::kLongest, "names are bounded");
  if (ours.canSpell(*name)) require(ours.name(ours.wire(*name)) == name, "a name survives being spelled");
  if (theirs.canSpell(*name))
    require(theirs.name(theirs.wire(*name)) == name, "a name survives the other server");
}
