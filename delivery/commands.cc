// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What we say, and when.
#include <string.h>

#include <algorithm>
#include <array>

#include "delivery/dialogue.h"
#include "delivery/limits.h"
#include "ipc/failure.h"

namespace interimap {

using deliver::Outcome;

std::string_view Dialogue::output() {
  while (out_.size() - outBegin_ < limits::kOutBuffer && step()) {
  }
  return std::string_view(out_).substr(outBegin_);
}

void Dialogue::written(std::size_t size) {
  outBegin_ += size;
  written_ += size;
  if (outBegin_ != out_.size() && outBegin_ < limits::kOutBuffer) return;
  if (secrets_) explicit_bzero(out_.data(), out_.size());  // there is nothing else in it then
  secrets_ = false;
  out_.erase(0, outBegin_);
  outBegin_ = 0;
}

void Dialogue::expect(const Expected& expected) {
  expected_.push_back(expected);
  if (expected.transaction) ++expected.transaction->repliesDue;
}

void Dialogue::say(Command command, std::string_view line, Transaction* transaction, std::size_t recipient) {
  logCommand(line);
  out_.append(line).append("\r\n");
  expect({command, transaction, recipient});
}

void Dialogue::logCommand(std::string_view line) const {
  if (settings_.debug > 0) log_(LogLevel::debug, "C: " + std::string(line));
}

bool Dialogue::step() {
  if (!ready_) return false;
  if (goAhead_) return writeBody();
  if (!extensions_.pipelining && !expected_.empty()) return false;
  if (writing_) return envelopeStep();
  if (begin()) return true;
  if (!quitting_ || underWay()) return false;
  say(Command::quit, "QUIT");
  ready_ = false;
  return true;
}

bool Dialogue::mayBegin() const {
  if (held_ || begun_ == queue_.size() || begun_ >= limits::kMostInFlight) return false;
  if (!extensions_.chunking) return true;  // DATA's 354 keeps a second one from going far
  std::uint64_t octets = 0;
  for (std::size_t i = 0; i < begun_; ++i) octets += queue_[i].survey().size;
  return octets < limits::kMostInFlightOctets;
}

bool Dialogue::begin() {
  if (!mayBegin()) return false;
  Transaction& transaction = queue_[begun_++];
  transaction.takeSurvey(settings_.drop);
  if (settleHere(transaction)) return true;
  writing_ = &transaction;
  if (rset_) say(Command::rset, "RSET");
  rset_ = false;
  return true;
}

// What the server has said it cannot take need not be tried.
bool Dialogue::settleHere(Transaction& transaction) {
  if (extensions_.most && transaction.survey().size > *extensions_.most)
    transaction.settleAll({Outcome::Kind::refused, Outcome::Stage::mail, 0, EnhancedStatus{5, 3, 4},
                           std::to_string(transaction.survey().size) + " octets are more than the " +
                               std::to_string(*extensions_.most) + " that the server takes"});
  for (std::size_t i = 0; i < transaction.size() && !extensions_.smtpUtf8; ++i)
    if (transaction.forwardPaths()[i].needsSmtpUtf8())
      transaction.settle(
          i, {Outcome::Kind::deferred, Outcome::Stage::rcpt, 0, {}, "the server does not offer SMTPUTF8"});
  report(transaction);
  bool settled = transaction.settled();
  retire();
  return settled;
}

bool Dialogue::chunking(const Transaction& transaction) const {
  // LMTP has a reply per recipient after BDAT ... LAST, or a single one if BDAT as such was refused: no
  // telling which.
  return extensions_.chunking && (!lmtp() || transaction.size() == 1);
}

bool Dialogue::envelopeStep() {
  Transaction& transaction = *writing_;
  if (transaction.stage == Outcome::Stage::data) return false;  // no 354 yet
  if (transaction.settled()) {                                  // MAIL was refused, or every RCPT
    leave();
    retire();
    return true;
  }
  if (transaction.stage == Outcome::Stage::connection) return writeMail();
  return transaction.written < transaction.size() ? writeRcpt() : writeData();
}

bool Dialogue::writeMail() {
  Transaction& transaction = *writing_;
  const ReversePath& path = transaction.reversePath();
  const auto& paths = transaction.forwardPaths();
  bool utf8 = extensions_.smtpUtf8 &&
              (path.needsSmtpUtf8() || std::any_of(paths.begin(), paths.end(),
                                                   [](const ForwardPath& to) { return to.needsSmtpUtf8(); }));
  // Nobody could answer to a reverse-path that cannot be written down.
  std::string line = "MAIL FROM:<" + (path.needsSmtpUtf8() && !utf8 ? "" : path.text()) + ">";
  if (extensions_.size) line += " SIZE=" + std::to_string(transaction.survey().size);
  if (extensions_.eightBitMime && transaction.survey().eightBit) line += " BODY=8BITMIME";
  if (utf8) line += " SMTPUTF8";
  transaction.stage = Outcome::Stage::mail;
  say(Command::mail, line, &transaction);
  return true;
}

bool Dialogue::writeRcpt() {
  Transaction& transaction = *writing_;
  std::size_t recipient = transaction.written++;
  const ForwardPath& path = transaction.forwardPaths()[recipient];
  if (path.needsSmtpUtf8() && !extensions_.smtpUtf8) return true;  // settled already
  transaction.stage = Outcome::Stage::rcpt;
  say(Command::rcpt, "RCPT TO:<" + path.text() + ">", &transaction, recipient);
  return true;
}

bool Dialogue::writeData() {
  Transaction& transaction = *writing_;
  if (chunking(transaction)) {
    // A server that refuses BDAT as such, as Dovecot's submission does before login, does not read what it
    // announces, and takes the body for commands. So one MAIL has to be taken first.
    bool unasked = mailTaken_ && transaction.survey().size <= limits::kUnaskedBody;
    if (!unasked && transaction.repliesDue > 0) return false;
    say(Command::end, "BDAT " + std::to_string(transaction.survey().size) + " LAST", &transaction);
    startBody();
  } else {
    say(Command::data, "DATA", &transaction);
  }
  transaction.stage = Outcome::Stage::data;
  return true;
}

void Dialogue::startBody() {
  logCommand("[...]");
  goAhead_ = true;
  rest_ = writing_->body();
  fields_ = DroppedFields(settings_.drop);
  data_ = MailData(chunking(*writing_) ? MailData::Transparency::none : MailData::Transparency::dots);
}

bool Dialogue::writeBody() {
  std::array<char, limits::kBodyPiece> piece;
  auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), rest_.size));
  std::size_t size =
      wanted == 0 ? 0 : writing_->window().bodies.read(rest_.offset, std::span(piece).first(wanted));
  if (size == 0 && wanted != 0)
    throw Failure(ExitStatus::io, "Message bodies in memory are shorter than they were");
  data_.feed(fields_.feed({piece.data(), size}), out_);
  rest_.offset += size;
  rest_.size -= size;
  if (rest_.size == 0) endBody();
  return true;
}

void Dialogue::endBody() {
  data_.feed(fields_.finish(), out_);
  data_.finish(out_);
  rset_ = chunking(
      *writing_);  // where the reply comes later, whether BDAT closed the transaction is not known yet
  if (!rset_) out_ += ".\r\n";
  writing_->end = prepared();
  writing_->stage = Outcome::Stage::end;
  writing_ = nullptr;
  goAhead_ = false;
  retire();
}

// An envelope that is not followed by mail data. Not every server forgets it by itself: after a MAIL refused
// for its SIZE=, Postfix refuses the next one, too, until RSET.
void Dialogue::leave() {
  writing_ = nullptr;
  rset_ = true;
}

}  // namespace interimap
