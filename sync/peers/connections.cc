// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/connections.h"

#include "ipc/failure.h"
#include "ipc/side.h"

namespace interimap {

Connections::Connections(Both<Server*> first, Both<unsigned> most, Exchange& exchange, Reporter& launch,
                         Seam& seam, std::uint64_t much)
    : first_(first),
      most_(most),
      exchange_(exchange),
      launch_(launch),
      seam_(seam),
      much_(much),
      idle_(first, exchange, launch, seam) {
  exchange.add(*this);
}

void Connections::expect(std::uint64_t octets) {
  octets_ += octets;
  ++mailboxes_;
}

void Connections::want() {
  std::size_t mailboxes = std::exchange(mailboxes_, 0);
  bool any = most_.local > 1 || most_.remote > 1,
       underWay = pairs() > 1 || awaited_.local + awaited_.remote > 0;
  if (!any || underWay || refused_ || octets_ <= much_ || mailboxes < 2) return;
  WantsNets wants;
  for (Side side : kSides) {
    wanted_[side] = static_cast<unsigned>(std::min<std::size_t>(most_[side], mailboxes)) - 1;
    awaited_[side] = wanted_[side];
    (side == Side::local ? wants.local : wants.remote) = static_cast<std::uint8_t>(wanted_[side]);
  }
  launch_.report({wants});
}

// With its channel a net ends.
void Connections::letGo() {
  for (Side side : kSides) {
    refused_ = refused_ ||
               std::ranges::any_of(extras_[side], [](const ExtraConnection& e) { return e.server.isLost(); });
    wanted_[side] = 0;
    extras_[side].clear();
  }
  octets_ = 0;
}

// One that comes too late is let go at once.
void Connections::admit(Side side, Descriptor peer) {
  if (awaited_[side] == 0) throw PeerViolation("launch sent a net that was not wanted");
  --awaited_[side];
  const std::string& greeting = first_[side]->means().greeting;
  if (wanted_[side] > 0)
    extras_[side].emplace_back(side, std::move(peer), Purpose::synchronise, greeting, exchange_, seam_);
}

Server* Connections::at(Side side, std::size_t n) {
  n %= 1 + wanted_[side];
  if (n == 0) return first_[side];
  if (n > extras_[side].size()) return nullptr;
  ExtraConnection& extra = extras_[side][n - 1];
  return extra.server.isLost() || !extra.ready.ready() ? nullptr : &extra.server;
}

std::optional<Both<Server*>> Connections::pair(std::size_t n) {
  Both<Server*> pair{at(Side::local, n), at(Side::remote, n)};
  if (pair.local == nullptr || pair.remote == nullptr) return std::nullopt;
  return pair;
}

}  // namespace interimap
