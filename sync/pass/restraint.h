// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What of a plan is not done: what may not be written, and what is too much to be done without asking. A pure
// function. A run does what is left of the plan, --dry-run tells of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ipc/side.h"
#include "ipc/uid_set.h"
#include "sync/mailboxes/access.h"
#include "sync/pass/reconcile.h"

namespace interimap {

// What the user has set.
struct Limits {
  std::optional<std::uint64_t> maxDeletions;  // per mailbox: a number, or a share of its messages
  bool percent = false;
  bool force = false;  // whatever it is
};

// What is known of a side of the mailbox where messages are to be expunged.
struct Expunging {
  std::uint64_t messages = 0;  // that are there and known
  UidSet kept;             // expunged on the other side before, and not here: to be made up for, if it may be
  bool confirmed = false;  // that the other side has lost all of them was told before, too
};

struct HeldBack {
  enum class Why : std::uint8_t {
    tooMany,     // more than max-deletions
    everything,  // the other side has lost all of them at once
  };
  Why why = Why::tooMany;
  UidSet uids;
  std::uint64_t of = 0;
  bool operator==(const HeldBack&) const = default;
};

struct Restrained {
  Plan plan;          // what is left of it
  Both<UidSet> kept;  // nothing may be expunged there
  Both<std::optional<HeldBack>> heldBack;
  Both<bool> lostAll;  // by the plan the mailbox is to lose everything there
};

Restrained restrain(Plan plan, const Both<Access>& access, const Limits& limits,
                    const Both<Expunging>& expunging);

// As it is told to the user, after "Not expunging ".
std::string text(const HeldBack& heldBack);

}  // namespace interimap
