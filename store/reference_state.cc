// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "store/reference_state.h"

#include <algorithm>
#include <vector>

namespace interimap::store {

namespace {

std::uint32_t integerAt(std::string_view octets, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(octets[offset + i]);
  return value;
}

void append(std::string& octets, std::uint64_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) octets += static_cast<char>(value >> shift & 0xff);
}

}  // namespace

std::optional<ReferenceState> ReferenceState::parse(std::string_view octets) {
  if (octets.empty() || octets.size() % 4 != 0 || octets.size() > kMostOctets) return std::nullopt;
  ReferenceState state;
  state.uidValidity = {integerAt(octets, 0)};
  if (octets.size() == 4) return state;
  state.uidNext = {integerAt(octets, 4)};
  if (state.uidNext.value == 0) return std::nullopt;
  std::vector<std::uint32_t> uids;
  uids.reserve(octets.size() / 4 - 2);
  for (std::size_t at = 8; at < octets.size(); at += 4) uids.push_back(integerAt(octets, at));
  if (!std::ranges::is_sorted(uids)) std::ranges::sort(uids);  // a set grows fast at its end alone
  for (std::uint32_t each : uids) {
    auto uid = Uid::of(each);
    if (!uid) return std::nullopt;
    // Killed between writing UIDNEXT and cutting the list, the reference leaves some that are covered.
    if (uid->value() >= state.uidNext.value) state.delivered.add(*uid);
  }
  return state;
}

std::string ReferenceState::octets() const {
  std::string octets;
  append(octets, uidValidity.value);
  append(octets, uidNext.value);
  for (Uid uid : delivered.each()) append(octets, uid.value());
  return octets;
}

}  // namespace interimap::store
