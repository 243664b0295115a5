// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The life of a connection from its greeting to its end: an event loop over launch, sync and the server.
//
// The login's commands come first, one by one (net/login_steps.h); then sync's requests, many at a time
// (net/pipeline.h). A turn of the loop starts what may be started, writes what goes, hands on what was read,
// and only then waits, as long as net/silence.h allows.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "ipc/imap.h"
#include "ipc/reporter.h"
#include "net/compression_policy.h"
#include "net/greeting.h"
#include "net/login_steps.h"
#include "net/pipeline.h"
#include "net/rate_limit.h"
#include "net/remarks.h"
#include "net/silence.h"
#include "net/throttling.h"
#include "net/wire/connection.h"

namespace interimap {

class Session final {
 public:
  // `settings`, `reporter`, `sync` and `header` outlive the session. `startTls` is called at most once.
  Session(settings::Net& settings, std::unique_ptr<Stream> stream, LoginSteps::StartTls startTls,
          Reporter& reporter, Channel& sync, MessageHeader& header, Deadlines deadlines = {},
          Rests rests = {});

  // LOGOUT, if it goes without waiting, as nobody is left to read the answer; and the traffic, to launch.
  ~Session();
  Session(const Session&) = delete;

  // Logs in and carries out sync's requests, until sync or launch is gone (PeerGone), the server is, or
  // breaks the protocol (Failure), or sync breaks ours (PeerViolation).
  [[noreturn]] void serve();

 private:
  enum class Phase : std::uint8_t { login, ready, compressing };

  void survey();
  void turn();
  void await();
  bool reading();
  bool readingRequests() const;
  void readRequests();
  void readServer();
  bool takeResponses();

  Awaited awaited();
  int timeout();
  [[noreturn]] void silent(Awaited awaited) const;
  void serverGone();
  void rests(std::chrono::milliseconds length, const std::string& text, bool tooLong);
  std::string lost() const;

  void startRequests();
  bool mayStart(const Request& request) const;
  void startCompress();
  void compressed(const StatusResponse& status);
  void enterReady();

  void handle(const Response& response);
  void continuation(std::string_view challenge);
  void untagged(const Response& response);
  void told(Untagged& untagged);
  void tagged(const Response& response);
  void note(const RespText& text);
  void noteCapabilities(Capabilities capabilities);

  settings::Net& settings_;
  Reporter& reporter_;
  Channel& sync_;
  Silence silence_;
  Throttle throttle_;
  RateLimit rate_;
  CompressionPolicy compression_;
  Remarks remarks_;
  Greeting greeting_;
  Capabilities capabilities_;  // as last told
  Pipeline pipeline_;
  Connection connection_;
  std::deque<Request> waiting_;  // read from sync, not begun
  LoginSteps login_;
  Phase phase_ = Phase::login;
};

}  // namespace interimap
