// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What goes over the connection: octets that are prepared and not yet written, and the replies that will
// come.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "delivery/reply.h"
#include "delivery/transaction.h"
#include "ipc/launch.h"
#include "transport/log.h"

namespace interimap {

class Conversation {
 public:
  enum class Command : std::uint8_t {
    greeting,
    ehlo,
    helo,
    startTls,
    auth,
    rset,
    mail,
    rcpt,
    data,
    end,
    quit
  };
  // A reply that will come. The greeting, and the one to the end of mail data, answer no command; alike
  // otherwise.
  struct Expected {
    Command command;
    Transaction* transaction = nullptr;
    std::size_t recipient = 0;
  };
  static const char* nameOf(Command command);
  static deliver::Outcome::Stage stageOf(Command command);

  // To `log` goes what is said, as far as `debug` asks for it, and never a body.
  Conversation(std::uint8_t debug, Log log) : debug_(debug), log_(std::move(log)) {}

  void say(Command command, std::string_view line, Transaction* transaction = nullptr,
           std::size_t recipient = 0);
  // A line of AUTH; nothing else may be prepared.
  void saySecret(std::string_view shown, std::string_view hidden);
  void expect(const Expected& expected);
  void log(std::string_view line) const;     // what we say
  void note(const std::string& text) const;  // about it

  // Mail data is appended here.
  std::string& out() { return out_; }
  std::string_view unwritten() const { return std::string_view(out_).substr(outBegin_); }
  void written(std::size_t size);
  std::uint64_t prepared() const { return written_ + out_.size() - outBegin_; }  // octets, in all
  bool isWritten(std::uint64_t octets) const { return written_ >= octets; }

  // Takes octets off the front, and tells the reply that they complete, if they do. Throws Failure(protocol).
  std::optional<Reply> hear(std::string_view& octets);
  // Each line of it goes through `censored` before it is logged.
  void logReply(const Reply& reply, const std::function<std::string(std::string)>& censored) const;
  std::size_t lines() const { return parser_.lines(); }  // of replies, so far

  bool awaits() const { return !expected_.empty(); }
  bool awaits(Command command) const { return awaits() && expected_.front().command == command; }
  const Expected& next() const { return expected_.front(); }
  void pop() { expected_.pop_front(); }
  // How long the server may let us wait for what is due now; nothing if nothing is.
  std::optional<std::chrono::milliseconds> patience() const;
  std::string awaited() const;  // "its greeting", "its reply to MAIL"

 private:
  std::uint8_t debug_;
  Log log_;
  ReplyParser parser_;
  std::deque<Expected> expected_;  // in the order they will come
  std::string out_;
  bool secrets_ = false;       // are in it
  std::size_t outBegin_ = 0;   // what stands before it in out_ is written
  std::uint64_t written_ = 0;  // octets, in all
};

}  // namespace interimap
