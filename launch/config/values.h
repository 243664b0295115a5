// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The values of keys: what each kind in ipc/setting.h looks like, and what it means.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/settings.h"
#include "launch/config/destination.h"

namespace interimap::settings::as {

// Kinds that launch's own keys have.
struct Path {};  // absolute
struct LogPrefix {};
struct Method {};  // deliver-method

// Each reads a value of this kind, or returns false: it is none.
bool take(YesNo, std::string_view value, bool& to);
bool take(YesNo, std::string_view value, Compress& to);
bool take(Octets, std::string_view value, std::uint64_t& to);
bool take(Age, std::string_view value, std::uint32_t& to);
bool take(Share, std::string_view value, settings::Share& to);
bool take(Text, std::string_view value, std::string& to);
bool take(HiddenText, std::string_view value, std::string& to);
bool take(TextOrEmpty, std::string_view value, std::string& to);
bool take(WireText, std::string_view value, std::string& to);
bool take(WireTextOrEmpty, std::string_view value, std::string& to);
bool take(Word, std::string_view value, std::string& to);
bool take(Credential, std::string_view value, std::string& to);
bool take(Port, std::string_view value, std::string& to);
bool take(Path, std::string_view value, std::string& to);
bool take(LogPrefix, std::string_view value, std::string& to);
bool take(ProtocolVersion, std::string_view value, std::string& to);
bool take(Sender, std::string_view value, std::string& to);
bool take(Method, std::string_view value, Destination& to);
bool take(Protocols, std::string_view value, std::vector<std::string>& to);
bool take(Fingerprints, std::string_view value, std::vector<std::string>& to);
bool take(Mechanisms, std::string_view value, std::vector<std::string>& to);
bool take(SelectionOptions, std::string_view value, std::vector<std::string>& to);
bool take(Patterns, std::string_view value, std::vector<std::string>& to);
bool take(SpecialUses, std::string_view value, std::vector<std::string>& to);
bool take(Mailboxes, std::string_view value, std::vector<std::string>& to);
bool take(After, std::string_view value, std::vector<std::string>& to);
bool take(ForwardPaths, std::string_view value, std::vector<std::string>& to);
bool take(FieldNames, std::string_view value, std::vector<std::string>& to);
bool take(AddressPatterns, std::string_view value, std::vector<std::string>& to);

template <std::unsigned_integral Value>
bool take(Number bounds, std::string_view value, Value& to) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return false;
  if (number < bounds.least || number > bounds.most) return false;
  to = static_cast<Value>(number);
  return true;
}

template <class Value, std::size_t count>
bool take(const Choice<Value, count>& choice, std::string_view value, Value& to) {
  for (const auto& [word, meaning] : choice.words)
    if (word == value) {
      to = meaning;
      return true;
    }
  return false;
}

template <class Kind, class Value>
bool take(const Kind& kind, std::string_view value, std::optional<Value>& to) {
  Value given{};
  if (!take(kind, value, given)) return false;
  to = std::move(given);
  return true;
}

bool take(Days, std::string_view value, std::optional<std::uint32_t>& to);

// Two kinds are looked at twice: their keys are refused in any section for what they cannot be, and for what
// does not hold only where they are read, in words of their own.
bool looksRight(ProtocolVersion, std::string_view value);
bool looksRight(Patterns, std::string_view value);
std::string complaint(ProtocolVersion, const std::string& key, const std::string& value);
std::string complaint(Patterns, const std::string& key, const std::string& value);

}  // namespace interimap::settings::as
