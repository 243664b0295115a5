// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/transaction.h"

#include <utility>

#include "ipc/ascii.h"

namespace interimap {

using deliver::Outcome;

Transaction::Transaction(std::shared_ptr<DeliveryWindow> window, std::uint32_t message,
                         ReversePath reversePath, BodyRange body)
    : window_(std::move(window)),
      message_(message),
      reversePath_(std::move(reversePath)),
      body_(body),
      recipients_(window_->forwardPaths.size()),
      unsettled_(recipients_.size()) {}

void Transaction::settle(std::size_t recipient, Outcome outcome) {
  if (recipients_[recipient].outcome) return;
  recipients_[recipient].outcome = std::move(outcome);
  --unsettled_;
}

void Transaction::settleAll(const Outcome& outcome) {
  for (std::size_t i = 0; i < recipients_.size(); ++i) settle(i, outcome);
}

std::optional<std::size_t> Transaction::nextAccepted() const {
  for (std::size_t i = 0; i < recipients_.size(); ++i)
    if (recipients_[i].accepted && !recipients_[i].outcome) return i;
  return std::nullopt;
}

std::vector<Outcome> Transaction::outcomes() const {
  std::vector<Outcome> out;
  for (const Recipient& recipient : recipients_) out.push_back(*recipient.outcome);
  return out;
}

namespace {

// Permanent failures that speak of this session and not of the message: a command unknown or out of sequence
// (500, 502, 503, 504), a host that takes no mail (521), authentication or encryption required (530, 538).
// The same message may well be taken once the configuration of either side is put right.
bool speaksOfSession(int code) {
  switch (code) {
    case 500:
    case 502:
    case 503:
    case 504:
    case 521:
    case 530:
    case 538: return true;
    default: return false;
  }
}

// Postfix's reject_non_fqdn_sender: "504 5.5.2 <bob>: Sender address rejected: need fully-qualified address",
// in reply to MAIL or to RCPT. About a recipient, who is configured, it is worth another try.
bool quirkRefusesSender(const Reply& reply, Outcome::Stage stage) {
  if (reply.code != 504 || reply.status() != EnhancedStatus{5, 5, 2}) return false;
  return stage == Outcome::Stage::mail || asciiUpper(reply.text()).find("SENDER") != std::string::npos;
}

Outcome::Kind kindOf(const Reply& reply, Outcome::Stage stage, Answers answers) {
  if (reply.positive()) return Outcome::Kind::delivered;
  if (!reply.permanent()) return Outcome::Kind::deferred;
  if (quirkRefusesSender(reply, stage)) return Outcome::Kind::refused;
  return answers == Answers::command && speaksOfSession(reply.code) ? Outcome::Kind::deferred
                                                                    : Outcome::Kind::refused;
}

}  // namespace

Outcome outcomeOf(const Reply& reply, Outcome::Stage stage, Answers answers) {
  return {kindOf(reply, stage, answers), stage, static_cast<std::uint16_t>(reply.code), reply.status(),
          reply.text()};
}

}  // namespace interimap
