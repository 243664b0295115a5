// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The value of deliver-method: which server mail goes to, and how it is spoken to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace interimap {

struct Destination {
  bool lmtp = false;
  std::string host, port;  // as in settings::Delivery

  // ("smtp" / "lmtp") ":" (host ":" port / "[" address "]" ":" port / absolute-path), the port a number or
  // the name of a service. Nothing for anything else, such as an address that is none.
  static std::optional<Destination> parse(std::string_view text);
};

}  // namespace interimap
