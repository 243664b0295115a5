// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The keys of a configuration section: which there are, and what each accepts. Most come from the tables of
// settings (known_keys.h).
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launch/config/ini.h"

namespace interimap {

// A key that a section may have.
struct KnownKey {
  std::string name;
  std::function<bool(std::string_view value)> accepts;
  bool hidden = false;          // a value that may hold a password is not shown in an error
  const char* wants = nullptr;  // what the value is to be, where that is not plain from the value
};
using KnownKeys = std::vector<KnownKey>;

// What values are made of.
bool isText(std::string_view value);         // one character or more, none of them a control character
bool isTextOrEmpty(std::string_view value);  //
bool isWireText(std::string_view value);     // US-ASCII without NUL, CR, LF; not empty
bool isWireTextOrEmpty(std::string_view value);
bool isCredential(std::string_view value);  // one octet or more, none of them NUL
bool isAbsolute(std::string_view value);    // a path, isText
bool isAtomCharacter(char c);               // ATOM-CHAR of RFC 3501 section 9
bool areItems(std::string_view value,
              bool (*isItem)(std::string_view));              // one or more, single blanks between
bool isYesNo(std::string_view value);                         // any case
std::optional<std::uint64_t> octets(std::string_view value);  // "512M": a number above 0, with K, M, G

// One section with what it inherits from the default section.
class Keys {
 public:
  // Throws Failure(config) "FILE:LINE: Invalid option KEY[ = VALUE]" for a key that is not known or a value
  // its key refuses, "FILE: No such section NAME" if the section is not there (the default section may be
  // missing). `ini` must outlive this.
  Keys(const Ini& ini, std::string_view section, const KnownKeys& known, const std::string& file);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  std::optional<std::string> get(std::string_view key) const;
  Secret secret(std::string_view key) const;  // empty if not given
  // Which of several ways to say one thing is taken: the section's own, else the default section's; nothing
  // if neither says it. Throws Failure(config) if one section says it in two ways.
  std::optional<std::string_view> oneOf(std::initializer_list<std::string_view> keys) const;
  // A value that is well formed, but not good.
  [[noreturn]] void refuse(std::string_view key, const std::string& why) const;
  [[noreturn]] void refuse(const std::string& why) const;  // the section as a whole

 private:
  const Property* find(std::string_view key) const;
  void check(const Section& section, const KnownKeys& known) const;

  const Section* own_ = nullptr;
  const Section* defaults_ = nullptr;
  std::string section_, file_;
};

std::vector<std::string> splitAtBlanks(std::string_view text);
std::string upperCase(std::string text);  // US-ASCII only

}  // namespace interimap
