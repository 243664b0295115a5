// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One message on its way through the dialogue, and what is known of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "delivery/mail_data.h"
#include "delivery/reply.h"
#include "ipc/delivery.h"

namespace interimap {

// A window that sync asked for; kept, with its memory, until the last of its messages is settled.
struct DeliveryWindow {
  RequestId id;
  std::vector<ForwardPath> forwardPaths;
  Bodies bodies;
  std::size_t unsettled;
};

class Transaction {
 public:
  Transaction(std::shared_ptr<DeliveryWindow> window, std::uint32_t message, ReversePath reversePath,
              BodyRange body);

  DeliveryWindow& window() const { return *window_; }
  std::uint32_t message() const { return message_; }
  const ReversePath& reversePath() const { return reversePath_; }
  const std::vector<ForwardPath>& forwardPaths() const { return window_->forwardPaths; }
  BodyRange body() const { return body_; }
  const MailDataSurvey& survey() const { return survey_; }
  void takeSurvey(const std::vector<std::string>& dropped) {
    survey_ = MailDataSurvey::of(window_->bodies, body_, dropped);
  }

  // The recipients. One that has an outcome keeps it.
  std::size_t size() const { return recipients_.size(); }
  void accept(std::size_t recipient) { recipients_[recipient].accepted = true; }
  void settle(std::size_t recipient, deliver::Outcome outcome);
  void settleAll(const deliver::Outcome& outcome);  // those without an outcome
  bool settled() const { return unsettled_ == 0; }
  // The next one, in their order, that the server has accepted and that has no outcome.
  std::optional<std::size_t> nextAccepted() const;
  std::vector<deliver::Outcome> outcomes() const;  // of a settled one

  // How far it is, for the dialogue to keep.
  bool reported = false;                                                // that it is settled
  deliver::Outcome::Stage stage = deliver::Outcome::Stage::connection;  // of what was last written
  std::size_t written = 0;     // recipients whose RCPT has been written
  std::size_t repliesDue = 0;  // to its commands
  std::size_t replies = 0;     // received
  // Where in all octets of the connection the last one of its mail data stands, once that is prepared.
  std::optional<std::uint64_t> end;

 private:
  struct Recipient {
    bool accepted = false;
    std::optional<deliver::Outcome> outcome;
  };
  std::shared_ptr<DeliveryWindow> window_;
  std::uint32_t message_;
  ReversePath reversePath_;
  BodyRange body_;
  MailDataSurvey survey_;
  std::vector<Recipient> recipients_;
  std::size_t unsettled_;
};

// What a reply means for the recipients it speaks of. One that answers a command may speak of the command
// alone; one that answers mail data speaks of the message.
enum class Answers : bool { command, mailData };
deliver::Outcome outcomeOf(const Reply& reply, deliver::Outcome::Stage stage,
                           Answers answers = Answers::command);

}  // namespace interimap
