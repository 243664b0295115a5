// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// ENABLE (RFC 5161 section 3.1): QRESYNC, without which interimap cannot work.
#pragma once

#include "net/exchange/exchange.h"

namespace interimap {

class Enable final : public Exchange {
 public:
  // `capabilities` outlives this, and is what the server said last when finish() is called.
  Enable(bool qresync, const Capabilities& capabilities) : qresync_(qresync), capabilities_(capabilities) {}
  std::vector<Command> commands(const Capabilities&) override;
  bool take(Untagged& untagged, Answers&) override;
  // Throws Failure(protocol) if QRESYNC was not enabled.
  void finish(Answers& answers) override;

 private:
  bool qresync_, enabled_ = false;
  const Capabilities& capabilities_;
};

}  // namespace interimap
