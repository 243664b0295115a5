// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What became of the messages of one mailbox that delivery had: written down, counted, and told.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sync/pull/pull_context.h"

namespace interimap {

class PullRecord {
 public:
  // By UID; a message comes in when it was tried and is not delivered to all, and goes when it is.
  using Open = std::map<Uid, store::OpenMessage>;
  using Message = answer::WindowMessage;
  using Recipients = PullAddressees::Recipients;

  PullRecord(PullContext& pulling, const WireName& mailbox, store::MailboxId id, Open& open)
      : pulling_(pulling), mailbox_(mailbox), id_(id), open_(open) {}

  // Within a transaction; what they have to say is said by tell(), once it is committed.

  // Those for whom the message is to be tried once more at once.
  Recipients settle(const Message& message, const Recipients& recipients,
                    const std::vector<deliver::Outcome>& outcomes);
  void unknown(const Message& message, const Recipients& recipients);  // delivery died
  void refuse(Uid uid, const std::string& why);                        // for all who do not have it
  void hold(const Message& message, const std::string& why);

  void handedOver(const Message& message);  // says so
  void say(std::function<void()> line) { lines_.push_back(std::move(line)); }
  void tell();

  // Whom delivery is to name as the sender.
  ReversePath sender(const Message& message) const;

  // Which of those whom its header names are left out, unless it is for nobody at all.
  void tellLeftOut(const Message& message, const PullAddressees::Whom& whom);
  store::OpenMessage known(Uid uid) const;
  // All whom it is for turned out to have it, or to be past trying.
  void close(const Message& message);

  // Refused just now, and that was said.
  bool refused(Uid uid, const std::string& recipient) const { return refused_.contains({uid, recipient}); }
  const UidSet& recovered() const { return recovered_; }  // delivered, and had the keyword of failure

 private:
  // All whom the message is for.
  Recipients all(const Message& message) const {
    return pulling_.addressees.of(mailbox_, message.named).recipients;
  }
  store::OpenMessage known(const Message& message) const;
  bool isWorthAnother(const Message& message, const deliver::Outcome& outcome);
  static void dropOthers(store::OpenMessage& message, const Recipients& all);
  void record(store::OpenMessage message, const Message* delivered = nullptr, bool toBeContinued = false);
  void sayOutcome(const Message& message, const std::string& recipient, const store::RecipientFate& fate);
  About about(const Message& message) const;
  std::int64_t now() const { return pulling_.now(); }

  PullContext& pulling_;
  const WireName& mailbox_;
  store::MailboxId id_;
  Open& open_;
  std::vector<std::function<void()>> lines_;
  std::set<std::pair<Uid, std::string>> refused_;
  UidSet recovered_;
  UidSet lost_;    // with a connection, once
  UidSet nobody_;  // their sender was no sender to the server: tried once more from the null reverse-path
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
// Those of them who are still to get it. `again`: also those for whom it was refused.
std::vector<ForwardPath> remaining(const store::OpenMessage& message,
                                   const std::vector<ForwardPath>& recipients, bool again);

// The same without a look at its header: kByHeader, if that is to say whom it is for.
std::vector<std::string> outstanding(PullContext& pulling, const WireName& mailbox,
                                     const store::OpenMessage& message, bool again);

// "<a@example.org>, <b@example.org> and 3 more"
std::string listed(const std::vector<ForwardPath>& paths);

// "550 5.1.1 No such user"
std::string replyText(const deliver::Outcome& outcome);

}  // namespace interimap
