// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the server has, ENABLE (RFC 5161 section 3.1) of QRESYNC, and where the mailboxes are (RFC 2342).
#pragma once

#include <string>
#include <utility>

#include "net/exchange/exchange.h"

namespace interimap {

class Enable final : public Exchange {
 public:
  // `capabilities` and `greeting` outlive this, and are known by the time of finish(): what the server said
  // when it let us in. What it says later does not take back what sync was told.
  Enable(request::Enable request, const Capabilities& capabilities, const std::string& greeting)
      : request_(std::move(request)), capabilities_(capabilities), greeting_(greeting) {}
  std::vector<Command> commands(const ExtensionSet&) override;
  bool take(Untagged& untagged, Answers&) override;
  void completed(std::size_t index, const StatusResponse& status) override;
  void finish(Answers& answers) override;

 private:
  request::Enable request_;
  bool enabled_ = false, asksToEnable_ = false;
  std::string personal_;
  const Capabilities& capabilities_;
  const std::string& greeting_;
};

}  // namespace interimap
