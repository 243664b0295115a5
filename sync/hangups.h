// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Servers that hang up at something: one message that they cannot read, one mailbox, one keyword. What was to
// be answered when a connection was lost is written down, and goes last and alone from then on. Lost again
// while nothing else was asked for, and by itself, it is the cause: it is left out for a day, and everything
// else goes on. A line that is cut now and then hits something else each time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

class Hangups {
 public:
  Hangups(Both<Server*> servers, store::Store& store, Log& log)
      : servers_(servers), store_(store), log_(log) {}

  // Of these mailboxes: those that are not for the end.
  std::vector<Mailbox> others(const std::vector<Mailbox>& mailboxes) const;
  // Of these mailboxes: what is to be tried by itself now. What is least likely to be the cause comes first.
  std::vector<store::Hangup> due(const std::vector<Mailbox>& mailboxes) const;

  // A connection was lost: writes down what it was, if it can be left out. `alone`: what was being tried.
  // Whether it was that; then all else is done.
  bool record(const std::vector<Mailbox>& mailboxes, const store::Hangup* alone);
  // That was not the cause.
  void acquit(const store::Hangup& hangup);
  // What is left out, of these mailboxes.
  void report(const std::vector<Mailbox>& mailboxes) const;

 private:
  void recordOthers(const std::vector<Mailbox>& mailboxes, Side side, const std::vector<Asked>& unanswered);
  void add(const Mailbox& mailbox, Side side, store::Hangup::Asked asked, UidSet uids);
  std::uint64_t suspected(Side side, store::Hangup::Asked asked) const;
  void recordAgain(const Mailbox& mailbox, store::Hangup hangup);
  About about(const Mailbox& mailbox, const store::Hangup& hangup) const;

  Both<Server*> servers_;
  store::Store& store_;
  Log& log_;
};

}  // namespace interimap
