// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/idle_connections.h"

#include <algorithm>
#include <string>
#include <utility>

#include "ipc/failure.h"

namespace interimap {

void IdleConnections::keep(Side side, const std::vector<WireName>& mailboxes, std::chrono::seconds seconds,
                           Log& log, Clock::time_point now) {
  seconds_ = static_cast<std::uint32_t>(seconds.count());
  std::vector<Idler> kept;
  for (const WireName& mailbox : mailboxes) {
    auto it = std::ranges::find(idlers_[side], mailbox, &Idler::mailbox);
    kept.push_back(it == idlers_[side].end() ? Idler{mailbox} : std::move(*it));
  }
  idlers_[side] = std::move(kept);
  std::size_t wanted = 0;
  for (Idler& idler : idlers_[side]) {
    if (idler.line && idler.line->server.isLost()) noteLoss(side, idler, log, now);
    if (!idler.line && idler.due <= now) ++wanted;
  }
  for (; awaited_[side] < wanted; ++awaited_[side]) launch_.report({WantsIdleNet{side}});
}

// What the server or net said of it launch has shown.
void IdleConnections::noteLoss(Side side, Idler& idler, Log& log, Clock::time_point now) {
  const bool lasted = now - idler.line->since >= kLasting;
  idler.line.reset();
  if (lasted) idler.pause = kFirstPause;
  idler.due = lasted ? now : now + idler.pause;
  const std::string when =
      lasted ? "at once" : "in " + std::to_string(idler.pause.count()) + " s at the earliest";
  log.info(About::at(side, idler.mailbox),
           "The connection that waits for news of this mailbox is lost. It is made again " + when +
               "; until then the mailbox is looked at from time to time");
  if (!lasted) idler.pause = std::min(2 * idler.pause, kLongestPause);
}

bool IdleConnections::haveNews() const {
  return std::ranges::any_of(kSides, [&](Side side) {
    return std::ranges::any_of(idlers_[side], [](const Idler& idler) {
      return idler.line && !idler.line->server.isLost() && idler.line->news.ready();
    });
  });
}

void IdleConnections::watch(Idler& idler) {
  idler.line->news = idler.line->server.watch(idler.mailbox, seconds_, false);
}

void IdleConnections::takeNews() {
  for (Side side : kSides)
    for (Idler& idler : idlers_[side])
      if (idler.line && !idler.line->server.isLost() && idler.line->news.ready()) watch(idler);
}

void IdleConnections::letGo() {
  for (Side side : kSides)
    for (Idler& idler : idlers_[side]) idler.line.reset();
}

// It is for the mailbox that has been due for longest. Where none is without a connection any more, it is let
// go.
void IdleConnections::admit(Side side, Descriptor peer) {
  if (awaited_[side] == 0) throw PeerViolation("launch sent a net to idle that was not wanted");
  --awaited_[side];
  Idler* longest = nullptr;
  for (Idler& idler : idlers_[side])
    if (!idler.line && (longest == nullptr || idler.due < longest->due)) longest = &idler;
  if (longest == nullptr) return;
  const std::string& greeting = first_[side]->means().greeting;
  longest->line = std::make_unique<Line>(side, std::move(peer), Purpose::pull, greeting, exchange_, seam_);
  watch(*longest);
}

}  // namespace interimap
