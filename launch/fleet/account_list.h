// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A list of accounts: a name in each line, and what else a template of a configuration wants to know of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/secret.h"

namespace interimap {

// One account, as a template sees it.
struct Instance {
  std::string name;
  std::string origin;                // where the list has it, "FILE:LINE"; empty without a list
  std::vector<std::string> columns;  // their names
  std::vector<Secret> fields;        // one for each column: any may be a password

  const Secret* find(std::string_view column) const;
  bool says(const Instance& other) const;  // the same, wherever it stands
  Instance copy() const;
};

// Why this cannot be the name of an account, or nothing. What can be is good as a part of a file's name.
std::string wrongName(std::string_view name);

struct AccountList {
  static constexpr std::size_t kMostOctets = 16 << 20, kMostAccounts = 100'000, kMostColumns = 64;
  static constexpr std::size_t kLongestName = 200, kLongestField = 4096, kLongestColumn = 64;

  std::vector<Instance> accounts;  // one at least, in their order, no two of one name

  // A first line that has a field "name" is the header: it names the columns, and says by the first of ";",
  // "," and tab that is in it what is between fields. Without it that is ";", and the columns are name, user
  // and host, as far as there are. Fields may be quoted as in RFC 4180, but not broken. Empty lines and those
  // that begin with "#" do not count. Throws Failure(config) "SOURCE:LINE: …", without quoting what may be a
  // password.
  static AccountList parse(std::string_view text, const std::string& source);

  const Instance* find(std::string_view name) const;
};

}  // namespace interimap
