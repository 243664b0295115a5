// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// UID SEARCH of messages that came in before a day (RFC 3501 section 6.4.4).
#pragma once

#include "net/exchange/exchange.h"

namespace interimap {

class Search final : public Exchange {
 public:
  explicit Search(request::Search request) : request_(std::move(request)) {}
  std::vector<Command> commands(const ExtensionSet& extensions) override;
  bool take(Untagged& untagged, Answers& answers) override;

 private:
  request::Search request_;
};

}  // namespace interimap
