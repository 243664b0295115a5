// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A configuration of ours in the making, from another program's: what was understood is keys, what was not is
// remarks. A secret is neither.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interimap::imports {

// What holds for some mailboxes; all but what differs from our defaults is left out.
struct Policy {
  enum class Ways { both, toLocal, toRemote, never };
  Ways direction = Ways::both, deletions = Ways::both;  // direction is not never
  bool flags = true, create = true;
  bool deleteEmpty = false;  // mailboxes
  std::string maxSize = {}, maxAge = {};
  bool operator==(const Policy&) const = default;
};

class Draft {
 public:
  enum class Place { head, local, remote, foot };

  // A value that a configuration cannot hold becomes a remark. The last value of a key counts.
  void set(Place place, const std::string& key, const std::string& value);
  void remark(Place place, const std::string& text);
  void policy(const std::string& pattern, const Policy& policy);

  std::string text() const;

 private:
  struct Lines {
    std::vector<std::string> lines = {};
    std::map<std::string, std::size_t> keys = {};  // where they are
  };
  Lines& at(Place place) { return places_[place]; }

  std::map<Place, Lines> places_;
  std::vector<std::string> policies_;
};

// As a pattern of list-mailbox, where NUL stands for the hierarchy delimiter, within its quotation marks if
// it needs them. Nothing if it is no UTF-8.
std::optional<std::string> patternText(std::string_view pattern);

// A Perl-compatible regular expression for such a pattern. Nothing if it is no UTF-8.
std::optional<std::string> expressionText(std::string_view pattern);

// Whether it can name a file of ours.
bool isPlainName(std::string_view name);

// The path with the user's home in place of a leading "~/"; as it is if nobody knows where that is.
std::string withHome(const std::string& path);

// Dovecot's imap for a tree of Maildirs; `inbox` may be elsewhere.
std::string dovecotCommand(const std::string& path, const std::string& inbox, bool plusPlus);
inline constexpr const char* kOfDovecot =
    "Dovecot serves these Maildirs; with Dovecot 2.4 see interimap-migration(7) for its settings.";

}  // namespace interimap::imports
