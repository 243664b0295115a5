// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Requests of sync on their way: the commands they became, whose a response is, and answers in order.
//
// Many are in progress at a time (RFC 3501 section 5.5). A tagged response says which command it completes;
// an untagged one is offered to the exchanges whose commands are in flight, the oldest first.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/channel.h"
#include "ipc/imap.h"
#include "ipc/settings.h"
#include "net/exchange/exchange.h"
#include "net/exchange/watch.h"
#include "net/flight.h"
#include "net/silence.h"
#include "net/wire/connection.h"
#include "net/wire/limits.h"

namespace interimap {

class Pipeline final : public LiteralSink {
 public:
  using Clock = Silence::Clock;
  using Then = Flight::Then;

  // All of them outlive the pipeline. `connection` may be under construction.
  Pipeline(Connection& connection, Channel& sync, Silence& silence, Throttle& throttle, MessageHeader& header,
           Log log, const settings::Net& settings);
  Pipeline(const Pipeline&) = delete;

  // Sends a command of net's own, whose tagged response `then` takes; its tag.
  std::string send(Command command, Then then) { return flight_.send(std::move(command), std::move(then)); }
  // Sends what waits for its turn, as far as that has come.
  void go() {
    if (flight_.go()) answer();
  }
  // Begins a request, as long as none before it has more commands to come.
  void start(Request request, const ExtensionSet& extensions);
  // Carries on with a request that has more commands to come; true as long as it lasts: what is behind it
  // waits. Waiting for news ends when another request `waits`.
  bool goOn(const ExtensionSet& extensions, bool waits);
  // Until then nothing is answered, as it is not known what the server has. `greeting`: of answer::Ready.
  void loggedIn(const Capabilities& capabilities, std::string greeting);

  // The login went ahead of the greeting, and came to nothing for it: sync is told, who will not ask for that
  // again, and the connection ends.
  void wentAheadInVain(const std::string& why);

  bool empty() const { return flight_.empty(); }
  bool full() const { return flight_.size() >= limits::kMostCommands; }
  bool awaits() const { return flight_.awaits(); }  // a tagged response
  bool isFree() const { return flight_.isFree(); }  // to send another command at once
  // The oldest command in flight, "UID FETCH"; empty if there is none.
  std::string_view oldest() const { return flight_.oldest(); }
  // Nothing is expected of the server but news.
  bool watching() const;
  // LOGOUT is among the commands that were sent.
  bool loggedOut() const { return loggedOut_; }
  // The server is gone after LOGOUT, and need not have answered it.
  void abandon() { flight_.clear(); }
  // The connection ends, and why: sync is told what has come in full, and which request it was that did not
  // get its answer. That may be the cause.
  void takeLeave(const std::string& why);

  // What the server sent. "+" (RFC 3501 section 7.5), which is not the login's:
  void continued();
  // An untagged response of that kind; false if nobody asked for it, so that it may be news.
  bool take(Untagged& untagged, std::string_view kind);
  // An untagged response that cannot be read: what is incomplete without it is spoiled.
  void missed(const std::string& kind, std::optional<Uid> uid);
  // [NOTIFICATIONOVERFLOW] (RFC 5465 section 5.8)
  void overflow() { news_.overflow(log_); }
  // A tagged response: how long the command took, or nothing if there is none of that tag.
  std::optional<Clock::duration> completed(std::string_view tag, const StatusResponse& status);

  // Literals that are too long to be held go where the exchange wants them.
  void begin(Kind kind, std::uint64_t size, std::string_view before) override;
  void octets(std::string_view piece) override;
  void piecesEnd() override;

 private:
  // A request whose commands are on their way.
  struct Running {
    RequestId id;
    std::unique_ptr<Exchange> exchange;
    std::size_t unfinished = 0;  // commands
    std::vector<Answer> held{};  // until all requests before this one are answered
    Flight::Owner owner{};

    bool listens() const { return unfinished > 0 && !owner.deaf; }
  };
  // Sends an exchange's answers under its request's id, in its turn.
  class AnswersTo final : public Answers {
   public:
    AnswersTo(Pipeline& pipeline, Running& running) : pipeline_(pipeline), running_(running) {}
    void send(What what, Descriptor bodies = {}) override;

   private:
    Pipeline& pipeline_;
    Running& running_;
  };

  void sendCommands(Running& running, std::vector<Command> commands);
  bool storing() const;
  void keepWatch(bool waits);
  bool offer(Untagged& untagged);
  void answer();
  void finish(Running& running);
  void noteSelected(const Running& running);

  Connection& connection_;
  Channel& sync_;
  Silence& silence_;
  Log log_;
  Capabilities toldAtLogin_;
  std::string greeting_;
  News news_;
  ExchangeContext context_;  // for the next exchange
  std::deque<std::unique_ptr<Running>> running_;
  Flight flight_;
  LiteralSink* sink_ = nullptr;  // of the literal that is coming
  bool pieces_ = false;          // an exchange holds octets of the buffer
  Watch* watch_ = nullptr;       // the last of running_, as long as it waits
  bool answering_ = false, loggedOut_ = false;
};

}  // namespace interimap
