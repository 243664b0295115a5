// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The client's side of an SMTP or LMTP session (RFC 5321, RFC 2033), without its socket: octets from the
// server go in, octets for the server come out, and transactions come back settled. TLS is put below it by
// the caller, when handshakeDue().
//
// What it writes is decided by what has been answered. With PIPELINING (RFC 2920) nothing but DATA is waited
// for, and the next envelope follows a message's last octet in the same write; with CHUNKING as well (RFC
// 3030) nothing at all, once the server has taken a MAIL. Without PIPELINING each command waits for the reply
// to the one before.
//
// It is made of the octets and the replies that will come (delivery/conversation.h), the commands in front of
// the first message (delivery/opening.h) and the messages with what became of them (delivery/transactions.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/conversation.h"
#include "delivery/dropped_fields.h"
#include "delivery/mail_data.h"
#include "delivery/opening.h"
#include "delivery/transactions.h"
#include "ipc/checked.h"
#include "ipc/launch.h"
#include "transport/log.h"

namespace interimap {

class Dialogue {
 public:
  using Settled = Transactions::Settled;

  // The settings outlive it; their password is wiped when the login is done. To `log` goes what is said, as
  // far as their `debug` asks for it, and never a body. Throws Failure(config) for an EHLO name that does not
  // fit on a line.
  Dialogue(settings::Delivery& settings, Log log, Settled settled);

  // For --check: what the server says is told, and what is submitted is asked for without its mail data.
  void tell(const Passed& passed) { opening_.tell(passed); }
  void submit(Transaction transaction) { transactions_.submit(std::move(transaction)); }
  void hold() { held_ = true; }      // begin no more of them
  void quit() { quitting_ = true; }  // and say QUIT when nothing is under way

  // What the server says. Throws Failure: protocol when it makes no sense, unavailable when the server gives
  // up, noPermission when it refuses what the settings ask for; then abandon() is what is left to do.
  void receive(std::string_view bytes);
  void end();  // it has closed; Failure(unavailable) unless nothing was under way
  // The connection is of no more use: settles what was under way. What it leaves in the queue came to
  // nothing.
  void abandon(const std::string& reason);

  // The server has agreed to STARTTLS: nothing is read or written before the handshake, and secured() called
  // after it.
  bool handshakeDue() const { return opening_.handshakeDue(); }
  void secured() { opening_.secured(); }
  // Of the TLS session, for mechanisms that prove who is at its other end.
  void bind(std::vector<ChannelBinding> bindings) { opening_.bind(std::move(bindings)); }

  // What may be written now; stays the same until written() or receive().
  std::string_view output();
  void written(std::size_t size) { conversation_.written(size); }

  bool over() const { return over_; }  // by QUIT, or closed by the server while there was nothing to do
  // Why, and whether it was as it should be.
  const std::string& farewell() const { return farewell_; }
  ExitStatus status() const { return leaving() ? ExitStatus::ok : ExitStatus::unavailable; }
  bool leaving() const { return conversation_.awaits(Command::quit); }
  bool underWay() const { return transactions_.begun() != 0 || conversation_.awaits(); }
  std::size_t waiting() const { return transactions_.size(); }
  std::size_t progress() const { return conversation_.lines(); }  // reply lines so far
  // How long the server may let us wait for what is due now; nothing if nothing is.
  std::optional<std::chrono::milliseconds> patience() const { return conversation_.patience(); }
  std::string awaited() const { return conversation_.awaited(); }  // for messages
  const Extensions& extensions() const { return opening_.extensions(); }

 private:
  using Command = Conversation::Command;

  // What we say (commands.cc). A step prepares one thing, or says false if it has to wait.
  bool step();
  bool begin();
  bool settleHere(Transaction& transaction);
  bool envelopeStep();
  bool writeMail();
  bool writeRcpt();
  bool writeData();
  bool onlyAsk(Transaction& transaction);
  bool writeBody();
  void startBody();
  void endBody();
  void leave();
  bool chunking(const Transaction& transaction) const;

  // What the server says (dialogue.cc).
  void handle(const Reply& reply);
  void data(Transaction& transaction, const Reply& reply);
  void end(Transaction& transaction, const Reply& reply);
  void answered(const Conversation::Expected& expected, const Reply& reply);
  [[noreturn]] void closing(const Conversation::Expected& expected, const Reply& reply);
  void retire() { transactions_.retire(writing_); }
  bool sent(const Transaction& transaction) const;

  bool lmtp() const { return settings_.lmtp; }

  // What of one message is being prepared.
  struct Body {
    bool goAhead = false;  // its mail data is due
    BodyRange rest;
    DroppedFields fields;
    MailData data{MailData::Transparency::none};
  };

  settings::Delivery& settings_;
  Conversation conversation_;
  Opening opening_;
  Transactions transactions_;
  bool held_ = false, quitting_ = false, over_ = false;
  bool mailTaken_ = false;  // the server has accepted a MAIL
  bool lost_ = false;       // receive() has thrown: what follows is not listened to
  std::string farewell_;
  Transaction* writing_ = nullptr;  // the one whose commands or mail data are being prepared
  Body body_;                       // ... its body
  bool rset_ = false;               // the transaction before may still be open at the server
};

}  // namespace interimap
