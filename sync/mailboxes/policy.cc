// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/policy.h"

#include <algorithm>

namespace interimap {

namespace {

using Direction = settings::OfMailbox::Direction;
using Deletions = settings::OfMailbox::Deletions;

// With the largest unit that fits, as it is likely to have been written.
std::string size(std::uint64_t octets) {
  const char* unit = "";
  for (const char* larger : {"K", "M", "G"}) {
    if (octets % 1024 != 0) break;
    octets /= 1024;
    unit = larger;
  }
  return "max-size = " + std::to_string(octets) + unit;
}

std::string age(std::uint32_t days) {
  return "max-age = " + (days % 365 == 0 ? std::to_string(days / 365) + "y" : std::to_string(days) + "d");
}

}  // namespace

bool Policy::writes(Side side) const {
  return rule_.direction == Direction::both ||
         (rule_.direction == Direction::toLocal) == (side == Side::local);
}

bool Policy::expunges(Side side) const {
  if (!writes(side) || rule_.deletions == Deletions::never) return false;
  return rule_.deletions == Deletions::both ||
         (rule_.deletions == Deletions::toLocal) == (side == Side::local);
}

std::string Policy::direction() const {
  return std::string("direction = ") + (rule_.direction == Direction::toLocal ? "to-local" : "to-remote");
}

std::string Policy::whyOutside(Side target, std::uint64_t octets, bool old) const {
  if (!writes(target)) return direction();
  if (rule_.maxSize && octets > *rule_.maxSize) return size(*rule_.maxSize);
  if (rule_.maxAge && old) return age(*rule_.maxAge);
  return {};
}

std::string Policy::whyKept(Side side) const {
  if (expunges(side)) return {};
  if (!writes(side)) return direction();
  return std::string("deletions = ") + (rule_.deletions == Deletions::never     ? "never"
                                        : rule_.deletions == Deletions::toLocal ? "to-local"
                                                                                : "to-remote");
}

std::string Policy::whyNotStored(Side side) const {
  if (stores(side)) return {};
  return writes(side) ? "flags = no" : direction();
}

std::string Policy::whyNotCreated(Side side) const {
  if (creates(side)) return {};
  return writes(side) ? "create = no" : direction();
}

bool Policy::stillSays(std::string_view why, Side target) const {
  return (!writes(target) && why == direction()) || (rule_.maxSize && why == size(*rule_.maxSize)) ||
         (rule_.maxAge && why == age(*rule_.maxAge));
}

bool writesEverywhere(const settings::Sync& settings, Side side) {
  return std::ranges::all_of(settings.ofMailboxes,
                             [side](const settings::OfMailbox& rule) { return Policy(rule).writes(side); });
}

std::string Policy::pattern() const {
  std::string pattern = rule_.pattern;
  std::ranges::replace(pattern, '\0', '/');
  return pattern;
}

}  // namespace interimap
