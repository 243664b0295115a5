// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Removing exactly these messages: \Deleted, then UID EXPUNGE (RFC 4315 section 2.1), or one of the two; or
// EXPUNGE, where sync has seen to it that nothing else is \Deleted.
#pragma once

#include <optional>
#include <utility>

#include "net/exchange/exchange.h"

namespace interimap {

class Expunge final : public Exchange {
 public:
  // `behindStore`: a STORE before it may not have been completed when this is written.
  Expunge(request::Expunge request, bool behindStore)
      : request_(std::move(request)), left_(request_.step), quirkStoreThenExpunge_(behindStore) {}
  std::vector<Command> commands(const ExtensionSet& extensions) override;
  bool hasMore() const override { return left_.has_value(); }
  std::vector<Command> more(const ExtensionSet&) override;
  bool expunges() const override { return true; }
  bool take(Untagged& untagged, Answers& answers) override;

 private:
  using Step = request::Expunge::Step;

  request::Expunge request_;
  std::optional<Step> left_;  // to be sent yet
  // Dovecot 2.3 may expunge nothing if a STORE that brought a new keyword, or more than one, came in the same
  // flight: UID EXPUNGE then does not see \Deleted, and says OK.
  bool quirkStoreThenExpunge_;
};

}  // namespace interimap
