// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_record.h"

#include <algorithm>
#include <utility>

namespace interimap {

namespace {

using store::Fate;
using store::OpenMessage;
using Outcome = deliver::Outcome;

Fate fateOf(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::delivered: return Fate::delivered;
    case Outcome::Kind::deferred: return Fate::deferred;
    case Outcome::Kind::refused: return Fate::refused;
    case Outcome::Kind::unknown: return Fate::unknown;
  }
  throw PeerViolation("an outcome that is none");
}

std::string number(Uid uid) { return "UID " + std::to_string(uid.value()); }

void put(std::vector<store::RecipientFate>& fates, store::RecipientFate fate) {
  auto it = std::ranges::find(fates, fate.recipient, &store::RecipientFate::recipient);
  if (it == fates.end())
    fates.push_back(std::move(fate));
  else
    *it = std::move(fate);
}

// The server took the sender for none: syntax error in parameters (501), bad sender's mailbox address syntax
// (5.1.7, RFC 3463 section 3.2).
bool refusesSyntaxOfSender(const Outcome& outcome) {
  if (outcome.kind != Outcome::Kind::refused) return false;
  if (outcome.status == EnhancedStatus{5, 1, 7}) return outcome.code == 501 || outcome.code == 553;
  return outcome.stage == Outcome::Stage::mail && outcome.code == 501;
}

}  // namespace

bool isDelivered(const OpenMessage& message, const std::vector<ForwardPath>& recipients) {
  return std::ranges::all_of(recipients, [&](const ForwardPath& recipient) {
    auto it = std::ranges::find(message.fates, recipient.text(), &store::RecipientFate::recipient);
    return it != message.fates.end() && it->fate == Fate::delivered;
  });
}

std::vector<ForwardPath> remaining(const OpenMessage& message, const std::vector<ForwardPath>& recipients,
                                   bool again) {
  std::vector<ForwardPath> to;
  for (const ForwardPath& recipient : recipients) {
    auto it = std::ranges::find(message.fates, recipient.text(), &store::RecipientFate::recipient);
    bool settled =
        it != message.fates.end() && (it->fate == Fate::delivered || (it->fate == Fate::refused && !again));
    if (!settled) to.push_back(recipient);
  }
  return to;
}

std::vector<std::string> outstanding(PullContext& pulling, const WireName& mailbox,
                                     const OpenMessage& message, bool again) {
  if (pulling.addressees.byHeader()) return {kByHeader};
  std::vector<std::string> to;
  for (const ForwardPath& path : remaining(message, pulling.addressees.configured(mailbox), again))
    to.push_back(path.text());
  return to;
}

std::string listed(const std::vector<ForwardPath>& paths) {
  constexpr std::size_t kMostShown = 2;
  std::string text;
  for (std::size_t i = 0; i < std::min(paths.size(), kMostShown); ++i)
    text += (i == 0 ? "<" : ", <") + paths[i].text() + ">";
  if (paths.size() > kMostShown) text += " and " + std::to_string(paths.size() - kMostShown) + " more";
  return text;
}

std::string replyText(const Outcome& outcome) {
  std::string text;
  if (outcome.code != 0) text = std::to_string(outcome.code) + " ";
  if (outcome.status) text += outcome.status->text() + " ";
  return text + outcome.text;
}

ReversePath PullRecord::sender(const Message& message) const {
  if (nobody_.contains(message.uid)) return {};
  if (!pulling_.settings.sender) return message.sender;
  return ReversePath::parse(*pulling_.settings.sender).value_or(ReversePath());
}

void PullRecord::handedOver(const Message& message) {
  pulling_.log.info(about(message), number(message.uid) + " from <" + sender(message).text() + "> (" +
                                        std::string(message.date.text()) + ")");
}

About PullRecord::about(const Message& message) const {
  About about = aboutMailbox(mailbox_);
  about.subject.uid = message.uid.value();
  about.subject.messageId = message.messageId;
  about.subject.sender = sender(message).text();
  return about;
}

OpenMessage PullRecord::known(Uid uid) const {
  auto it = open_.find(uid);
  return it == open_.end() ? OpenMessage{uid} : it->second;
}

OpenMessage PullRecord::known(const Message& message) const {
  OpenMessage open = known(message.uid);
  open.identity = {message.header, message.date.seconds(), message.body.size};
  open.content = message.content;
  return open;
}

// A lost connection says little about the message, and a sender that is none to the server can be left out.
bool PullRecord::isWorthAnother(const Message& message, const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::deferred && outcome.code == 0) return !lost_.contains(message.uid);
  return refusesSyntaxOfSender(outcome) && !sender(message).null();
}

PullRecord::Recipients PullRecord::settle(const Message& message, const Recipients& recipients,
                                          const std::vector<Outcome>& outcomes) {
  OpenMessage open = known(message);
  Recipients again;
  bool lost = false, fromNobody = false;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const Outcome& outcome = outcomes[i];
    if (outcome.code != 0) pulling_.sink.progress();
    store::RecipientFate fate{recipients[i].text(), fateOf(outcome.kind), replyText(outcome), now()};
    if (isWorthAnother(message, outcome)) {
      again.push_back(recipients[i]);
      (outcome.code == 0 ? lost : fromNobody) = true;
      fate.fate = Fate::deferred;
    } else {
      sayOutcome(message, recipients[i].text(), fate);
    }
    put(open.fates, std::move(fate));
  }
  if (fromNobody)
    say([this, about = about(message), uid = message.uid, was = sender(message).text()] {
      pulling_.log.warning(about, number(uid) + ": the server takes <" + was +
                                      "> for no sender; trying once more without one");
    });
  if (lost) lost_.add(message.uid);
  const Recipients everybody = all(message);
  dropOthers(open, everybody);
  const bool isDone = isDelivered(open, everybody);
  record(std::move(open), isDone ? &message : nullptr, !again.empty());
  if (fromNobody) nobody_.add(message.uid);
  return again;
}

void PullRecord::unknown(const Message& message, const Recipients& recipients) {
  OpenMessage open = known(message);
  for (const ForwardPath& recipient : recipients) {
    store::RecipientFate fate{recipient.text(), Fate::unknown, "delivery ended without a word", now()};
    sayOutcome(message, recipient.text(), fate);
    put(open.fates, std::move(fate));
  }
  dropOthers(open, all(message));
  record(std::move(open));
}

void PullRecord::refuse(Uid uid, const std::string& why) {
  OpenMessage open = known(uid);
  About about = aboutMailbox(mailbox_);
  about.subject.uid = uid.value();
  for (const std::string& recipient : outstanding(pulling_, mailbox_, open, true)) {
    refused_.emplace(uid, recipient);
    put(open.fates, {recipient, Fate::refused, why, now()});
  }
  say([this, about, text = number(uid) + " is " + why] {
    pulling_.log.error(about, text, ExitStatus::data);
  });
  record(std::move(open));
}

void PullRecord::hold(const Message& message, const std::string& why) {
  OpenMessage open = known(message);
  const Recipients everybody = all(message);
  dropOthers(open, everybody);
  for (const ForwardPath& recipient : remaining(open, everybody, true))
    put(open.fates, {recipient.text(), Fate::held, why, now()});
  if (everybody.empty()) put(open.fates, {kByHeader, Fate::held, why, now()});
  say([this, about = about(message), text = number(message.uid) + " " + why] {
    pulling_.log.warning(about, text);
  });
  record(std::move(open));
}

void PullRecord::tellLeftOut(const Message& message, const PullAddressees::Whom& whom) {
  if (whom.leftOut.empty()) return;
  const std::string text = number(message.uid) + (whom.byHeader ? " is also for " : " is for ") +
                           listed(whom.leftOut) + ", who is not in rcpt-allow: " +
                           (whom.byHeader ? "it goes to the others alone" : "it goes to deliver-rcpt");
  say([this, about = about(message), text] { pulling_.log.warning(about, text); });
}

// The message has been tried for those that it was to be tried for.
void PullRecord::close(const Message& message) {
  OpenMessage open = known(message);
  const Recipients everybody = all(message);
  dropOthers(open, everybody);
  const bool isDone = isDelivered(open, everybody);
  record(std::move(open), isDone ? &message : nullptr);
}

// Whom the message is not for any more: the configuration has changed.
void PullRecord::dropOthers(OpenMessage& message, const Recipients& all) {
  std::erase_if(message.fates, [&](const store::RecipientFate& each) {
    return std::ranges::find(all, each.recipient, &ForwardPath::text) == all.end();
  });
}

// `delivered`: to all.
void PullRecord::record(OpenMessage message, const Message* delivered, bool toBeContinued) {
  if (delivered != nullptr) {
    pulling_.state.settle(
        id_, {message.uid, store::Settlement::delivered, message.identity, false, message.content,
              delivered->hops.empty() ? ContentDigest() : delivered->hops.front()});
    pulling_.proven[mailbox_].add(message.uid);
    pulling_.deliveries.add(*delivered, now());
    if (message.marked) recovered_.add(message.uid);
    open_.erase(message.uid);
    ++pulling_.done.delivered;
    pulling_.done.octets += delivered->body.size;
    return;
  }
  if (!toBeContinued) ++message.attempts;
  std::int64_t pause = message.has(Fate::held) ? kLongestBackoff : backoff(message.attempts);
  message.next = message.waits() ? now() + pause : 0;
  if (!toBeContinued && message.has(Fate::unknown)) ++pulling_.done.unknown;
  pulling_.state.put(id_, message);
  open_.insert_or_assign(message.uid, std::move(message));
}

void PullRecord::tell() {
  for (auto& line : std::exchange(lines_, {})) line();
}

void PullRecord::sayOutcome(const Message& message, const std::string& recipient,
                            const store::RecipientFate& fate) {
  About about = this->about(message);
  about.subject.recipient = recipient;
  about.subject.reply = fate.reply;
  std::string what = number(message.uid), to = " <" + recipient + ">";
  auto& log = pulling_.log;
  switch (fate.fate) {
    case Fate::delivered: {
      std::string id = message.messageId.empty() ? "" : " (Message-ID " + message.messageId + ")";
      return say([&log, about, text = what + " is delivered to" + to + ": " + fate.reply + id] {
        log.info(about, text);
      });
    }
    case Fate::refused:
      refused_.emplace(message.uid, recipient);
      return say([&log, about, text = what + " was refused for" + to + ": " + fate.reply] {
        log.error(about, text, ExitStatus::data);
      });
    case Fate::held:
    case Fate::deferred:
      return say([&log, about, text = what + " is deferred for" + to + ": " + fate.reply] {
        log.warning(about, text);
      });
    case Fate::unknown:  // said before it is written down: it is not said again
      return log.warning(about, what + " may have been delivered to" + to + ": " + fate.reply +
                                    ". It will be tried again, so it may come twice");
  }
}

}  // namespace interimap
