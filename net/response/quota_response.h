// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// QUOTA (RFC 9208 section 5.2.1) and ID (RFC 2971 section 3.2), which only --check asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/wire/tokens.h"

namespace interimap {

struct QuotaResponse {
  struct Resource {
    std::string name;  // "STORAGE": in units of 1024 octets
    std::uint64_t usage = 0, limit = 0;
    bool operator==(const Resource&) const = default;
  };
  std::vector<Resource> resources;

  // "QUOTA" SP quota-root-name SP "(" [quota-resource *(SP quota-resource)] ")"; `in` stands behind "QUOTA ".
  static std::optional<QuotaResponse> parse(Tokens& in);
  std::string text() const;  // "STORAGE 10 of 512"
};

struct IdResponse {
  std::string name, version;  // of the product; empty: not told

  // "ID" SP id-params-list; `in` stands behind "ID ".
  static std::optional<IdResponse> parse(Tokens& in);
};

}  // namespace interimap
