// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// UID MOVE (RFC 6851 section 3.2): the server takes all messages of one command to the other mailbox, or
// none.
#pragma once

#include <utility>

#include "net/exchange/exchange.h"

namespace interimap {

class Move final : public Exchange {
 public:
  explicit Move(request::Move request) : request_(std::move(request)) {}
  std::vector<Command> commands(const ExtensionSet& extensions) override;
  bool expunges() const override { return true; }
  bool take(Untagged& untagged, Answers& answers) override;

 private:
  request::Move request_;
};

}  // namespace interimap
