// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the configuration lets be carried over between the two sides of a mailbox: its section
// [mailbox PATTERN], or everything if none matches. Access says what a server allows; this, what the user
// wants, and what is left undone for it is neither refused nor an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/settings.h"
#include "ipc/side.h"

namespace interimap {

class Policy {
 public:
  Policy() = default;
  explicit Policy(settings::OfMailbox rule) : rule_(std::move(rule)) {}

  bool writes(Side side) const;  // anything at all
  bool stores(Side side) const { return writes(side) && rule_.flags; }
  bool expunges(Side side) const;
  bool creates(Side side) const { return writes(side) && rule_.create; }
  const std::optional<settings::Share>& maxDeletions() const { return rule_.maxDeletions; }
  const std::optional<settings::DeleteMailboxes>& deleteMailboxes() const { return rule_.deleteMailboxes; }
  const std::optional<std::uint32_t>& maxAge() const { return rule_.maxAge; }
  bool copiesAll(Side target) const { return writes(target) && !rule_.maxSize && !rule_.maxAge; }

  // Why a message of so many octets is not copied to that side, in the words of the configuration; nothing if
  // it is. `old`: it came in longer ago than maxAge.
  std::string whyOutside(Side target, std::uint64_t octets, bool old) const;
  // Why nothing is expunged there, no flags are stored, no mailbox is created.
  std::string whyKept(Side side) const;
  std::string whyNotStored(Side side) const;
  std::string whyNotCreated(Side side) const;
  // Whether the configuration still says so: what was left where it is for that need not be looked at again.
  bool stillSays(std::string_view why, Side target) const;
  // Behind any of these: " of [mailbox PATTERN]".
  std::string where() const { return " of [mailbox " + pattern() + "]"; }
  std::string pattern() const;

 private:
  std::string direction() const;

  settings::OfMailbox rule_;
};

// Whether no section forbids to write to that side.
bool writesEverywhere(const settings::Sync& settings, Side side);

}  // namespace interimap
