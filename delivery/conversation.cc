// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/conversation.h"

#include <string.h>

#include "delivery/deadlines.h"
#include "delivery/limits.h"

namespace interimap {

using deliver::Outcome;

const char* Conversation::nameOf(Command command) {
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

Outcome::Stage Conversation::stageOf(Command command) {
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

void Conversation::say(Command command, std::string_view line, Transaction* transaction,
                       std::size_t recipient) {
  log(line);
  out_.append(line).append("\r\n");
  expect({command, transaction, recipient});
}

// The buffer is empty, and does not grow with a secret in it: that would leave a copy behind.
void Conversation::saySecret(std::string_view shown, std::string_view hidden) {
  if (debug_ > 1 || hidden.empty())
    log(std::string(shown) + std::string(hidden));
  else
    log(std::string(shown) + "[REDACTED]");
  out_.reserve(shown.size() + hidden.size() + 2);
  out_.append(shown).append(hidden).append("\r\n");
  secrets_ = true;
  expect({Command::auth});
}

void Conversation::expect(const Expected& expected) {
  expected_.push_back(expected);
  if (expected.transaction) ++expected.transaction->repliesDue;
}

void Conversation::log(std::string_view line) const {
  if (debug_ > 0) log_(LogLevel::debug, "C: " + std::string(line));
}

void Conversation::note(const std::string& text) const { log_(LogLevel::debug, text); }

void Conversation::written(std::size_t size) {
  outBegin_ += size;
  written_ += size;
  if (outBegin_ != out_.size() && outBegin_ < limits::kOutBuffer) return;
  if (secrets_) explicit_bzero(out_.data(), out_.size());  // there is nothing else in it then
  secrets_ = false;
  out_.erase(0, outBegin_);
  outBegin_ = 0;
}

// One reply at a time: what is made of it decides how the octets behind it are to be taken.
std::optional<Reply> Conversation::hear(std::string_view& octets) {
  octets.remove_prefix(parser_.feed(octets));
  return parser_.next();
}

void Conversation::logReply(const Reply& reply,
                            const std::function<std::string(std::string)>& censored) const {
  if (debug_ == 0) return;
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    std::string line = debug_ == 1 ? censored(reply.lines[i]) : reply.lines[i];
    log_(LogLevel::debug,
         "S: " + std::to_string(reply.code) + (i + 1 < reply.lines.size() ? '-' : ' ') + line);
  }
}

std::optional<std::chrono::milliseconds> Conversation::patience() const {
  // It is the server that does not read, whatever it owes us.
  if (!unwritten().empty()) return deadlines::kDataBlock;
  if (!awaits()) return std::nullopt;
  switch (next().command) {
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

std::string Conversation::awaited() const {
  if (!awaits()) return "nothing";
  if (awaits(Command::greeting)) return "its greeting";
  return std::string("its reply to ") + nameOf(next().command);
}

}  // namespace interimap
