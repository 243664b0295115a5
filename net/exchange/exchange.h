// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// An exchange: one request of sync, the commands it becomes, and what their responses mean for the answer.
// One file per kind; net/session.h carries them out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ipc/imap.h"
#include "net/response/message_header.h"
#include "net/response/untagged.h"
#include "net/wire/command.h"
#include "transport/log.h"

namespace interimap {

struct News;
class Watch;

// The way of answers to sync; the session adds the request's id.
class Answers {
 public:
  using What = decltype(Answer::what);
  virtual ~Answers() = default;
  virtual void send(What what, Descriptor bodies = {}) = 0;
};

class Exchange {
 public:
  virtual ~Exchange() = default;

  // The commands, in order. Called once, when everything before it has been written.
  virtual std::vector<Command> commands(const ExtensionSet& extensions) = 0;
  // Further commands, which are to be sent when nothing is in flight any more: all commands before them, of
  // whichever exchange, are completed then. While there are some to come no request behind this one is begun.
  virtual bool hasMore() const { return false; }
  virtual std::vector<Command> more(const ExtensionSet&) { return {}; }

  // Takes an untagged response if it belongs to this exchange, and may empty it then. Only while commands of
  // it are in flight, and only what older exchanges did not want.
  virtual bool take(Untagged&, Answers&) { return false; }
  // Where the octets of such a literal go, if they may belong to this exchange; the UID if it is known yet.
  // Servers work on several FETCH commands at once: Dovecot goes on with the next when TLS makes it wait.
  virtual LiteralSink* sink(LiteralSink::Kind, std::optional<Uid>) { return nullptr; }
  // The octets that its sink was given are about to be overwritten.
  virtual void piecesEnd() {}
  // Flags of messages are changed by this one; or messages are removed, by a flag as well.
  virtual bool stores() const { return false; }
  virtual bool expunges() const { return false; }
  // Another mailbox is selected by this one: what comes before its turn belongs to the old one, and what
  // comes during it to nobody else.
  virtual bool selects() const { return false; }
  // It ends when there is news, or another request.
  virtual Watch* watch() { return nullptr; }

  // The tagged response to the command `index` of commands() and more().
  virtual void completed(std::size_t index, const StatusResponse& status);
  // All commands are completed, and so are all requests before this one: the last answers before Done.
  virtual void finish(Answers&) {}
  // The server is gone, and this is the oldest: what has come in full is of use all the same.
  virtual void lost(Answers&) {}

  // An untagged response of that kind could not be read, and may have been this one's, as it was its turn;
  // the UID if that could be read. What has to be complete to be of use ends with NO and kUnreadable.
  virtual void missed(std::string_view /*kind*/, std::optional<Uid>) {}

  // The worst of the tagged responses so far, the first of its kind.
  const answer::Done& done() const { return done_; }

 protected:
  static bool tellsOfMessages(std::string_view kind) { return kind == "FETCH" || kind == "VANISHED"; }
  void spoil() {
    if (done_.ok())
      done_ = {answer::Done::Completion::no, answer::kUnreadable,
               "a response of the server could not be read"};
  }
  answer::Done done_;
};

// What exchanges need to know of the account and to share.
struct ExchangeContext {
  std::uint64_t maxMessageSize = 0;  // octets; 0: only limits::kLongestStreamed
  bool modSequences = false;         // QRESYNC is enabled
  bool storing = false;              // a STORE may be in flight
  bool mailboxSelected = false;      // when the commands are written
  const Capabilities& capabilities;  // as told when logged in; outlives the exchange
  const std::string& greeting;       // of answer::Ready; likewise
  News& news;                        // outlives the exchange
  const Log& log;                    // copied
  MessageHeader& header;             // used by one exchange at a time, within one response
};

// The exchange for a request.
std::unique_ptr<Exchange> makeExchange(Request request, const ExchangeContext& context);

}  // namespace interimap
