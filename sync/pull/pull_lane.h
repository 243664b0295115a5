// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Brings messages of one mailbox to delivery. While one window of bodies is downloaded the one before is
// being delivered, and what became of those before that is written down.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "sync/pull/pull_context.h"
#include "sync/pull/pull_fetch.h"
#include "sync/pull/pull_record.h"

namespace interimap {

class PullLane {
 public:
  using Open = PullRecord::Open;

  PullLane(PullContext& pulling, const WireName& mailbox, store::MailboxId id, Open& open)
      : pulling_(pulling),
        mailbox_(mailbox),
        id_(id),
        fetch_(pulling, mailbox),
        record_(pulling, mailbox, id, open) {}

  // A message that is to be delivered to these; `size` as far as it is known.
  void add(Uid uid, std::uint32_t size, const std::vector<ForwardPath>& recipients) {
    fetch_.add(uid, size, recipients);
  }

  // One at which the server hung up: it is asked for when nothing else is left.
  void addLast(Uid uid, const std::vector<ForwardPath>& recipients) { fetch_.addLast(uid, recipients); }

  // Until every message is settled, or the server that mail goes to is down, or mail goes round in a loop.
  // Throws what ends the run, after delivery has had time to finish what it has.
  void run();

  bool interrupted() const { return interrupted_; }           // some messages were not even tried
  bool looping() const { return looping_; }                   // our own deliveries have come back
  const UidSet& missing() const { return fetch_.missing(); }  // listed, and not sent when asked for alone
  const PullRecord& record() const { return record_; }

 private:
  struct Window : PullFetch::Window {
    bool again = false;  // was given to delivery before
    RequestId id = 0;
    std::vector<bool> settled{};
    std::size_t unsettled = 0;
  };

  bool finished();
  bool idle() const { return fetch_.done() && waiting_.empty(); }
  bool fetch();
  bool advance();
  void connect();
  void abandon(std::chrono::milliseconds patience);

  // Within a transaction.
  void take(const DeliveryAnswer& answer);
  void settle(Window& window, const deliver::Settled& settled);
  void close(const DeliveryProcess::End& end);
  void take(PullFetch::Fetched fetched);
  void holdBack(Window& window);
  std::vector<Window> handOver();
  std::size_t handed() const;  // messages that delivery has in hand
  bool mayHandOver() const;

  void submit(Window window);

  PullContext& pulling_;
  const WireName& mailbox_;
  store::MailboxId id_;
  PullFetch fetch_;
  PullRecord record_;
  std::deque<Window> waiting_, handed_;
  std::uint64_t inFlight_ = 0;  // octets
  bool interrupted_ = false, abandoned_ = false, looping_ = false;
};

}  // namespace interimap
