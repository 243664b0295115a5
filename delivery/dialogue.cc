// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the server says.
#include "delivery/dialogue.h"

#include <algorithm>
#include <utility>

#include "delivery/deadlines.h"
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

const char* Dialogue::nameOf(Command command) {
  switch (command) {
    case Command::greeting: return "the connection";
    case Command::ehlo: return "EHLO";
    case Command::helo: return "HELO";
    case Command::startTls: return "STARTTLS";
    case Command::auth: return "AUTH";
    case Command::rset: return "RSET";
    case Command::mail: return "MAIL";
    case Command::rcpt: return "RCPT";
    case Command::data: return "DATA";
    case Command::end: return "the end of mail data";
    case Command::quit: return "QUIT";
  }
  return "";
}

Outcome::Stage Dialogue::stageOf(Command command) {
  switch (command) {
    case Command::mail: return Outcome::Stage::mail;
    case Command::rcpt: return Outcome::Stage::rcpt;
    case Command::data: return Outcome::Stage::data;
    case Command::end: return Outcome::Stage::end;
    case Command::greeting:
    case Command::ehlo:
    case Command::helo:
    case Command::startTls:
    case Command::auth:
    case Command::rset:
    case Command::quit: break;
  }
  return Outcome::Stage::connection;
}

void Dialogue::submit(Transaction transaction) { queue_.push_back(std::move(transaction)); }

std::optional<std::chrono::milliseconds> Dialogue::patience() const {
  if (out_.size() > outBegin_) return deadlines::kDataBlock;
  if (expected_.empty()) return std::nullopt;
  switch (expected_.front().command) {
    case Command::greeting: return deadlines::kGreeting;
    case Command::data: return deadlines::kDataInitiation;
    case Command::end: return deadlines::kDataTermination;
    case Command::quit: return deadlines::kQuit;
    case Command::ehlo:
    case Command::helo:
    case Command::startTls:
    case Command::auth:
    case Command::rset:
    case Command::mail:
    case Command::rcpt: break;
  }
  return deadlines::kCommand;
}

std::string Dialogue::awaited() const {
  if (expected_.empty()) return "nothing";
  if (expected_.front().command == Command::greeting) return "its greeting";
  return std::string("its reply to ") + nameOf(expected_.front().command);
}

void Dialogue::receive(std::string_view bytes) {
  if (std::exchange(lost_, true)) return;
  while (!bytes.empty() && !over_) {
    // RFC 3207 section 5: what somebody put behind the reply would seem to come through TLS.
    if (handshakeDue_)
      throw Failure(ExitStatus::protocol,
                    "Data after the STARTTLS reply: possible injection by a man in the middle");
    bytes.remove_prefix(parser_.feed(bytes));
    if (auto reply = parser_.next()) handle(*reply);
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

void Dialogue::logReply(const Reply& reply) const {
  if (settings_.debug == 0) return;
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    std::string line = reply.lines[i];
    if (authentication_ && settings_.debug == 1)
      line = reply.intermediate() ? "[REDACTED]" : authentication_->censored(std::move(line));
    log_(LogLevel::debug,
         "S: " + std::to_string(reply.code) + (i + 1 < reply.lines.size() ? '-' : ' ') + line);
  }
}

void Dialogue::handle(const Reply& reply) {
  logReply(reply);
  if (expected_.empty()) {
    if (reply.code != 421) protocolFailure("nothing at all", reply);
    over_ = true;
    farewell_ = reply.withCode();
    return;
  }
  Expected expected = expected_.front();
  bool mayAsk = expected.command == Command::data || expected.command == Command::auth;
  if (reply.intermediate() && !mayAsk) protocolFailure(nameOf(expected.command), reply);
  // Nothing is pipelined here, and after STARTTLS what was taken for its reply would have to come through
  // TLS.
  if (opening(expected.command) && out_.size() > outBegin_ && reply.code != 421)
    throw Failure(ExitStatus::protocol,
                  std::string("The server replied to ") + nameOf(expected.command) + " before it was sent");
  switch (expected.command) {
    case Command::greeting: expected_.pop_front(); return greeted(reply);
    case Command::ehlo:
    case Command::helo: expected_.pop_front(); return hello(reply, expected.command);
    case Command::startTls: expected_.pop_front(); return agreed(reply);
    case Command::auth: expected_.pop_front(); return authenticated(reply);
    case Command::quit: over_ = true; return;
    case Command::rset:
    case Command::mail:
    case Command::rcpt:
    case Command::data:
    case Command::end: break;
  }
  if (reply.code == 421) closing(expected, reply);
  answered(expected, reply);
}

// 421 may answer any command and says that the server goes: RFC 5321 section 3.8. It takes commands in their
// order, so nothing that was sent after the one it answers has been looked at.
void Dialogue::closing(const Expected& expected, const Reply& reply) {
  closing_ = outcomeOf(reply, stageOf(expected.command));
  if (expected.command == Command::end) {
    Transaction& transaction = *expected.transaction;
    if (auto recipient = transaction.nextAccepted()) transaction.settle(*recipient, *closing_);
    Outcome rest = *closing_;
    if (lmtp()) rest.kind = Outcome::Kind::unknown;  // each would have had its own reply
    transaction.settleAll(rest);
    report(transaction);
  }
  throw Failure(ExitStatus::unavailable, "The server closes the connection: " + reply.withCode());
}

void Dialogue::answered(const Expected& expected, const Reply& reply) {
  Transaction* transaction = expected.transaction;
  if (transaction) ++transaction->replies;
  if (expected.command == Command::end) return end(*transaction, reply);
  expected_.pop_front();
  if (!transaction) return;  // RSET
  --transaction->repliesDue;
  if (expected.command == Command::data) {
    data(*transaction, reply);
  } else if (!reply.positive()) {
    Outcome outcome = outcomeOf(reply, stageOf(expected.command));
    if (expected.command == Command::mail)
      transaction->settleAll(outcome);
    else
      transaction->settle(expected.recipient, std::move(outcome));
  } else if (expected.command == Command::rcpt) {
    transaction->accept(expected.recipient);
  } else {
    mailTaken_ = true;
  }
  report(*transaction);
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
  expect({Command::end, &transaction});
  startBody();
  if (nobody) rest_.size = 0;  // RFC 2920 section 3.1: then let it be an empty message
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
  report(transaction);
  if (early && !chunking(transaction))
    throw Failure(ExitStatus::unavailable,
                  "The server replied before the end of a message: " + reply.withCode());
  if (transaction.nextAccepted()) return;
  expected_.pop_front();
  --transaction.repliesDue;
  if (reply.positive() && writing_ == nullptr && expected_.empty()) rset_ = false;
  retire();
}

bool Dialogue::sent(const Transaction& transaction) const {
  return transaction.end && written_ >= *transaction.end;
}

void Dialogue::report(Transaction& transaction) {
  if (!transaction.settled() || transaction.reported) return;
  transaction.reported = true;
  if (transaction.replies > 0) ++settledBefore_;
  settled_(transaction);
}

void Dialogue::retire() {
  while (begun_ > 0) {
    const Transaction& front = queue_.front();
    if (!front.settled() || front.repliesDue > 0 || writing_ == &front) return;
    queue_.pop_front();
    --begun_;
  }
}

// A message whose last octet went out may have arrived. The first unfinished message of the others may have
// caused the loss: it is deferred, so that it is not retried first. It has not, if the server had served
// before and said nothing to this one.
void Dialogue::abandon(const std::string& reason) {
  const std::string why = reason.substr(0, kMostReplyText);
  bool first = true;
  for (std::size_t i = 0; i < begun_; ++i) {
    Transaction& transaction = queue_[i];
    if (transaction.settled()) continue;
    if (sent(transaction) && !closing_)
      transaction.settleAll({Outcome::Kind::unknown, Outcome::Stage::end, 0, {}, why});
    else if (first && (transaction.replies > 0 || settledBefore_ == 0))
      transaction.settleAll(
          closing_.value_or(Outcome{Outcome::Kind::deferred, transaction.stage, 0, {}, why}));
    first = false;
    report(transaction);
  }
}

}  // namespace interimap
