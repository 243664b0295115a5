// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The engine of pullimap: visits its mailboxes once, or again whenever there is news, and purges what was
// delivered long enough ago.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <string>

#include "ipc/launch.h"
#include "store/pull_state.h"
#include "sync/pull/pull_context.h"

namespace interimap {

class Pull {
 public:
  using Clock = std::function<std::int64_t()>;  // seconds since 1970

  // Throws Failure if the settings do not hold, or if the state belongs to another account.
  Pull(const settings::Pull& settings, Server& server, Exchange& exchange, Reporter& launch, Log& log,
       Seam& seam, store::PullState& state, Clock now);

  // Returns when all is done; when idling, never. Throws what ends the run.
  void run();

  // The state in the reference's form, in packets that launch puts together.
  static void exportState(const settings::Pull& settings, const store::PullState& state, Reporter& launch);

 private:
  void checkAccount();
  void recallDeliveries();
  void countUndelivered(Pulled& done) const;
  void round();
  void findMailboxes();
  void visit(const WireName& mailbox);
  void quitDelivery();
  void reportSink();
  bool purgeIsDue() const;
  void purge();
  void awaitNews();
  std::chrono::seconds untilWanted();
  std::chrono::seconds until(std::int64_t time) const;

  Reporter& launch_;
  std::deque<DeliveryProcess> deliverers_;
  PullContext pulling_;
  std::vector<WireName> mailboxes_;
  std::set<WireName> visited_, recalled_;
  Reply<Means> means_;
  std::optional<std::int64_t> purged_;  // when the last time
  bool sinkReported_ = false;
};

}  // namespace interimap
