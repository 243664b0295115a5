// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/compression_policy.h"

#include <variant>

#include "net/wire/limits.h"

namespace interimap {

namespace {

// Octets of message bodies, about.
std::uint64_t transferred(const Request& request) {
  std::uint64_t octets = 0;
  if (auto* fetch = std::get_if<request::FetchBodies>(&request.what))
    return fetch->uids.size() * limits::kLikelyMessage;
  if (auto* append = std::get_if<request::Append>(&request.what))
    for (const request::NewMessage& message : append->messages) octets += message.body.size;
  return octets;
}

}  // namespace

bool CompressionPolicy::pays(const Request& next) {
  std::uint64_t octets = transferred(next);
  if (tried_ || octets == 0 || wanted_ == settings::Compress::no) return false;
  bodies_ += octets;
  bool farAndMuch = bodies_ >= limits::kWorthCompressing && quickest_ >= nearby_;
  tried_ = wanted_ == settings::Compress::yes || farAndMuch;
  return tried_;
}

}  // namespace interimap
