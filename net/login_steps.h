// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The login's commands, each of which waits for its tagged response: what net/login.h wants of a session.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ipc/imap.h"
#include "net/greeting.h"
#include "net/login.h"
#include "net/pipeline.h"
#include "net/silence.h"
#include "net/wire/connection.h"
#include "transport/log.h"

namespace interimap {

class LoginSteps final : public Dialogue {
 public:
  using StartTls = std::function<std::unique_ptr<Stream>(std::unique_ptr<Stream>)>;

  // What the session has, and what the server told it; all outlive the steps.
  struct Parts {
    Connection& connection;
    Pipeline& pipeline;
    const Silence& silence;
    Greeting& greeting;
    Capabilities& capabilities;
    const std::deque<Request>& waiting;  // sync's, not begun
  };
  // `turn` is one turn of the session's event loop; `startTls` is called at most once.
  LoginSteps(Parts parts, StartTls startTls, Log log, Passed passed, std::function<void()> turn);

  StatusResponse greeting() override;
  std::optional<StatusResponse> foreseen() override;
  void wentAheadInVain(const std::string& why) override { parts_.pipeline.wentAheadInVain(why); }
  StatusResponse run(Command command, Manner manner, sasl::Conversation* conversation) override;
  const Capabilities& capabilities() const override { return parts_.capabilities; }
  void forgetCapabilities() override { parts_.capabilities = {}; }
  void startTls() override { parts_.connection.startTls(startTls_); }
  std::vector<ChannelBinding> channelBindings() const override { return parts_.connection.channelBindings(); }
  void log(LogLevel level, const std::string& text) override { log_(level, text); }
  void passed(const char* step, std::string text, std::vector<Finding::Fact> facts) override {
    if (passed_) passed_(step, std::move(text), std::move(facts));
  }

  // Behind the step that is in flight requests that need no capability may be sent.
  // A check has questions of its own first.
  bool mayFollow() const { return step_ != nullptr && step_->mayFollow && !passed_; }
  // A command of the login is in flight: what the server can do may be different once it is answered.
  bool underWay() const { return step_ != nullptr && step_->secret(); }
  // The server sent "+": answers it if it is a challenge. False if it is none.
  bool challenged(std::string_view challenge);

 private:
  // In flight, for as long as run() lasts.
  struct Step {
    Manner manner;
    sasl::Conversation* conversation;
    bool mayFollow;
    std::string tag;
    std::optional<StatusResponse> answer;

    bool secret() const { return manner >= Manner::alone; }
  };
  void completed(Step& step, const StatusResponse& status);

  Parts parts_;
  StartTls startTls_;
  Log log_;
  Passed passed_;
  std::function<void()> turn_;
  Step* step_ = nullptr;
};

}  // namespace interimap
