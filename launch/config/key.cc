// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/key.h"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "ipc/failure.h"
#include "ipc/nearest.h"
#include "launch/show/utf8.h"

namespace interimap {

// C1 control characters count as the characters they are in UTF-8, and as single octets in any other text.
bool isTextOrEmpty(std::string_view value) {
  bool utf8 = isUtf8(value);
  for (std::size_t at = 0; at < value.size(); ++at) {
    auto octet = static_cast<unsigned char>(value[at]);
    if (octet < 0x20 || octet == 0x7F) return false;
    if (!utf8 && octet >= 0x80 && octet < 0xA0) return false;
    if (utf8 && octet == 0xC2 && static_cast<unsigned char>(value[at + 1]) < 0xA0) return false;
  }
  return true;
}
bool isText(std::string_view value) { return !value.empty() && isTextOrEmpty(value); }

bool isWireTextOrEmpty(std::string_view value) {
  return std::ranges::all_of(
      value, [](char c) { return c != 0 && c != '\r' && c != '\n' && static_cast<unsigned char>(c) < 0x80; });
}
bool isWireText(std::string_view value) { return !value.empty() && isWireTextOrEmpty(value); }

// NUL is what neither SASL PLAIN (RFC 4616) nor an IMAP string can carry. 8-bit is fine: it goes out as a
// literal or in BASE64.
bool isCredential(std::string_view value) { return !value.empty() && value.find('\0') == value.npos; }

bool isAbsolute(std::string_view value) { return value.size() > 1 && value[0] == '/' && isText(value); }

bool isAtomCharacter(char c) {
  return c > ' ' && c < 0x7F && std::string_view("\"%()*\\]{").find(c) == std::string_view::npos;
}

bool areItems(std::string_view value, bool (*isItem)(std::string_view)) {
  while (true) {
    auto blank = value.find(' ');
    if (!isItem(value.substr(0, blank))) return false;
    if (blank == value.npos) return true;
    value.remove_prefix(blank + 1);
  }
}

bool isYesNo(std::string_view value) {
  return upperCase(std::string(value)) == "YES" || upperCase(std::string(value)) == "NO";
}

std::optional<std::uint64_t> octets(std::string_view value) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  std::string_view unit = value.substr(static_cast<std::size_t>(end - value.data()));
  if (error != std::errc() || number == 0 || unit.size() > 1) return std::nullopt;
  unsigned shift = 0;
  if (!unit.empty()) {
    auto place = std::string_view("kmgKMG").find(unit[0]);
    if (place == std::string_view::npos) return std::nullopt;
    shift = 10 * static_cast<unsigned>(place % 3 + 1);
  }
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) >> shift)
    return std::nullopt;
  return number << shift;
}

std::vector<std::string> splitAtBlanks(std::string_view text) {
  std::vector<std::string> items;
  while (true) {
    auto first = text.find_first_not_of(' ');
    if (first == text.npos) return items;
    text.remove_prefix(first);
    auto end = std::min(text.find(' '), text.size());
    items.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string upperCase(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

Keys::Keys(const Ini& ini, std::string_view section, const KnownKeys& known, const std::string& file)
    : section_(section), file_(file) {
  if (auto found = ini.sections.find(Ini::kDefault); found != ini.sections.end()) defaults_ = &found->second;
  if (auto found = ini.sections.find(section); found != ini.sections.end()) own_ = &found->second;
  if (own_ == nullptr && section != Ini::kDefault)
    throw Failure(ExitStatus::config, file_ + ": No such section " + section_);
  if (defaults_) check(*defaults_, known);
  if (own_) check(*own_, known);
}

namespace {

// Behind a name that is no key's.
std::string meant(const std::string& name, const KnownKeys& known) {
  std::vector<std::string> names;
  for (const KnownKey& key : known) names.emplace_back(key.name);
  auto nearest = interimap::nearest(name, names);
  return nearest ? ". Did you mean " + *nearest + "?" : "";
}

}  // namespace

void Keys::check(const Section& section, const KnownKeys& known) const {
  for (const auto& [name, property] : section) {
    auto key = std::ranges::find(known, name, &KnownKey::name);
    bool there = key != known.end();
    if (there && key->accepts(property.value.reveal())) continue;
    std::string text = file_ + ":" + std::to_string(property.line) + ": Invalid option " + name;
    if (there && !key->hidden) text += " = " + std::string(property.value.reveal());
    if (!there) text += meant(name, known);
    if (there && key->wants) text += std::string(" (") + key->wants + " expected)";
    throw Failure(ExitStatus::config, text);
  }
}

const Property* Keys::find(std::string_view key) const {
  for (const Section* section : {own_, defaults_})
    if (section)
      if (auto found = section->find(key); found != section->end()) return &found->second;
  return nullptr;
}

std::optional<std::string> Keys::get(std::string_view key) const {
  const Property* property = find(key);
  return property ? std::optional(std::string(property->value.reveal())) : std::nullopt;
}

Secret Keys::secret(std::string_view key) const {
  const Property* property = find(key);
  return property ? Secret(std::string(property->value.reveal())) : Secret();
}

std::optional<std::string_view> Keys::oneOf(std::initializer_list<std::string_view> keys) const {
  for (const Section* section : {own_, defaults_}) {
    if (!section) continue;
    std::optional<std::string_view> taken;
    for (std::string_view key : keys) {
      auto found = section->find(key);
      if (found == section->end()) continue;
      if (taken)
        throw Failure(ExitStatus::config, file_ + ":" + std::to_string(found->second.line) + ": " +
                                              std::string(*taken) + " and " + std::string(key) +
                                              " exclude each other");
      taken = key;
    }
    if (taken) return taken;
  }
  return std::nullopt;
}

void Keys::refuse(std::string_view key, const std::string& why) const {
  const Property* property = find(key);
  throw Failure(ExitStatus::config,
                file_ + (property ? ":" + std::to_string(property->line) : std::string()) + ": " + why);
}

void Keys::refuse(const std::string& why) const {
  throw Failure(ExitStatus::config, file_ + ": [" + section_ + "]: " + why);
}

}  // namespace interimap
