// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The life of sync once it is locked in: one round, or round after round while watching. Between rounds the
// database is closed, so that `interimap --delete`, `--rename` and `--repair` can be used beside a watcher.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ipc/last_success.h"
#include "ipc/launch.h"
#include "store/store.h"
#include "sync/copying/allowance.h"
#include "sync/pass/reconcile.h"
#include "sync/peers/connections.h"
#include "sync/peers/exchange.h"
#include "sync/peers/seam.h"
#include "sync/peers/server.h"
#include "sync/poll_interval.h"
#include "sync/report/log.h"

namespace interimap {

class Engine;

// What outlives a round is a member, beside all that a round needs: hence more than 15.
class Rounds {
 public:
  // Opens the database, as often as it takes one round.
  using OpenStore = std::function<std::unique_ptr<store::Store>()>;

  Rounds(const settings::Sync& settings, Connections& connections, Exchange& exchange, const Seam& seam,
         Reporter& launch, Log& log, LastSuccess lastSuccess, OpenStore openStore)
      : settings_(settings),
        connections_(connections),
        servers_(connections.first()),
        exchange_(exchange),
        seam_(seam),
        launch_(launch),
        log_(log),
        lastSuccess_(std::move(lastSuccess)),
        openStore_(std::move(openStore)),
        allowance_(settings) {}

  // Returns when the errand is done; when watching, never. Throws what ends the run.
  void run();

 private:
  void logIn(const store::Store& store);
  void noteLogins(store::Store& store);
  void round(store::Store& store);
  void noteIdleMailboxes(const Engine& engine, bool first);
  void tellUsedUp(const store::Store& store);
  bool watching() const {
    return settings_.errand == settings::Errand::watch || settings_.errand == settings::Errand::notify;
  }
  bool isWhole() const;   // what was done is all that there is to do
  bool isBeside() const;  // of what may be given beside a watcher
  std::unique_ptr<store::Store> open(std::chrono::seconds patience);
  void unselect();
  void awaitNews();
  std::optional<std::chrono::seconds> anotherLook();  // after how long, if at all
  void pause(std::chrono::milliseconds duration, const std::function<bool()>& until);
  void demandSignsOfLife();

  const settings::Sync& settings_;
  Connections& connections_;
  Both<Server*> servers_;
  Exchange& exchange_;
  const Seam& seam_;
  Reporter& launch_;
  Log& log_;
  LastSuccess lastSuccess_;
  OpenStore openStore_;
  Allowance allowance_;
  Both<Reply<Means>> means_;
  Both<std::vector<WireName>> idleIn_;  // as of the last round
  bool first_ = true;                   // round of this session
  bool news_ = true;                    // led to the last round
  bool wrote_ = false;                  // the last round
  bool cutShort_ = false;               // the last round, by the loss of a connection
  std::chrono::seconds nextLook_{0};
  std::chrono::milliseconds took_{0};  // the last round
  PollInterval poll_;
};

}  // namespace interimap
