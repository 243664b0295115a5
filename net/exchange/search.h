// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// UID SEARCH of messages that are there, came in before a day, or have a flag (RFC 3501 section 6.4.4).
#pragma once

#include "net/exchange/exchange.h"
#include "net/exchange/limited.h"

namespace interimap {

class Search final : public Exchange {
 public:
  explicit Search(request::Search request) : request_(std::move(request)) {}
  std::vector<Command> commands(const ExtensionSet& extensions) override;
  bool hasMore() const override { return limited_.hasMore(); }
  std::vector<Command> more(const ExtensionSet& extensions) override {
    return commandsFor(limited_.more(), extensions);
  }
  void completed(std::size_t index, const StatusResponse& status) override;
  bool take(Untagged& untagged, Answers& answers) override;
  void missed(std::string_view kind, std::optional<Uid>) override {
    if (kind == "SEARCH" || kind == "ESEARCH") spoil();
  }

 private:
  std::vector<Command> commandsFor(const std::vector<UidSet>& pieces, const ExtensionSet& extensions) const;
  request::Search request_;
  Limited limited_;
};

}  // namespace interimap
