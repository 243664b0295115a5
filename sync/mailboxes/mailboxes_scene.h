// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: two simulated servers' mailboxes, a database, and what is said to launch.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ipc/channel.h"
#include "ipc/imap.h"
#include "ipc/launch.h"
#include "store/store.h"
#include "sync/mailboxes/lists.h"
#include "sync/peers/exchange.h"
#include "sync/peers/seam.h"
#include "sync/peers/server.h"
#include "sync/peers/simulated_server.h"
#include "sync/report/log.h"

namespace interimap {

class MailboxesScene {
 public:
  MailboxesScene();

  settings::Sync settings;
  Both<SimulatedServer> servers;
  std::vector<std::string> said;  // "error database: text"

  bool hasSaid(const std::string& text);
  std::vector<std::string> known();  // names in the database
  // What this server has, from now on.
  void enable(Side side, const answer::Ready& ready);
  // A mailbox that was synchronised as it is now, the n-th message here with the n-th there.
  void know(const std::string& name);

 private:
  class SteppingExchange;
  explicit MailboxesScene(std::pair<Channel, Channel> launch);
  void hear();

  Channel launch_;
  Reporter reporter_;
  std::unique_ptr<Exchange> exchange_;
  Seam seam_{0, false};

 public:
  store::Store store{store::Seam{}};
  Log log{reporter_};
  std::unique_ptr<Server> local, remote;
  Both<Server*> both() { return {local.get(), remote.get()}; }
};

}  // namespace interimap
