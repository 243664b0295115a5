// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What of a plan is not done: what the user does not want, what may not be written, and what is too much to
// be done without asking. A pure function of the plan, the limits and what went before. A run does what is
// left of the plan, --dry-run tells of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ipc/settings.h"
#include "ipc/side.h"
#include "ipc/uid_set.h"
#include "store/store.h"
#include "sync/mailboxes/access.h"
#include "sync/mailboxes/policy.h"
#include "sync/pass/reconcile.h"

namespace interimap {

// What the user has set.
struct Limits {
  std::optional<settings::Share> maxDeletions;  // per mailbox and run: of its messages
  bool force = false;                           // whatever it is
  Policy policy{};
};

// What went before, on the side where messages are to be expunged.
struct Past {
  std::uint64_t messages = 0;  // that are known, also those that are gone by now
  std::uint64_t expunged = 0;  // by this run, before this pass
  UidSet kept;  // expunged on the other side before, and not here: to be made up for, if it may be
  std::optional<store::Brake> brake;
};

struct HeldBack {
  enum class Why : std::uint8_t {
    tooMany,  // more than max-deletions
    most,     // the other side has lost most of the mailbox, and that has not been so for long
  };
  Why why = Why::tooMany;
  UidSet uids;
  std::uint64_t of = 0;
  bool operator==(const HeldBack&) const = default;
};

struct Restrained {
  Plan plan;                       // what is left of it
  Both<UidSet> kept;               // nothing may be expunged there
  Both<UidSet> parted, unflagged;  // not to be expunged there, or to get other flags, by the policy
  Both<std::optional<HeldBack>> heldBack;
  Both<std::optional<store::Brake>> brake;  // to be remembered until the next look
};

// Mailboxes of so many messages are emptied by hand every day.
inline constexpr std::uint64_t kFewMessages = 20;
// `now`: seconds since 1970. Deletions of most of a mailbox are done once they have been held back for
// kConfirmedAfter and are still the same.
inline constexpr std::int64_t kConfirmedAfter = 600;
Restrained restrain(Plan plan, const Both<Access>& access, const Limits& limits, const Both<Past>& past,
                    std::int64_t now);

// As it is told to the user, after "Not expunging ".
std::string text(const HeldBack& heldBack);

}  // namespace interimap
