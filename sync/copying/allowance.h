// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The octets of messages that may be transferred in a day (`daily`): what is left of them, and the mailboxes
// in which something waits for the next day. A message that goes from one side to the other counts on both,
// when it is asked for; one that is read to be compared counts there, afterwards. A day is one of UTC, as the
// files of time zones are out of reach.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <set>

#include "ipc/launch.h"
#include "ipc/side.h"
#include "store/store.h"

namespace interimap {

class Allowance {
 public:
  explicit Allowance(
      const settings::Sync& settings, std::function<std::int64_t()> now = [] { return std::time(nullptr); })
      : settings_(settings), now_(std::move(now)) {}

  bool isLimited() const { return settings_.of.local.daily > 0 || settings_.of.remote.daily > 0; }
  // So many octets may be transferred yet. The message with which they end may have more.
  std::uint64_t left(const store::Store& store) const;
  // Within a transaction.
  void spend(store::Store& store, std::uint64_t octets) const;
  void spend(store::Store& store, Side side, std::uint64_t octets) const;

  // Something in there is left for another day.
  void putOff(store::MailboxId mailbox) { putOff_.insert(mailbox); }
  // ... which has not begun.
  bool isPutOff(store::MailboxId mailbox) const { return putOff_.contains(mailbox); }
  // Once there is something left of today's, which may be another day by now.
  void resume() { putOff_.clear(); }

  // The side whose octets are used up while something is put off, and after how long that may go on.
  struct UsedUp {
    Side side;
    std::chrono::seconds time;
  };
  std::optional<UsedUp> usedUp(const store::Store& store) const;

 private:
  std::uint64_t left(const store::Store& store, Side side) const;
  std::int64_t today() const { return now_() / kDay; }

  static constexpr std::int64_t kDay = 86400;  // seconds

  const settings::Sync& settings_;
  std::function<std::int64_t()> now_;
  std::set<store::MailboxId> putOff_;
};

}  // namespace interimap
