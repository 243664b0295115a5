// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailboxes that are made for a moment, to see whether two servers are one account (one_account.h). What a
// run that was killed has left of them, or what another installation is about to delete, is nobody's mail.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace interimap::probe {

inline constexpr std::string_view kBegins = "interimap-probe-";
inline constexpr std::size_t kOctets = 8;  // of random, in two letters each

inline std::string name(std::span<const std::byte, kOctets> random) {
  std::string name(kBegins);
  for (std::byte each : random) {
    name += static_cast<char>('a' + std::to_integer<int>(each) % 16);
    name += static_cast<char>('a' + std::to_integer<int>(each) / 16);
  }
  return name;
}

// As it is on the wire, below whatever it is.
inline bool isOne(std::string_view mailbox) {
  constexpr std::size_t kSize = kBegins.size() + 2 * kOctets;
  if (mailbox.size() < kSize) return false;
  mailbox.remove_prefix(mailbox.size() - kSize);
  return mailbox.starts_with(kBegins) &&
         std::ranges::all_of(mailbox.substr(kBegins.size()), [](char c) { return c >= 'a' && c <= 'p'; });
}

}  // namespace interimap::probe
