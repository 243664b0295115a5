// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How a setting is described, once: from the rows of a table (ipc/settings.h) follow which keys a
// configuration may have, how their values are read (launch/config/values.h), and how settings travel to a
// worker and are judged there (ipc/settings_convert.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "ipc/secret.h"
#include "ipc/side.h"

namespace interimap::settings {

// What the value of a key looks like. Each has a take() in launch/config/values.h for the members it fits;
// `wants` is said of a value that is refused, where it is not plain from the value what would be right, and
// `hidden` ones are not said themselves.
namespace as {

struct YesNo {};  // in any case
struct Number {   // the worker keeps to these bounds, too
  std::uint64_t least, most;
};
struct Days {};    // a number, or nothing
struct Octets {};  // "512M"
struct Age {       // "2y", in days
  static constexpr const char* wants = "a number of days, weeks, months or years, as in 30d, 8w, 6m, 2y,";
  std::uint64_t least = 1, most = 100'000;
};
struct Share {};     // "100" or "25%"
struct Text {};      // one character or more, none of them a control character
struct HiddenText {  // that may hold a password
  static constexpr bool hidden = true;
};
struct TextOrEmpty {};
struct WireText {};  // US-ASCII without NUL, CR and LF
struct WireTextOrEmpty {};
struct Word {};        // visible US-ASCII
struct Credential {};  // anything without NUL
struct Port {
  static constexpr const char* wants = "1 to 65535, or the name of a service";
};
struct Mechanisms {
  static constexpr const char* wants =
      "PLAIN, LOGIN, SCRAM-SHA-1, SCRAM-SHA-256, these two with -PLUS, OAUTHBEARER, XOAUTH2 or EXTERNAL";
};
struct ProtocolVersion {};   // of TLS
struct Protocols {};         // ditto, some of them excluded
struct Fingerprints {};      // [ALGO$]HEX
struct SelectionOptions {};  // of LIST
struct Patterns {};          // ditto
struct SpecialUses {
  static constexpr const char* wants =
      "\\All, \\Archive, \\Drafts, \\Flagged, \\Important, \\Junk, \\Sent or \\Trash";
};
struct Mailboxes {};
struct After {};  // "keep", "delete", "move MAILBOX": words
struct ForwardPaths {};
struct Sender {};
struct FieldNames {};  // of a message's header
struct AddressPatterns {
  static constexpr const char* wants = "addresses in which * stands for anything, as *@example.org,";
};
template <class Value>
struct Named {
  std::string_view word;
  Value value;
};
template <class Value, std::size_t count>
struct Choice {  // one of these words
  std::array<Named<Value>, count> words;
};
template <class Value, std::size_t count>
constexpr Choice<Value, count> oneOf(const Named<Value> (&words)[count]) {
  return {std::to_array(words)};
}

}  // namespace as

// A key of the configuration.
template <class Settings, class Value, class Kind>
struct Key {
  constexpr Key(const char* name, Value Settings::*where, Kind kind) : name(name), where(where), kind(kind) {}
  const char* name;
  Value Settings::*where;
  Kind kind;
};

// Not a key, but what launch says, or makes of keys and the command line.
template <class Settings, class Value>
struct Told {
  constexpr Told(const char* name, Value Settings::*where) : name(name), where(where) {}
  const char* name;
  Value Settings::*where;
};

// All of another table, each of its keys with something before its name.
template <class Settings, class Value>
struct Part {
  constexpr Part(const char* prefix, Value Settings::*where) : prefix(prefix), where(where) {}
  const char* prefix;
  Value Settings::*where;
};

// Another table for each account, read from its own section.
template <class Settings, class Value>
struct OfEach {
  constexpr explicit OfEach(Both<Value> Settings::*where) : where(where) {}
  Both<Value> Settings::*where;
};

// Calls visit(row, member) for each member that a table describes, in its order.
template <class Settings, class Visit>
void forEachSetting(Settings& settings, Visit&& visit);

namespace rows {

template <class S, class V, class K, class Settings, class Visit>
void visitRow(const Key<S, V, K>& row, Settings& settings, Visit& visit) {
  visit(row, settings.*row.where);
}
template <class S, class V, class Settings, class Visit>
void visitRow(const Told<S, V>& row, Settings& settings, Visit& visit) {
  visit(row, settings.*row.where);
}
template <class S, class V, class Settings, class Visit>
void visitRow(const Part<S, V>& row, Settings& settings, Visit& visit) {
  forEachSetting(settings.*row.where, visit);
}
template <class S, class V, class Settings, class Visit>
void visitRow(const OfEach<S, V>& row, Settings& settings, Visit& visit) {
  for (Side side : kSides) forEachSetting((settings.*row.where)[side], visit);
}

template <class Value>
const Value& copied(const Value& value) {
  return value;
}
inline Secret copied(const Secret& secret) { return Secret(std::string(secret.reveal())); }

}  // namespace rows

template <class Settings, class Visit>
void forEachSetting(Settings& settings, Visit&& visit) {
  std::apply([&](const auto&... row) { (rows::visitRow(row, settings, visit), ...); },
             std::remove_const_t<Settings>::rows());
}

// To start several workers. A password is not copied by accident.
template <class Settings>
Settings copyOf(const Settings& settings) {
  Settings copy;
  std::apply([&](const auto&... row) { ((copy.*row.where = rows::copied(settings.*row.where)), ...); },
             Settings::rows());
  return copy;
}

}  // namespace interimap::settings
