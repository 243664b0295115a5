// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// UID STORE of a difference of flags (RFC 3501 section 6.4.6).
#pragma once

#include "net/exchange/exchange.h"
#include "net/exchange/messages.h"

namespace interimap {

class Store final : public Exchange {
 public:
  explicit Store(request::Store request) : request_(std::move(request)) {}
  std::vector<Command> commands(const ExtensionSet&) override;
  bool stores() const override { return true; }
  bool take(Untagged& untagged, Answers& answers) override;
  void finish(Answers& answers) override { messages_.flush(answers); }

 private:
  request::Store request_;
  MessagesAnswer messages_;
};

}  // namespace interimap
