// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Engine: many mailboxes at a time, and what is found in the first is copied
// while others are looked at.
#include "sync/engine.h"

#include <algorithm>

#include "ipc/side.h"

namespace interimap {

namespace {

// Messages to be listed by the first flight; each that follows lists twice as
// many. Enough to be copied while the next one is answered, and little to wait
// for.
constexpr std::uint64_t kFirstFlight = 512;
// How often launch is told how far we are.
constexpr std::chrono::milliseconds kBetweenProgress{50};

}  // namespace

// Takes them all up to their copying. They are asked about in flights, each of
// which is sent before the answers to the one before it are waited for: a
// server never waits for us, and no flight costs a round trip.
void Engine::begin(std::deque<Pass>& passes, const std::vector<Due>& mailboxes, const Both<Lanes*>& lanes) {
  std::uint64_t most = kFirstFlight;
  auto askMore = [&] {
    for (std::uint64_t listed = 0; passes.size() < mailboxes.size() && listed < most;) {
      const Due& due = mailboxes[passes.size()];
      passes.emplace_back(settings_, servers_, store_, log_, due).ask();
      listed += likelyListed(due);
    }
    most *= 2;
  };
  askMore();
  for (std::size_t from = 0, to = passes.size(); from < to; from = to, to = passes.size()) {
    askMore();
    for (std::size_t i = from; i < to; ++i) {
      copyUntil(lanes, [&] { return passes[i].isListed(); });
      passes[i].clarify();
    }
    for (std::size_t i = from; i < to; ++i) copyUntil(lanes, [&] { return passes[i].isAnswered(); });
    // All of a flight before any of it is copied: what is intended for them is
    // written down at once.
    for (std::size_t i = from; i < to; ++i) passes[i].begin(lanes);
  }
}

// How many messages a look at a mailbox lists, about.
std::uint64_t Engine::likelyListed(const Due& due) const {
  std::uint64_t listed = 0;
  for (Side side : kSides) {
    auto it = lists_.listing(side).find(due.mailbox->name);
    if (!due.sides[side] || it == lists_.listing(side).end()) continue;
    const answer::StatusEntry& status = it->second.status;
    std::uint64_t known = 1, next = status.uidNext.value_or(UidNext{1}).value;
    if (auto state = store_.state(due.mailbox->id, side); state && !due.full) known = state->uidNext.value;
    listed += std::min<std::uint64_t>(status.messages.value_or(0), next - std::min(next, known));
  }
  return listed;
}

void Engine::copy(const Both<Lanes*>& lanes) {
  connections_.want();
  copyUntil(lanes, [&] { return lanes.local->finished() && lanes.remote->finished(); });
}

void Engine::copyUntil(const Both<Lanes*>& lanes, const std::function<bool()>& until) {
  while (true) {
    bool moved = false;
    for (Side side : kSides) moved = lanes[side]->advance() || moved;
    if (moved) tellProgress(lanes);
    if (until()) return;
    if (!moved) servers_.local->turn();
  }
}

void Engine::tellProgress(const Both<Lanes*>& lanes) {
  const Tally &here = lanes.local->tally(), &there = lanes.remote->tally();
  auto now = std::chrono::steady_clock::now();
  bool complete = here.finished == here.total && there.finished == there.total;
  if (!complete && now - progressTold_ < kBetweenProgress) return;
  progressTold_ = now;
  log_.progress({"", here.finished + there.finished, here.total + there.total, here.octets + there.octets});
}

}  // namespace interimap
