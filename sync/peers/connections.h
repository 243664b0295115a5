// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The connections to both servers: the first of each, which does everything, and those beside it, which only
// fetch and append. Those launch starts when there is much to copy. One that cannot log in, or is lost, is no
// more than missing. What a watcher waits with besides is in idle_connections.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "ipc/reporter.h"
#include "ipc/side.h"
#include "sync/peers/extra_connection.h"
#include "sync/peers/idle_connections.h"
#include "sync/peers/server.h"

namespace interimap {

class Connections {
 public:
  // Octets. Below, to log in once more takes longer than it saves.
  static constexpr std::uint64_t kMuch = 32 << 20;

  // There may be so many of each side.
  Connections(Both<Server*> first, Both<unsigned> most, Exchange& exchange, Reporter& launch, Seam& seam,
              std::uint64_t much = kMuch);
  Connections(const Connections&) = delete;

  Both<Server*> first() const { return first_; }
  IdleConnections& idle() { return idle_; }

  // There is another mailbox to copy, of so many octets.
  void expect(std::uint64_t octets);
  // All that is to be copied for now is known: asks launch for more connections if that pays, and none are
  // there yet.
  void want();
  // They are not needed any more; they log out. No Server of them may be in use.
  void letGo();

  // How many pairs there are, or will be: of a local and a remote connection, to copy between. Where one side
  // has fewer connections than the other, some pairs share theirs.
  std::size_t pairs() const { return 1 + std::max(wanted_.local, wanted_.remote); }
  // The n-th, from 0, unless one of the two is not there: not logged in yet, or lost.
  std::optional<Both<Server*>> pair(std::size_t n);

  // launch has sent the channel to another net.
  void admit(Side side, Descriptor peer);

 private:
  Server* at(Side side, std::size_t n);

  Both<Server*> first_;
  Both<unsigned> most_;
  Exchange& exchange_;
  Reporter& launch_;
  Seam& seam_;
  std::uint64_t much_;
  Both<unsigned> wanted_{0, 0}, awaited_{0, 0};  // beside the first; of those, not yet sent by launch
  Both<std::deque<ExtraConnection>> extras_;
  std::uint64_t octets_ = 0;   // to be copied since they were let go, as far as known
  std::size_t mailboxes_ = 0;  // to be copied now
  bool refused_ = false;       // a server does not bear so many: it is not tried again
  IdleConnections idle_;
};

}  // namespace interimap
