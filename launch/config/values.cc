// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/values.h"

#include <algorithm>
#include <limits>

#include "ipc/ascii.h"
#include "ipc/special_use.h"
#include "launch/config/key.h"
#include "launch/config/list_patterns.h"
#include "launch/config/port.h"
#include "launch/config/pull_values.h"
#include "launch/show/log_prefix.h"

namespace interimap::settings::as {

namespace {

bool copyIf(bool good, std::string_view value, std::string& to) {
  if (good) to = value;
  return good;
}

template <class Value>
bool moveIf(std::optional<Value>&& value, Value& to) {
  if (value) to = std::move(*value);
  return value.has_value();
}

bool isYes(std::string_view value) { return value.size() == 3; }  // of what isYesNo()

bool isProtocolVersion(std::string_view value) {
  for (std::string_view known : {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"})
    if (value == known) return true;
  return false;
}

bool isProtocol(std::string_view value) {
  if (value.starts_with('!')) value.remove_prefix(1);
  return value == "SSLv2" || value == "TLSv1.0" || isProtocolVersion(value);
}

// [ALGO$]HEX
bool isFingerprint(std::string_view value) {
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  auto hex = [&](char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  auto alnum = [&](char c) { return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (auto dollar = value.find('$'); dollar != value.npos) {
    std::string_view algorithm = value.substr(0, dollar);
    if (algorithm.empty() || !std::ranges::all_of(algorithm, alnum)) return false;
    value.remove_prefix(dollar + 1);
  }
  return !value.empty() && std::ranges::all_of(value, hex);
}

// What net can do.
constexpr std::string_view kMechanisms[] = {
    "PLAIN",       "LOGIN",   "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS",
    "OAUTHBEARER", "XOAUTH2", "EXTERNAL"};
bool isMechanism(std::string_view value) {
  return std::ranges::find(kMechanisms, upperCase(std::string(value))) != std::end(kMechanisms);
}

}  // namespace

bool take(YesNo, std::string_view value, bool& to) {
  if (!isYesNo(value)) return false;
  to = isYes(value);
  return true;
}

bool take(YesNo, std::string_view value, Compress& to) {
  if (!isYesNo(value)) return false;
  to = isYes(value) ? Compress::yes : Compress::no;
  return true;
}

bool take(Octets, std::string_view value, std::uint64_t& to) { return moveIf(octets(value), to); }

bool take(Days, std::string_view value, std::optional<std::uint32_t>& to) {
  to.reset();
  return value.empty() || take(Number{0, std::numeric_limits<std::uint32_t>::max()}, value, to.emplace());
}

// A month has 30 days and a year 365: whoever wants to keep to a calendar counts days.
bool take(Age bounds, std::string_view value, std::uint32_t& to) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  value.remove_prefix(static_cast<std::size_t>(end - value.data()));
  if (error != std::errc() || value.size() != 1 || number > bounds.most) return false;
  constexpr std::string_view kUnits = "dwmy";
  constexpr std::uint64_t kDays[] = {1, 7, 30, 365};
  const auto unit = kUnits.find(value[0]);
  if (unit == kUnits.npos) return false;
  number *= kDays[unit];
  if (number < bounds.least || number > bounds.most) return false;
  to = static_cast<std::uint32_t>(number);
  return true;
}

// "100", "25%" or "25 %".
bool take(Share, std::string_view value, settings::Share& to) {
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), to.number);
  if (error != std::errc()) return false;
  value.remove_prefix(static_cast<std::size_t>(end - value.data()));
  to.percent = value == "%" || value == " %";
  return to.percent ? to.number <= 100 : value.empty();
}

bool take(Text, std::string_view value, std::string& to) { return copyIf(isText(value), value, to); }
bool take(HiddenText, std::string_view value, std::string& to) { return take(Text{}, value, to); }
bool take(TextOrEmpty, std::string_view value, std::string& to) {
  return copyIf(isTextOrEmpty(value), value, to);
}
bool take(WireText, std::string_view value, std::string& to) { return copyIf(isWireText(value), value, to); }
bool take(WireTextOrEmpty, std::string_view value, std::string& to) {
  return copyIf(isWireTextOrEmpty(value), value, to);
}
bool take(Word, std::string_view value, std::string& to) {
  bool visible = std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7F; });
  return copyIf(visible && !value.empty(), value, to);
}
bool take(Credential, std::string_view value, std::string& to) {
  return copyIf(isCredential(value), value, to);
}
bool take(Port, std::string_view value, std::string& to) { return copyIf(isPort(value), value, to); }
bool take(Path, std::string_view value, std::string& to) { return copyIf(isAbsolute(value), value, to); }
bool take(LogPrefix, std::string_view value, std::string& to) {
  return copyIf(isTextOrEmpty(value) && value.size() <= kLongestLogPrefix, value, to);
}
bool take(ProtocolVersion, std::string_view value, std::string& to) {
  return copyIf(isProtocolVersion(value), value, to);
}
bool take(Sender, std::string_view value, std::string& to) { return moveIf(parseSender(value), to); }
bool take(Method, std::string_view value, Destination& to) { return moveIf(Destination::parse(value), to); }

bool take(Protocols, std::string_view value, std::vector<std::string>& to) {
  to = splitAtBlanks(value);
  return areItems(value, isProtocol);
}

bool take(Fingerprints, std::string_view value, std::vector<std::string>& to) {
  to = splitAtBlanks(value);
  for (std::string& pin : to)
    if (pin.find('$') == pin.npos) pin.insert(0, "sha256$");
  return areItems(value, isFingerprint);
}

bool take(Mechanisms, std::string_view value, std::vector<std::string>& to) {
  to = splitAtBlanks(upperCase(std::string(value)));
  return areItems(value, isMechanism);
}

bool take(SelectionOptions, std::string_view value, std::vector<std::string>& to) {
  to = splitAtBlanks(upperCase(std::string(value)));
  return std::ranges::all_of(value, [](char c) { return c == ' ' || isAtomCharacter(c); });
}

bool take(Patterns, std::string_view value, std::vector<std::string>& to) {
  return isWireText(value) && moveIf(parsePatterns(value), to);
}
// Spelt as the RFC does, whatever the case.
bool take(SpecialUses, std::string_view value, std::vector<std::string>& to) {
  to = splitAtBlanks(value);
  return std::ranges::all_of(to, [](std::string& use) {
    auto known =
        std::ranges::find_if(kSpecialUses, [&](const char* it) { return equalIgnoringCase(it, use); });
    if (known == std::end(kSpecialUses)) return false;
    use = *known;
    return true;
  });
}
bool take(After, std::string_view value, std::vector<std::string>& to) {
  return moveIf(parseAfter(value), to);
}
bool take(Mailboxes, std::string_view value, std::vector<std::string>& to) {
  return moveIf(parseMailboxes(value), to);
}
bool take(ForwardPaths, std::string_view value, std::vector<std::string>& to) {
  return moveIf(parseForwardPaths(value), to);
}
bool take(FieldNames, std::string_view value, std::vector<std::string>& to) {
  return moveIf(parseFieldNames(value), to);
}
bool take(AddressPatterns, std::string_view value, std::vector<std::string>& to) {
  return moveIf(parseAddressPatterns(value), to);
}

bool looksRight(ProtocolVersion, std::string_view value) { return isText(value); }
bool looksRight(Patterns, std::string_view value) { return isWireText(value); }
std::string complaint(ProtocolVersion, const std::string&, const std::string& value) {
  return "Unknown protocol version " + value;
}
std::string complaint(Patterns, const std::string& key, const std::string& value) {
  return "Invalid value for " + key + ": " + value;
}

}  // namespace interimap::settings::as
