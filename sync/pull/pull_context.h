// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What all parts of the engine of pullimap work with.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ipc/launch.h"
#include "ipc/path.h"
#include "store/pull_state.h"
#include "sync/peers/delivery_process.h"
#include "sync/peers/server.h"
#include "sync/pull/delivery_backoff.h"
#include "sync/pull/pull_addressees.h"
#include "sync/pull/pull_deliveries.h"
#include "sync/report/log.h"

namespace interimap {

struct PullContext {
  const settings::Pull& settings;
  PullAddressees addressees;
  Server& server;
  std::deque<DeliveryProcess>& deliverers;  // one, or as many as may be connected at a time
  Exchange& exchange;
  store::PullState& state;
  Log& log;
  DeliveryBackoff sink;
  std::function<std::int64_t()> now;  // seconds since 1970
  Pulled done{};                      // since the last report
  PullDeliveries deliveries{};        // to know them if they come back
  // Delivered through this connection: what they are need not be looked at again before they are purged.
  std::map<WireName, UidSet> proven{};
  // Of the deliverers: fewer once the server has turned one away while another was at work.
  std::size_t mostConnections = settings.connections;

  bool idling() const { return settings.errand == settings::Pull::Errand::idle; }
};

// Log lines of pullimap are about mailboxes; there is one server only.
inline About aboutMailbox(const WireName& mailbox) { return {{}, mailbox.bytes}; }

}  // namespace interimap
