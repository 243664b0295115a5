// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// --check of interimap: what the database and both servers have to say about a run to come. Nothing is
// written, and no mailbox is selected.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "ipc/checked.h"
#include "ipc/launch.h"
#include "store/store.h"
#include "sync/mailboxes/lists.h"
#include "sync/peers/exchange.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

// Waits for servers of which each may be lost without the other. Once both are `needed`, the loss of one ends
// what is under way (PeerGone).
class CheckExchange final : public Exchange {
 public:
  using Exchange::Exchange;
  void turn() override;
  void need(std::vector<const Server*> servers) { needed_ = std::move(servers); }

 private:
  std::vector<const Server*> needed_;
};

class Check {
 public:
  // Opens the database to look at it. Throws Failure.
  using OpenStore = std::function<std::unique_ptr<store::Store>()>;

  // `open`: none if there is no database yet, which is called `path`.
  Check(const settings::Sync& settings, std::string path, OpenStore open, Both<Server*> servers,
        CheckExchange& exchange, Reporter& launch, Log& log)
      : settings_(settings),
        path_(std::move(path)),
        open_(std::move(open)),
        servers_(servers),
        exchange_(exchange),
        launch_(launch),
        log_(log) {}

  // The status that a run would end with, as far as that can be told.
  ExitStatus run();

 private:
  void passed(About about, Verdict verdict, const char* step, std::string text,
              std::vector<Finding::Fact> facts = {});
  void lookAtDatabase();
  void tell(const store::Store& store);
  void tellMeans(Side side);
  void listBoth();
  void listOne(Side side);
  void tellUses(Side side);
  void tellMailboxes(Side side, std::uint64_t mailboxes, std::uint64_t messages);
  void compareWithDatabase(Side side, const Lists& lists);

  const settings::Sync& settings_;
  std::string path_;
  OpenStore open_;
  Both<Server*> servers_;
  CheckExchange& exchange_;
  Reporter& launch_;
  Log& log_;
  std::unique_ptr<store::Store> store_;
};

// How changes are found on a server, how news is heard of, and what that lacks, in words.
std::string meansText(const Means& means);

}  // namespace interimap
