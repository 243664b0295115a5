// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Brings messages of one mailbox to delivery. While one window of bodies is downloaded the one before is
// being delivered, and what became of those before that is written down.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sync/pull/pulling.h"

namespace interimap {

class PullLane {
 public:
  // By UID; a message comes in when it was tried and is not delivered to all, and goes when it is.
  using Open = std::map<Uid, store::OpenMessage>;

  PullLane(Pulling& pulling, const WireName& mailbox, store::MailboxId id, Open& open)
      : pulling_(pulling), mailbox_(mailbox), id_(id), open_(open) {}

  // A message that is to be delivered to these; `size` as far as it is known.
  void add(Uid uid, std::uint32_t size, const std::vector<ForwardPath>& recipients);

  // Until every message is settled, or the server that mail goes to is down. Throws what ends the run, after
  // delivery has had time to finish what it has.
  void run();

  bool interrupted() const { return interrupted_; }   // some messages were not even tried
  const UidSet& missing() const { return missing_; }  // listed, and not sent when asked for alone
  // Refused just now, and that was said.
  bool refused(Uid uid, const std::string& recipient) const { return refused_.contains({uid, recipient}); }
  const UidSet& recovered() const { return recovered_; }  // delivered, and had the keyword of failure

 private:
  // Twelve bytes: there may be a million.
  struct Task {
    Uid uid;
    std::uint32_t size;
    std::uint32_t group : 31;  // of recipients
    std::uint32_t alone : 1;   // in a window of its own
  };
  struct Fetching {
    UidSet uids;
    std::uint64_t size;
    std::size_t group;
    bool alone;
    Reply<FetchedBodies> reply;
  };
  struct Window {
    std::size_t group;
    std::vector<answer::WindowMessage> messages;
    std::uint64_t size;
    Descriptor bodies;   // kept for another connection
    bool again = false;  // was given to delivery before
    RequestId id = 0;
    std::vector<bool> settled{};
    std::size_t unsettled = 0;
  };

  bool finished();
  bool fetch();
  bool advance();
  void connect();
  void abandon(std::chrono::milliseconds patience);

  // Within a transaction.
  void take(const DeliveryAnswer& answer);
  void settle(Window& window, const deliver::Settled& settled);
  void close(const DeliveryProcess::End& end);
  void take(Fetching& fetching);
  void refuseTooLarge(Uid uid, std::size_t group);
  std::vector<Window> handOver();
  std::size_t handed() const;  // messages that delivery has in hand
  bool mayHandOver() const;
  store::OpenMessage known(const answer::WindowMessage& message) const;
  void record(store::OpenMessage message, std::uint64_t size, bool toBeContinued = false);

  void submit(Window window);
  void say(std::function<void()> line) { lines_.push_back(std::move(line)); }
  void sayOutcome(Uid uid, const std::string& recipient, const store::RecipientFate& fate);
  std::int64_t now() const { return pulling_.now(); }

  Pulling& pulling_;
  const WireName& mailbox_;
  store::MailboxId id_;
  Open& open_;
  std::deque<std::vector<ForwardPath>> groups_;  // references to them stay good
  std::deque<Task> tasks_;
  std::deque<Fetching> fetching_;
  std::deque<Window> waiting_, handed_;
  std::uint64_t inFlight_ = 0;                // octets
  std::vector<std::function<void()>> lines_;  // to be logged once what they tell is written down
  bool interrupted_ = false, abandoned_ = false;
  UidSet missing_, recovered_;
  std::set<std::pair<Uid, std::string>> refused_;
  UidSet lost_;  // with a connection, once
};

// How long after its n-th attempt a message is left alone, in seconds.
inline constexpr std::int64_t kLongestBackoff = 3600;
inline std::int64_t backoff(std::uint32_t attempts) {
  return std::min(kLongestBackoff, std::int64_t{60} << std::min(attempts > 0 ? attempts - 1 : 0, 6U));
}
// What is further off than any pause was written down while the clock was ahead.
inline bool isDue(std::int64_t next, std::int64_t now) { return next <= now || next > now + kLongestBackoff; }

// Whether it was delivered to all of these.
bool isDelivered(const store::OpenMessage& message, const std::vector<ForwardPath>& recipients);

// "550 5.1.1 No such user"
std::string replyText(const deliver::Outcome& outcome);

}  // namespace interimap
