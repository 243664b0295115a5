// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What we say, and when.
#include <algorithm>
#include <array>

#include "delivery/dialogue.h"
#include "delivery/limits.h"
#include "ipc/failure.h"

namespace interimap {

using deliver::Outcome;

std::string_view Dialogue::output() {
  while (conversation_.unwritten().size() < limits::kOutBuffer && step()) {
  }
  return conversation_.unwritten();
}

bool Dialogue::step() {
  if (!opening_.done() || leaving()) return false;
  if (body_.goAhead) return writeBody();
  if (!extensions().pipelining && conversation_.awaits()) return false;
  if (writing_) return envelopeStep();
  if (begin()) return true;
  if (!quitting_ || underWay()) return false;
  conversation_.say(Command::quit, "QUIT");
  return true;
}

bool Dialogue::begin() {
  if (held_ || !transactions_.mayBegin(extensions().chunking)) return false;
  Transaction& transaction = transactions_.begin();
  transaction.takeSurvey(settings_.drop);
  if (settleHere(transaction)) return true;
  writing_ = &transaction;
  if (rset_) conversation_.say(Command::rset, "RSET");
  rset_ = false;
  return true;
}

// What the server has said it cannot take need not be tried.
bool Dialogue::settleHere(Transaction& transaction) {
  if (extensions().most && transaction.survey().size > *extensions().most)
    transaction.settleAll({Outcome::Kind::refused, Outcome::Stage::mail, 0, EnhancedStatus{5, 3, 4},
                           std::to_string(transaction.survey().size) + " octets are more than the " +
                               std::to_string(*extensions().most) + " that the server takes"});
  for (std::size_t i = 0; i < transaction.size() && !extensions().smtpUtf8; ++i)
    if (transaction.forwardPaths()[i].needsSmtpUtf8())
      transaction.settle(
          i, {Outcome::Kind::deferred, Outcome::Stage::rcpt, 0, {}, "the server does not offer SMTPUTF8"});
  transactions_.report(transaction);
  bool settled = transaction.settled();
  retire();
  return settled;
}

bool Dialogue::chunking(const Transaction& transaction) const {
  // LMTP has a reply per recipient after BDAT ... LAST, or a single one if BDAT as such was refused: no
  // telling which.
  return extensions().chunking && (!lmtp() || transaction.size() == 1);
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
  if (transaction.written < transaction.size()) return writeRcpt();
  return settings_.check ? onlyAsk(transaction) : writeData();
}

// Who has not been refused would have been sent it.
bool Dialogue::onlyAsk(Transaction& transaction) {
  if (transaction.repliesDue > 0) return false;
  transaction.settleAll({Outcome::Kind::delivered, Outcome::Stage::rcpt, 0, {}, {}});
  transactions_.report(transaction);
  leave();
  retire();
  return true;
}

bool Dialogue::writeMail() {
  Transaction& transaction = *writing_;
  const ReversePath& path = transaction.reversePath();
  const auto& paths = transaction.forwardPaths();
  bool utf8 = extensions().smtpUtf8 &&
              (path.needsSmtpUtf8() || std::any_of(paths.begin(), paths.end(),
                                                   [](const ForwardPath& to) { return to.needsSmtpUtf8(); }));
  // Nobody could answer to a reverse-path that cannot be written down.
  std::string line = "MAIL FROM:<" + (path.needsSmtpUtf8() && !utf8 ? "" : path.text()) + ">";
  if (extensions().size) line += " SIZE=" + std::to_string(transaction.survey().size);
  if (extensions().eightBitMime && transaction.survey().eightBit) line += " BODY=8BITMIME";
  if (utf8) line += " SMTPUTF8";
  transaction.stage = Outcome::Stage::mail;
  conversation_.say(Command::mail, line, &transaction);
  return true;
}

bool Dialogue::writeRcpt() {
  Transaction& transaction = *writing_;
  std::size_t recipient = transaction.written++;
  const ForwardPath& path = transaction.forwardPaths()[recipient];
  if (path.needsSmtpUtf8() && !extensions().smtpUtf8) return true;  // settled already
  transaction.stage = Outcome::Stage::rcpt;
  conversation_.say(Command::rcpt, "RCPT TO:<" + path.text() + ">", &transaction, recipient);
  return true;
}

bool Dialogue::writeData() {
  Transaction& transaction = *writing_;
  if (chunking(transaction)) {
    // A server that refuses BDAT as such, as Dovecot's submission does before login, does not read what it
    // announces, and takes the body for commands. So one MAIL has to be taken first.
    bool unasked = mailTaken_ && transaction.survey().size <= limits::kUnaskedBody;
    if (!unasked && transaction.repliesDue > 0) return false;
    conversation_.say(Command::end, "BDAT " + std::to_string(transaction.survey().size) + " LAST",
                      &transaction);
    startBody();
  } else {
    conversation_.say(Command::data, "DATA", &transaction);
  }
  transaction.stage = Outcome::Stage::data;
  return true;
}

void Dialogue::startBody() {
  conversation_.log("[...]");
  body_.goAhead = true;
  body_.rest = writing_->body();
  body_.fields = DroppedFields(settings_.drop);
  body_.data = MailData(chunking(*writing_) ? MailData::Transparency::none : MailData::Transparency::dots);
}

bool Dialogue::writeBody() {
  std::array<char, limits::kBodyPiece> piece;
  auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), body_.rest.size));
  std::size_t size =
      wanted == 0 ? 0 : writing_->window().bodies.read(body_.rest.offset, std::span(piece).first(wanted));
  if (size == 0 && wanted != 0)
    throw Failure(ExitStatus::io, "Message bodies in memory are shorter than they were");
  body_.data.feed(body_.fields.feed({piece.data(), size}), conversation_.out());
  body_.rest.offset += size;
  body_.rest.size -= size;
  if (body_.rest.size == 0) endBody();
  return true;
}

void Dialogue::endBody() {
  body_.data.feed(body_.fields.finish(), conversation_.out());
  body_.data.finish(conversation_.out());
  rset_ = chunking(
      *writing_);  // where the reply comes later, whether BDAT closed the transaction is not known yet
  if (!rset_) conversation_.out() += ".\r\n";
  writing_->end = conversation_.prepared();
  writing_->stage = Outcome::Stage::end;
  writing_ = nullptr;
  body_.goAhead = false;
  retire();
}

// An envelope that is not followed by mail data. Not every server forgets it by itself: after a MAIL refused
// for its SIZE=, Postfix refuses the next one, too, until RSET.
void Dialogue::leave() {
  writing_ = nullptr;
  rset_ = true;
}

}  // namespace interimap
