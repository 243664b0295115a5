// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/login_steps.h"

#include <utility>

#include "ipc/failure.h"

namespace interimap {

LoginSteps::LoginSteps(Parts parts, StartTls startTls, Log log, Passed passed, std::function<void()> turn)
    : parts_(parts),
      startTls_(std::move(startTls)),
      log_(std::move(log)),
      passed_(std::move(passed)),
      turn_(std::move(turn)) {}

StatusResponse LoginSteps::greeting() {
  Greeting& greeting = parts_.greeting;
  while (!greeting.come()) {
    bool late = parts_.silence.over(Awaited::otherGreeting) && !parts_.connection.unread();
    if (greeting.perhaps() && late)
      greeting.nothingFollows();
    else
      turn_();
  }
  return *greeting;
}

// Whichever is known first: what sync asks, or the greeting itself.
std::optional<StatusResponse> LoginSteps::foreseen() {
  while (!parts_.greeting.come() && !parts_.greeting.perhaps() && parts_.waiting.empty()) turn_();
  if (parts_.waiting.empty() || parts_.connection.received() > 0) return std::nullopt;
  auto* enable = std::get_if<request::Enable>(&parts_.waiting.front().what);
  if (enable == nullptr || enable->greeting.empty()) return std::nullopt;
  return StatusResponse{Condition::ok, RespText::parse(enable->greeting)};
}

StatusResponse LoginSteps::run(Command command, Manner manner, sasl::Conversation* conversation) {
  Step step{manner, conversation, manner == Manner::andRequests, {}, {}};
  parts_.connection.setConfidential(step.secret());
  if (step.secret()) forgetCapabilities();  // RFC 3501 section 6.2: they may differ afterwards
  step.tag = parts_.pipeline.send(std::move(command),
                                  [&](const StatusResponse& status) { completed(step, status); });
  step_ = &step;
  while (!step.answer) turn_();
  step_ = nullptr;
  return *step.answer;
}

bool LoginSteps::challenged(std::string_view challenge) {
  Outbox& outbox = parts_.connection.outbox();
  // A literal of LOGIN waits for a "+" as well.
  if (step_ == nullptr || !step_->secret() || outbox.waiting()) return false;
  auto answer = step_->conversation != nullptr ? step_->conversation->respond(challenge) : std::nullopt;
  if (!answer) throw Failure(ExitStatus::protocol, "server asks for more than the credentials it was given");
  outbox.respond(step_->tag, answer->reveal());
  step_->mayFollow |= step_->manner == Manner::thenRequests && step_->conversation->concluded();
  return true;
}

void LoginSteps::completed(Step& step, const StatusResponse& status) {
  // RFC 3501 section 6.2.1: TLS begins with the octet behind the tagged OK. What was sent in front of it by
  // somebody else would be taken for the server's.
  bool clear = step.manner == Manner::lastInClear && status.condition == Condition::ok;
  if (clear && parts_.connection.unread())
    throw Failure(ExitStatus::protocol,
                  "Data after the STARTTLS reply: possible injection by a man in the middle");
  parts_.connection.setConfidential(false);
  step.answer = status;
}

}  // namespace interimap
