// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/list_patterns.h"

#include <charconv>

#include "launch/config/blanks.h"

namespace interimap {

namespace {

bool isControl(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }

bool isBare(char c) {
  return !isControl(c) && c != ' ' && std::string_view("\"()\\{").find(c) == std::string_view::npos;
}

// The octet that an escape stands for; takes the escape, whose backslash is gone already, off `rest`.
std::optional<char> escaped(std::string_view& rest) {
  static constexpr std::string_view kNames = "\"\\0abtnfrv";
  static constexpr char kOctets[] = {'"', '\\', '\0', '\a', '\b', '\t', '\n', '\f', '\r', '\v'};
  if (rest.empty()) return std::nullopt;
  char name = rest[0];
  rest.remove_prefix(1);
  if (name == 'x') {
    unsigned octet = 0;
    if (rest.size() < 2) return std::nullopt;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + 2, octet, 16);
    if (error != std::errc() || end != rest.data() + 2) return std::nullopt;
    rest.remove_prefix(2);
    return static_cast<char>(octet);
  }
  auto place = kNames.find(name);
  return place == kNames.npos ? std::nullopt : std::optional(kOctets[place]);
}

std::optional<std::string> quoted(std::string_view& rest) {
  std::string pattern;
  rest.remove_prefix(1);
  while (!rest.empty()) {
    char c = rest[0];
    rest.remove_prefix(1);
    if (c == '"') return pattern.empty() ? std::nullopt : std::optional(pattern);
    if (isControl(c)) return std::nullopt;
    if (c == '\\') {
      auto octet = escaped(rest);
      if (!octet) return std::nullopt;
      c = *octet;
    }
    pattern += c;
  }
  return std::nullopt;
}

std::optional<std::string> bare(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && isBare(rest[end])) ++end;
  if (end == 0) return std::nullopt;
  std::string pattern(rest.substr(0, end));
  rest.remove_prefix(end);
  return pattern;
}

}  // namespace

std::optional<std::vector<std::string>> parsePatterns(std::string_view value) {
  std::vector<std::string> patterns;
  while (true) {
    auto pattern = value.starts_with('"') ? quoted(value) : bare(value);
    if (!pattern) return std::nullopt;
    patterns.push_back(std::move(*pattern));
    if (value.empty()) return patterns;
    if (!isBlank(value[0])) return std::nullopt;
    while (!value.empty() && isBlank(value[0])) value.remove_prefix(1);
  }
}

}  // namespace interimap
