// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/copying/lanes.h"

#include <algorithm>
#include <functional>

namespace interimap {

namespace {

// Octets that a lane gets at once, if not all in one mailbox, and if there is enough for all lanes: what is
// written down for all of them together (Lane::reserve) is to be worth an fsync.
constexpr std::uint64_t kPortion = 4 << 20;

}  // namespace

void Lanes::add(Lane::Load load, const std::vector<store::Named>& names) {
  if (load.fresh.empty()) return;
  load.origins = origins_.find(source_, load.mailbox->id, load.fresh, names);
  if (!load.origins.empty())
    std::ranges::stable_sort(load.fresh, {}, [&](const Fresh& it) {
      auto origin = load.origins.find(it.uid);
      return origin == load.origins.end() ? std::pair(true, store::MailboxId())
                                          : std::pair(false, origin->second.mailbox);
    });
  const Mailbox* mailbox = load.mailbox;
  const std::size_t messages = load.fresh.size();
  await(std::move(load));
  tally_.expect(mailbox, messages, waiting_.back().octets);
  connections_.expect(waiting_.back().octets);
}

void Lanes::await(Lane::Load load) {
  std::uint64_t octets = 0;
  for (const Fresh& fresh : load.fresh)
    if (!load.origins.contains(fresh.uid)) octets += fresh.size;
  waiting_.push_back({std::move(load), octets});
}

bool Lanes::finished() const {
  return waiting_.empty() && std::ranges::none_of(lanes_, [](const auto& lane) { return lane != nullptr; });
}

std::size_t Lanes::unanswered() const {
  std::size_t messages = 0;
  for (const auto& lane : lanes_)
    if (lane) messages += lane->unanswered();
  return messages;
}

void Lanes::settleAnswered() {
  for (const auto& lane : lanes_)
    if (lane) lane->settleAnswered();
}

bool Lanes::advance() {
  bool moved = open();
  for (std::size_t n = 0; n < lanes_.size(); ++n) {
    auto& lane = lanes_[n];
    if (!lane) continue;
    if (lane->wantsMore() && !lane->isBroken()) moved = feed(*lane) || moved;
    moved = lane->advance() || moved;
    if (!lane->finished()) continue;
    for (Lane::Load& load : lane->leftOver()) {
      await(std::move(load));
      moved = true;
    }
    lane.reset();
  }
  return moved;
}

// A pair that is there by now, or a lane that there was nothing more to do for.
bool Lanes::open() {
  if (waiting_.empty()) return false;
  bool opened = false;
  lanes_.resize(std::max(lanes_.size(), connections_.pairs()));
  for (std::size_t n = 0; n < connections_.pairs(); ++n) {
    auto pair = lanes_[n] ? std::nullopt : connections_.pair(n);
    if (!pair) continue;
    lanes_[n] = std::make_unique<Lane>(*(*pair)[source_], *(*pair)[other(source_)], store_, log_, room_,
                                       tally_, allowance_, origins_);
    opened = true;
  }
  return opened;
}

bool Lanes::feed(Lane& lane) {
  auto end = connections_.pairs() == 1 ? waiting_.end() : portion();
  for (auto it = waiting_.begin(); it != end; ++it) lane.add(std::move(it->load));
  bool any = end != waiting_.begin();
  waiting_.erase(waiting_.begin(), end);
  return any;
}

// Where it ends.
std::vector<Lanes::Waiting>::iterator Lanes::portion() {
  std::ranges::stable_sort(waiting_, std::ranges::greater(), &Waiting::octets);
  std::uint64_t all = 0;
  for (const Waiting& each : waiting_) all += each.octets;
  std::uint64_t most = std::min<std::uint64_t>(kPortion, all / connections_.pairs() + 1);
  auto end = waiting_.begin();
  for (std::uint64_t octets = 0; end != waiting_.end() && octets < most; ++end) octets += end->octets;
  return end;
}

}  // namespace interimap
