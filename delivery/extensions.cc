// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/extensions.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "ipc/ascii.h"

namespace interimap {

namespace {

// auth-param = *( SP sasl-mech )
std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    std::size_t blank = std::min(text.find(' '), text.size());
    if (blank > 0) out.push_back(asciiUpper(text.substr(0, blank)));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return out;
}

// size-value ::= 1*20DIGIT, and 0 means no fixed limit (RFC 1870 section 4).
std::optional<std::uint64_t> sizeLimit(std::string_view text) {
  std::uint64_t size = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || size == 0) return std::nullopt;
  return size;
}

}  // namespace

Extensions Extensions::parse(const Reply& reply) {
  Extensions extensions;
  // The first line is the server's name (RFC 5321 section 4.1.1.1). Keywords that we do not know say nothing.
  for (std::size_t i = 1; i < reply.lines.size(); ++i) {
    std::string_view line = reply.lines[i];
    std::size_t blank = line.find(' ');
    std::string keyword = asciiUpper(line.substr(0, blank));
    std::string_view parameter = blank == std::string_view::npos ? "" : line.substr(blank + 1);
    if (keyword == "PIPELINING") extensions.pipelining = true;
    if (keyword == "8BITMIME") extensions.eightBitMime = true;
    if (keyword == "SMTPUTF8") extensions.smtpUtf8 = true;
    if (keyword == "CHUNKING") extensions.chunking = true;
    if (keyword == "STARTTLS") extensions.startTls = true;
    if (keyword == "AUTH") extensions.auth = words(parameter);
    if (keyword != "SIZE") continue;
    extensions.size = true;
    extensions.most = sizeLimit(parameter);
  }
  return extensions;
}

}  // namespace interimap
