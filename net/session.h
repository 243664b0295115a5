// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The life of a connection from its greeting to its end: an event loop over launch, sync and the server.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "ipc/imap.h"
#include "ipc/reporter.h"
#include "net/chatter.h"
#include "net/exchange/exchange.h"
#include "net/exchange/watch.h"
#include "net/login.h"
#include "net/wire/connection.h"
#include "net/wire/limits.h"

namespace interimap {

// How long a server may be silent when it is its turn; shorter in tests. And how soon one answers that is
// near.
struct Deadlines {
  std::chrono::milliseconds greeting = limits::kGreeting, afterAlert = limits::kAfterAlert,
                            command = limits::kCommand;
  std::chrono::microseconds nearby = limits::kNearby;
};

class Session final : Dialogue, LiteralSink {
 public:
  using StartTls = std::function<std::unique_ptr<Stream>(std::unique_ptr<Stream>)>;

  // `settings`, `reporter`, `sync` and `header` outlive the session. `startTls` is called at most once.
  Session(settings::Net& settings, std::unique_ptr<Stream> stream, StartTls startTls, Reporter& reporter,
          Channel& sync, MessageHeader& header, Deadlines deadlines = {});

  // LOGOUT, if it goes without waiting, as nobody is left to read the answer; and the traffic, to launch.
  ~Session() override;
  Session(const Session&) = delete;

  // Logs in and carries out sync's requests, until sync or launch is gone (PeerGone), the server is, or
  // breaks the protocol (Failure), or sync breaks ours (PeerViolation).
  [[noreturn]] void serve();

 private:
  using Clock = std::chrono::steady_clock;

  // A request whose commands are on their way.
  struct Running {
    RequestId id;
    std::unique_ptr<Exchange> exchange;
    std::size_t unfinished = 0;  // commands
    std::vector<Answer> held;    // until all requests before this one are answered
  };
  // A command whose tagged response has not come. Of an exchange, or else of net's own.
  struct InFlight {
    std::string tag;
    std::string name;  // "UID FETCH"
    Running* running = nullptr;
    std::size_t index = 0;                          // of the exchange's commands
    std::optional<StatusResponse>* step = nullptr;  // where the login waits for it
    Dialogue::Manner manner = Dialogue::Manner::plain;
    sasl::Conversation* conversation = nullptr;
    Clock::time_point sent = Clock::now();
  };
  // Sends an exchange's answers under its request's id, in its turn.
  class AnswersTo final : public Answers {
   public:
    AnswersTo(Session& session, Running& running) : session_(session), running_(running) {}
    void send(What what, Descriptor bodies = {}) override;

   private:
    Session& session_;
    Running& running_;
  };
  enum class Phase : std::uint8_t { greeting, login, mayFollow, ready, compressing };

  StatusResponse greeting() override;
  StatusResponse run(Command command, Manner manner, sasl::Conversation* conversation) override;
  const Capabilities& capabilities() const override { return capabilities_; }
  void forgetCapabilities() override { capabilities_ = {}; }
  void startTls() override { connection_.startTls(startTls_); }
  std::vector<ChannelBinding> channelBindings() const override { return connection_.channelBindings(); }
  void log(LogLevel level, const std::string& text) override { reporter_.log(level, text); }

  void begin(Kind kind, std::uint64_t size, std::string_view before) override;
  void octets(std::string_view piece) override;
  void piecesEnd() override;

  void turn();
  void await();
  bool reading() const;
  bool readingRequests() const;
  bool awaiting() const;
  bool watching() const;
  std::chrono::milliseconds patience() const;
  int timeout();
  void readServer();
  void noteProgress();
  bool takeResponses();
  void readRequests();

  void startRequests();
  bool mayStart(const Request& request);
  bool compressionPays(const Request& next);
  void startCompress();
  bool storing() const;
  void start(Request request);
  void sendCommands(Running& running, std::vector<Command> commands);
  bool goOn();
  void keepWatch();
  void enterReady();

  void handle(const Response& response);
  void continuation(std::string_view challenge);
  void untagged(const Response& response);
  void tagged(const Response& response);
  void note(const RespText& text);
  bool offer(Untagged& untagged);
  void missed(const std::string& kind, std::optional<Uid> uid);
  void greeted(StatusResponse status);
  std::string lost() const;
  void countUnasked();
  void completed(InFlight command, const StatusResponse& status);
  void compressed(const StatusResponse& status);
  void finishRunning();
  void finish(Running& running);
  void noteSelected(const Running& running);
  void serverGone();

  settings::Net& settings_;
  StartTls startTls_;
  Reporter& reporter_;
  Channel& sync_;
  MessageHeader& header_;
  Deadlines deadlines_;
  Log log_;
  Connection connection_;
  Capabilities capabilities_, toldAtLogin_;  // as last told; as told when logged in
  Phase phase_ = Phase::greeting;
  std::optional<StatusResponse> greeting_;
  std::optional<StatusResponse> beforeGreeting_;  // may be it after all, if nothing follows

  std::deque<Request> waiting_;  // read from sync, not begun
  std::deque<std::unique_ptr<Running>> running_;
  std::deque<InFlight> inFlight_;
  LiteralSink* sink_ = nullptr;  // of the literal that is coming
  bool modSequences_ = false;    // QRESYNC is enabled
  bool selected_ = false;        // a mailbox may be
  Watch* watch_ = nullptr;       // the last of running_, as long as it waits
  News news_;
  bool compressTried_ = false, loggedOut_ = false;
  std::uint64_t bodies_ = 0;                           // octets, about, that were to be transferred so far
  Clock::duration quickest_ = Clock::duration::max();  // answer to a command

  std::string bye_;               // the server's last words
  Chatter chatter_;               // what the server makes us say
  std::string alert_;             // the last [ALERT] shown
  std::set<std::string> warned_;  // kinds of malformed responses
  Clock::time_point progress_ = Clock::now();
  std::uint64_t receivedAtProgress_ = 0;  // octets
  std::uint64_t unasked_ = 0;             // responses since a command was completed
};

}  // namespace interimap
