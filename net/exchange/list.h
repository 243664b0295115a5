// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// LIST with RETURN options (RFC 5258, RFC 5819): mailboxes, subscriptions and counters in one command.
#pragma once

#include "net/exchange/exchange.h"

namespace interimap {

class List final : public Exchange {
 public:
  explicit List(request::List request) : request_(std::move(request)) {}
  std::vector<Command> commands(const ExtensionSet&) override;
  bool take(Untagged& untagged, Answers& answers) override;
  void finish(Answers& answers) override;
  // A list with a hole must not be taken for a complete one.
  void missed(std::string_view kind, std::optional<Uid>) override {
    if (kind == "LIST") spoil();
  }

 private:
  void count();
  void flushListed(Answers& answers);
  void flushStatuses(Answers& answers);

  request::List request_;
  answer::Listed listed_;
  answer::Statuses statuses_;
  std::size_t listedBytes_ = 0, statusBytes_ = 0;
  std::size_t responses_ = 0;
};

}  // namespace interimap
