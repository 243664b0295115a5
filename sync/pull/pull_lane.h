// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Brings messages of one mailbox to delivery. While one window of bodies is downloaded the one before is
// being delivered, and what became of those before that is written down.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sync/pull/pull_context.h"
#include "sync/pull/pull_fetch.h"
#include "sync/pull/pull_record.h"

namespace interimap {

class PullLane {
 public:
  using Open = PullRecord::Open;

  // `retryRefused`: also for whom it was refused in an earlier run.
  PullLane(PullContext& pulling, const WireName& mailbox, store::MailboxId id, Open& open, bool retryRefused)
      : pulling_(pulling),
        mailbox_(mailbox),
        id_(id),
        retryRefused_(retryRefused),
        fetch_(pulling, mailbox),
        record_(pulling, mailbox, id, open) {}

  // A message that is to be delivered; to whom, its header may say. `size` as far as it is known.
  void add(Uid uid, std::uint32_t size) { fetch_.add(uid, size); }

  // One at which the server hung up: it is asked for when nothing else is left.
  void addLast(Uid uid) { fetch_.addLast(uid); }

  // Until every message is settled, or the server that mail goes to is down, or mail goes round in a loop.
  // Throws what ends the run, after delivery has had time to finish what it has.
  void run();

  bool interrupted() const { return interrupted_; }           // some messages were not even tried
  bool looping() const { return looping_; }                   // our own deliveries have come back
  const UidSet& missing() const { return fetch_.missing(); }  // listed, and not sent when asked for alone
  const PullRecord& record() const { return record_; }

 private:
  using Recipients = PullRecord::Recipients;
  // Messages for the same recipients.
  struct Window {
    std::vector<answer::WindowMessage> messages{};
    Recipients recipients{};
    std::shared_ptr<const Descriptor> bodies{};  // of all windows that were fetched as one
    std::uint64_t size = 0;                      // octets
    const DeliveryProcess* by = nullptr;         // has it in hand
    bool again = false;                          // was given to delivery before
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
  void take(const DeliveryProcess& by, const DeliveryAnswer& answer);
  void settle(Window& window, const deliver::Settled& settled);
  void close(const DeliveryProcess& by, const DeliveryProcess::End& end, bool superfluous);
  bool isSuperfluous(const DeliveryProcess& by, const DeliveryProcess::End& end);
  void take(PullFetch::Fetched fetched);
  void holdBack(PullFetch::Window& window);
  Recipients remaining(const answer::WindowMessage& message, const PullAddressees::Whom& whom);
  std::vector<Window> sortByRecipients(PullFetch::Window window);
  std::vector<std::pair<DeliveryProcess*, Window>> handOver();
  std::size_t handed(const DeliveryProcess& by) const;  // messages that it has in hand
  using Handing = std::map<DeliveryProcess*, std::size_t>;
  DeliveryProcess* leastBusy(const Handing& more = {});  // of those that take another window; null: none does

  void submit(DeliveryProcess& to, Window window);

  PullContext& pulling_;
  const WireName& mailbox_;
  store::MailboxId id_;
  bool retryRefused_;
  PullFetch fetch_;
  PullRecord record_;
  std::deque<Window> waiting_, handed_;
  std::map<Uid, Recipients> again_;  // for whom those messages are tried once more
  std::uint64_t inFlight_ = 0;       // octets
  bool interrupted_ = false, abandoned_ = false, looping_ = false;
};

}  // namespace interimap
