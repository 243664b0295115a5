// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// UID MOVE (RFC 6851 section 3.2). It may fail halfway: then some messages have moved, and the others have
// not.
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
