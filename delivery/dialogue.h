// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The client's side of an SMTP or LMTP session (RFC 5321, RFC 2033), without its socket: octets from the
// server go in, octets for the server come out, and transactions come back settled. TLS is put below it by
// the caller, when handshakeDue().
//
// What it writes is decided by what has been answered. With PIPELINING (RFC 2920) nothing but DATA is waited
// for, and the next envelope follows a message's last octet in the same write; with CHUNKING as well (RFC
// 3030) nothing at all, once the server has taken a MAIL. Without PIPELINING each command waits for the reply
// to the one before.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "delivery/authentication.h"
#include "delivery/dropped_fields.h"
#include "delivery/extensions.h"
#include "delivery/mail_data.h"
#include "delivery/reply.h"
#include "delivery/transaction.h"
#include "ipc/launch.h"
#include "transport/log.h"

namespace interimap {

class Dialogue {
 public:
  using Settled = std::function<void(Transaction&)>;  // called once for each; must not call back

  // The settings outlive it; their password is wiped when the login is done. To `log` goes what is said, as
  // far as their `debug` asks for it, and never a body. Throws Failure(config) for an EHLO name that does not
  // fit on a line.
  Dialogue(settings::Delivery& settings, Log log, Settled settled);

  void submit(Transaction transaction);  // to the end of the queue
  void hold() { held_ = true; }          // begin no more of them
  void quit() { quitting_ = true; }      // and say QUIT when nothing is under way

  // What the server says. Throws Failure: protocol when it makes no sense, unavailable when the server gives
  // up, noPermission when it refuses what the settings ask for; then abandon() is what is left to do.
  void receive(std::string_view bytes);
  void end();  // it has closed; Failure(unavailable) unless nothing was under way
  // The connection is of no more use: settles what was under way. What it leaves in the queue came to
  // nothing.
  void abandon(const std::string& reason);

  // The server has agreed to STARTTLS: nothing is read or written before the handshake, and secured() called
  // after it.
  bool handshakeDue() const { return handshakeDue_; }
  void secured();
  void bind(std::vector<ChannelBinding> bindings) { bindings_ = std::move(bindings); }  // of the TLS session

  // What may be written now; stays the same until written() or receive().
  std::string_view output();
  void written(std::size_t size);

  bool over() const { return over_; }  // by QUIT, or closed by the server while there was nothing to do
  // Why, and whether it was as it should be.
  const std::string& farewell() const { return farewell_; }
  ExitStatus status() const { return leaving() ? ExitStatus::ok : ExitStatus::unavailable; }
  bool leaving() const { return !expected_.empty() && expected_.front().command == Command::quit; }
  bool underWay() const { return begun_ != 0 || !expected_.empty(); }
  std::size_t waiting() const { return queue_.size(); }
  std::size_t progress() const { return parser_.lines(); }  // reply lines so far
  // How long the server may let us wait for what is due now; nothing if nothing is.
  std::optional<std::chrono::milliseconds> patience() const;
  std::string awaited() const;  // "the greeting", "the reply to MAIL": for messages
  const Extensions& extensions() const { return extensions_; }

 private:
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

  // Up to the first MAIL (opening.cc).
  void greeted(const Reply& reply);
  void hello(const Reply& reply, Command command);
  void sayHello();
  bool encrypt();
  void agreed(const Reply& reply);
  void logIn();
  void sayHidden(const Authentication::Line& line);
  void authenticated(const Reply& reply);
  bool opening(Command command) const;

  // What we say (commands.cc). A step prepares one thing, or says false if it has to wait.
  bool step();
  bool begin();
  bool mayBegin() const;
  bool settleHere(Transaction& transaction);
  bool envelopeStep();
  bool writeMail();
  bool writeRcpt();
  bool writeData();
  bool writeBody();
  void startBody();
  void endBody();
  void leave();
  bool chunking(const Transaction& transaction) const;
  void say(Command command, std::string_view line, Transaction* transaction = nullptr,
           std::size_t recipient = 0);
  void expect(const Expected& expected);
  void logCommand(std::string_view line) const;
  std::uint64_t prepared() const { return written_ + out_.size() - outBegin_; }

  // What the server says (dialogue.cc).
  void handle(const Reply& reply);
  void logReply(const Reply& reply) const;
  void data(Transaction& transaction, const Reply& reply);
  void end(Transaction& transaction, const Reply& reply);
  void answered(const Expected& expected, const Reply& reply);
  [[noreturn]] void closing(const Expected& expected, const Reply& reply);
  void report(Transaction& transaction);
  void retire();
  bool sent(const Transaction& transaction) const;

  bool lmtp() const { return settings_.lmtp; }

  settings::Delivery& settings_;
  Log log_;
  Settled settled_;
  ReplyParser parser_;
  Extensions extensions_;
  bool encrypted_, handshakeDue_ = false;
  std::optional<Authentication> authentication_;  // while it goes on
  std::vector<ChannelBinding> bindings_;
  bool ready_ = false, held_ = false, quitting_ = false, over_ = false;
  bool mailTaken_ = false;  // the server has accepted a MAIL
  bool lost_ = false;       // receive() has thrown: what follows is not listened to
  std::string farewell_;

  std::deque<Transaction> queue_;            // in the order of their requests; elements stay where they are
  std::size_t begun_ = 0;                    // of them, from the front
  std::size_t settledBefore_ = 0;            // by this server, on this connection
  std::deque<Expected> expected_;            // in the order they will come
  std::optional<deliver::Outcome> closing_;  // the server has said 421

  Transaction* writing_ = nullptr;        // the one whose commands or mail data are being prepared
  bool goAhead_ = false;                  // ... its mail data
  bool rset_ = false;                     // the transaction before may still be open at the server
  DroppedFields fields_{settings_.drop};  // of the body being prepared
  MailData data_{MailData::Transparency::none};
  BodyRange rest_;  // of the body being prepared

  std::string out_;
  bool secrets_ = false;       // are in it
  std::size_t outBegin_ = 0;   // what stands before it in out_ is written
  std::uint64_t written_ = 0;  // octets, in all
};

}  // namespace interimap
