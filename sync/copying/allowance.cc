// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/copying/allowance.h"

#include <algorithm>
#include <limits>

namespace interimap {

std::uint64_t Allowance::left(const store::Store& store, Side side) const {
  const std::uint64_t daily = settings_.of[side].daily;
  if (daily == 0) return std::numeric_limits<std::uint64_t>::max();
  return daily - std::min(daily, store.spent(side, today()));
}

std::uint64_t Allowance::left(const store::Store& store) const {
  return std::min(left(store, Side::local), left(store, Side::remote));
}

void Allowance::spend(store::Store& store, std::uint64_t octets) const {
  for (Side side : kSides) spend(store, side, octets);
}

void Allowance::spend(store::Store& store, Side side, std::uint64_t octets) const {
  if (settings_.of[side].daily > 0 && octets > 0) store.spend(side, today(), octets);
}

std::optional<Allowance::UsedUp> Allowance::usedUp(const store::Store& store) const {
  if (putOff_.empty()) return {};
  for (Side side : kSides)
    if (left(store, side) == 0) return UsedUp{side, std::chrono::seconds((today() + 1) * kDay - now_())};
  return UsedUp{settings_.of.local.daily > 0 ? Side::local : Side::remote, {}};  // a day has begun meanwhile
}

}  // namespace interimap
