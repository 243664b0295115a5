// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/destination.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

#include "launch/config/key.h"
#include "launch/config/port.h"

namespace interimap {

namespace {

// IPv6 with a zone, too: fe80::1%eth0.
bool isAddress(const std::string& text) {
  in6_addr parsed;
  if (inet_pton(AF_INET, text.c_str(), &parsed) == 1) return true;
  auto zone = text.find('%');
  return zone != text.size() - 1 && isText(text) &&
         inet_pton(AF_INET6, text.substr(0, zone).c_str(), &parsed) == 1;
}

bool isHostName(std::string_view text) { return isText(text) && text.find_first_of(" :[]/") == text.npos; }

}  // namespace

std::optional<Destination> Destination::parse(std::string_view text) {
  Destination destination;
  destination.lmtp = text.starts_with("lmtp:");
  if (!destination.lmtp && !text.starts_with("smtp:")) return std::nullopt;
  text.remove_prefix(5);
  if (isAbsolute(text)) {
    destination.host = text;
    return destination;
  }
  auto colon = text.rfind(':');
  if (colon == text.npos || !isPort(text.substr(colon + 1))) return std::nullopt;
  destination.port = text.substr(colon + 1);
  text = text.substr(0, colon);
  bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  destination.host = bracketed ? text.substr(1, text.size() - 2) : text;
  if (bracketed ? !isAddress(destination.host) : !isHostName(text)) return std::nullopt;
  return destination;
}

}  // namespace interimap
