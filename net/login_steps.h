// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The login's commands, each of which waits for its tagged response: what net/login.h wants of a session.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  };
  // `turn` is one turn of the session's event loop; `startTls` is called at most once.
  LoginSteps(Parts parts, StartTls startTls, Log log, Passed passed, std::function<void()> turn);

  StatusResponse greeting() override;
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
