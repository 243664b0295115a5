// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What all parts of the engine of pullimap work with.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ipc/launch.h"
#include "ipc/path.h"
#include "store/pull_state.h"
#include "sync/peers/delivery_process.h"
#include "sync/peers/server.h"
#include "sync/pull/pull_sink.h"
#include "sync/report/log.h"

namespace interimap {

struct Pulling {
  const settings::Pull& settings;
  std::vector<ForwardPath> recipients;
  Server& server;
  DeliveryProcess& deliverer;
  Exchange& exchange;
  store::PullState& state;
  Log& log;
  Sink sink;
  std::function<std::int64_t()> now;  // seconds since 1970
  Pulled done{};                      // since the last report

  bool idling() const { return settings.errand == settings::Pull::Errand::idle; }
};

// Log lines of pullimap are about mailboxes; there is one server only.
inline About aboutMailbox(const WireName& mailbox) { return {{}, mailbox.bytes}; }

}  // namespace interimap
