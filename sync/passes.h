// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Passes over mailboxes, many at a time, until none has news: what is found in the first is copied while
// others are looked at.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "ipc/launch.h"
#include "store/store.h"
#include "sync/copying/lanes.h"
#include "sync/hangups.h"
#include "sync/mailboxes/lists.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/pass/pass.h"
#include "sync/peers/connections.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

class Passes {
 public:
  Passes(const settings::Sync& settings, Connections& connections, Exchange& exchange, store::Store& store,
         Log& log, const Lists& lists, Allowance& allowance)
      : settings_(settings),
        connections_(connections),
        servers_(connections.first()),
        exchange_(exchange),
        store_(store),
        log_(log),
        lists_(lists),
        allowance_(allowance),
        hangups_(connections.first(), store, log),
        origins_(store, &lists) {}

  void synchronise(const std::vector<Mailbox>& mailboxes);
  // The connection was lost at what was tried by itself: all else is done.
  bool isCutShort() const { return cutShort_; }
  // --dry-run: says what a pass would do.
  void preview(const Mailbox& mailbox) { preview(Due{.mailbox = &mailbox}); }

 private:
  void preview(const Due& due);
  // Those that are not over after the most passes are reported. What is to be by itself is taken one by one.
  void untilOver(std::vector<Due> wave);
  void tryAlone(const std::vector<Mailbox>& mailboxes);
  void awaitStragglers(const std::vector<Mailbox>& mailboxes);
  void awaitUnanswered(const Both<Lanes*>& lanes);
  // One pass over all of them; those that are due again.
  std::vector<Due> pass(const std::vector<Due>& mailboxes);
  void begin(std::deque<Pass>& passes, const std::vector<Due>& mailboxes, const Both<Lanes*>& lanes);
  std::uint64_t likelyListed(const Due& due) const;
  void copy(const Both<Lanes*>& lanes);
  void hearOut(const Both<Lanes*>& lanes);
  void describeSent(const std::vector<Mailbox>& mailboxes);
  // Copies what can be copied; meanwhile all channels are served.
  void copyUntil(const Both<Lanes*>& lanes, const std::function<bool()>& until);
  Progress progress(const Both<Lanes*>& lanes) const;
  void tellProgress(const Both<Lanes*>& lanes);
  void tellMailboxes(const Both<Lanes*>& lanes);

  const settings::Sync& settings_;
  Connections& connections_;
  Both<Server*> servers_;
  Exchange& exchange_;
  store::Store& store_;
  Log& log_;
  const Lists& lists_;
  Allowance& allowance_;
  Hangups hangups_;
  Origins origins_;
  bool cutShort_ = false;
  std::chrono::steady_clock::time_point progressTold_{};
  Progress before_{};        // of the passes that are over
  Both<std::map<const Mailbox*, Progress>> mailboxesTold_;  // in this pass
  std::uint64_t ahead_ = 0;  // messages that mailboxes may list whose turn is yet to come, at most
};

}  // namespace interimap
