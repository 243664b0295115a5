// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The connections that a watcher waits for news with beside the first of each side, where that one is told of
// INBOX alone: each idles in one mailbox (idle-mailboxes). launch starts them. One that cannot log in, or is
// lost, is made again later, each time after a longer while; meanwhile its mailbox is looked at by the clock,
// as all are.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "ipc/reporter.h"
#include "ipc/side.h"
#include "sync/peers/extra_connection.h"
#include "sync/report/log.h"

namespace interimap {

class IdleConnections {
 public:
  using Clock = std::chrono::steady_clock;
  // Until one is made again: at first, and at most. One that lasted for so long does not count as refused.
  static constexpr std::chrono::seconds kFirstPause{30}, kLongestPause{3600}, kLasting{300};

  IdleConnections(Both<Server*> first, Exchange& exchange, Reporter& launch, Seam& seam)
      : first_(first), exchange_(exchange), launch_(launch), seam_(seam) {}
  IdleConnections(const IdleConnections&) = delete;

  // Idles in these mailboxes of that side, at most kMostIdle, and in no others: asks launch for connections
  // that are missing and due. `seconds`: how often a server that says nothing is asked for a sign of life.
  void keep(Side side, const std::vector<WireName>& mailboxes, std::chrono::seconds seconds, Log& log,
            Clock::time_point now = Clock::now());
  // One of them has news, which nobody has taken: of its mailbox, or that it has only begun to wait.
  bool haveNews() const;
  // That is taken notice of; they go on waiting.
  void takeNews();
  // They may be gone without a word: they are made anew.
  void letGo();

  // launch has sent the channel to another net.
  void admit(Side side, Descriptor peer);

 private:
  struct Line : ExtraConnection {
    using ExtraConnection::ExtraConnection;
    Reply<Nothing> news;
    Clock::time_point since = Clock::now();
  };
  struct Idler {
    WireName mailbox;
    std::unique_ptr<Line> line = nullptr;  // none yet
    Clock::time_point due{};               // then it is asked for
    std::chrono::seconds pause = kFirstPause;
  };
  void noteLoss(Side side, Idler& idler, Log& log, Clock::time_point now);
  void watch(Idler& idler);

  Both<Server*> first_;
  Exchange& exchange_;
  Reporter& launch_;
  Seam& seam_;
  std::uint32_t seconds_ = 0;
  Both<std::size_t> awaited_{0, 0};  // asked for, not yet sent by launch
  Both<std::vector<Idler>> idlers_;  // in the order of the mailboxes
};

}  // namespace interimap
