// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the server says.
#include "delivery/dialogue.h"

#include <algorithm>
#include <utility>

#include "delivery/limits.h"
#include "ipc/failure.h"

namespace interimap {

using deliver::Outcome;

namespace {

[[noreturn]] void protocolFailure(const char* command, const Reply& reply) {
  throw Failure(ExitStatus::protocol,
                std::string("The server's reply to ") + command + " makes no sense: " + reply.withCode());
}

}  // namespace

Dialogue::Dialogue(settings::Delivery& settings, Log log, Settled settled)
    : settings_(settings),
      conversation_(settings.debug, std::move(log)),
      opening_(settings, conversation_),
      transactions_(std::move(settled)),
      body_{.rest = {}, .fields = DroppedFields(settings.drop)} {}

void Dialogue::receive(std::string_view bytes) {
  if (std::exchange(lost_, true)) return;
  while (!bytes.empty() && !over_) {
    // RFC 3207 section 5: what somebody put behind the reply would seem to come through TLS.
    if (handshakeDue())
      throw Failure(ExitStatus::protocol,
                    "Data after the STARTTLS reply: possible injection by a man in the middle");
    if (auto reply = conversation_.hear(bytes)) handle(*reply);
  }
  lost_ = false;
}

void Dialogue::end() {
  if (over_) return;
  if (underWay() && !leaving())
    throw Failure(ExitStatus::unavailable,
                  "The server closed the connection instead of sending " + awaited());
  over_ = true;
  farewell_ = "The server closed the connection";
}

void Dialogue::handle(const Reply& reply) {
  conversation_.logReply(reply, [&](std::string line) { return opening_.censored(reply, std::move(line)); });
  if (!conversation_.awaits()) {
    if (reply.code != 421) protocolFailure("nothing at all", reply);
    over_ = true;
    farewell_ = reply.withCode();
    return;
  }
  Conversation::Expected expected = conversation_.next();
  Command command = expected.command;
  bool mayAsk = command == Command::data || command == Command::auth;
  if (reply.intermediate() && !mayAsk) protocolFailure(Conversation::nameOf(command), reply);
  if (Opening::isOf(command)) {
    // Nothing is pipelined here, and after STARTTLS what was taken for its reply would have to come through
    // TLS.
    if (command != Command::greeting && !conversation_.unwritten().empty() && reply.code != 421)
      throw Failure(ExitStatus::protocol, std::string("The server replied to ") +
                                              Conversation::nameOf(command) + " before it was sent");
    conversation_.pop();
    return opening_.take(command, reply);
  }
  if (command == Command::quit) {
    over_ = true;
    return;
  }
  if (reply.code == 421) closing(expected, reply);
  answered(expected, reply);
}

// 421 may answer any command and says that the server goes: RFC 5321 section 3.8. It takes commands in their
// order, so nothing that was sent after the one it answers has been looked at.
void Dialogue::closing(const Conversation::Expected& expected, const Reply& reply) {
  Outcome outcome = outcomeOf(reply, Conversation::stageOf(expected.command));
  transactions_.closing(outcome);
  if (expected.command == Command::end) {
    Transaction& transaction = *expected.transaction;
    if (auto recipient = transaction.nextAccepted()) transaction.settle(*recipient, outcome);
    Outcome rest = outcome;
    if (lmtp()) rest.kind = Outcome::Kind::unknown;  // each would have had its own reply
    transaction.settleAll(rest);
    transactions_.report(transaction);
  }
  throw Failure(ExitStatus::unavailable, "The server closes the connection: " + reply.withCode());
}

void Dialogue::answered(const Conversation::Expected& expected, const Reply& reply) {
  Transaction* transaction = expected.transaction;
  if (transaction) ++transaction->replies;
  if (expected.command == Command::end) return end(*transaction, reply);
  conversation_.pop();
  if (!transaction) return;  // RSET
  --transaction->repliesDue;
  if (expected.command == Command::data) {
    data(*transaction, reply);
  } else if (!reply.positive()) {
    Outcome outcome = outcomeOf(reply, Conversation::stageOf(expected.command));
    if (expected.command == Command::mail)
      transaction->settleAll(outcome);
    else
      transaction->settle(expected.recipient, std::move(outcome));
  } else if (expected.command == Command::rcpt) {
    transaction->accept(expected.recipient);
  } else {
    mailTaken_ = true;
  }
  transactions_.report(*transaction);
  retire();
}

void Dialogue::data(Transaction& transaction, const Reply& reply) {
  if (reply.positive() || (reply.intermediate() && reply.code != 354)) protocolFailure("DATA", reply);
  if (!reply.intermediate()) {
    transaction.settleAll(outcomeOf(reply, Outcome::Stage::data));
    return leave();
  }
  bool nobody = !transaction.nextAccepted();
  // RFC 2033 section 4.2: the server MUST NOT. How many replies would come after the dot?
  if (nobody && lmtp()) protocolFailure("DATA for no recipient", reply);
  conversation_.expect({Command::end, &transaction});
  startBody();
  if (nobody) body_.rest.size = 0;  // RFC 2920 section 3.1: then let it be an empty message
}

// SMTP has one reply for all recipients, LMTP one for each that was accepted. A server need not wait for the
// end of a message before it refuses it.
void Dialogue::end(Transaction& transaction, const Reply& reply) {
  bool early = !sent(transaction);
  if (early && reply.positive()) protocolFailure("the beginning of mail data", reply);
  Outcome outcome =
      outcomeOf(reply, Outcome::Stage::end, chunking(transaction) ? Answers::command : Answers::mailData);
  if (!lmtp()) {
    transaction.settleAll(outcome);
  } else if (auto recipient = transaction.nextAccepted()) {
    transaction.settle(*recipient, std::move(outcome));
  }
  transactions_.report(transaction);
  if (early && !chunking(transaction))
    throw Failure(ExitStatus::unavailable,
                  "The server replied before the end of a message: " + reply.withCode());
  if (transaction.nextAccepted()) return;
  conversation_.pop();
  --transaction.repliesDue;
  if (reply.positive() && writing_ == nullptr && !conversation_.awaits()) rset_ = false;
  retire();
}

bool Dialogue::sent(const Transaction& transaction) const {
  return transaction.end && conversation_.isWritten(*transaction.end);
}

void Dialogue::abandon(const std::string& reason) {
  transactions_.abandon(reason, [&](const Transaction& transaction) { return sent(transaction); });
}

}  // namespace interimap
