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
  record(std::move(open), &message, !again.empty());
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
  record(std::move(open));
}

void PullRecord::refuse(Uid uid, const Recipients& recipients, const std::string& why) {
  OpenMessage open = known(uid);
  About about = aboutMailbox(mailbox_);
  about.subject.uid = uid.value();
  for (const ForwardPath& recipient : recipients) {
    refused_.emplace(uid, recipient.text());
    put(open.fates, {recipient.text(), Fate::refused, why, now()});
  }
  say([this, about, text = number(uid) + " is " + why] {
    pulling_.log.error(about, text, ExitStatus::data);
  });
  record(std::move(open));
}

void PullRecord::hold(const Message& message, const Recipients& recipients, const std::string& why) {
  OpenMessage open = known(message);
  for (const ForwardPath& recipient : recipients) put(open.fates, {recipient.text(), Fate::held, why, now()});
  say([this, about = about(message), text = number(message.uid) + " " + why] {
    pulling_.log.warning(about, text);
  });
  record(std::move(open));
}

// The message has been tried for those that it was to be tried for.
void PullRecord::record(OpenMessage message, const Message* delivered, bool toBeContinued) {
  std::erase_if(message.fates, [&](const store::RecipientFate& each) {  // the configuration has changed
    return std::ranges::find(pulling_.recipients, each.recipient, &ForwardPath::text) ==
           pulling_.recipients.end();
  });
  if (delivered != nullptr && isDelivered(message, pulling_.recipients)) {
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
