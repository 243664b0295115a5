// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One section of pullimap's configuration: an account, and where its mail goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/launch.h"
#include "launch/config/log_keys.h"
#include "launch/config/password.h"

namespace interimap {

struct PullSection {
  std::string name;
  settings::Net net;  // with the password, if the configuration says it
  PasswordSource password;
  settings::Delivery delivery;  // likewise
  PasswordSource deliverPassword;
  std::string statefile;                    // as written, or the section's name; paths.h resolves it
  std::vector<std::string> mailboxes;       // as on the wire, each once, at least one
  std::vector<std::string> forwardPaths;    // each a ForwardPath, once, at least one
  std::optional<std::uint32_t> purgeAfter;  // days
  bool seen = true;                         // deliver-seen
  std::optional<std::string> sender;        // deliver-sender: a ReversePath
  LogKeys log;

  // Throws Failure(config) naming the file and, where there is one, the line.
  static PullSection parse(const Ini& ini, const std::string& name, const std::string& file);

  bool holdsPassword() const { return !net.password.empty() || !delivery.password.empty(); }
};

// All sections but the default one, in the order of their names.
std::vector<std::string> sectionNames(const Ini& ini);

// The value of `mailbox`: one name, with whatever blanks it holds; or, if it begins with a double quote,
// names between blanks, spelled like the patterns of list_patterns.h. Nothing if it is neither.
std::optional<std::vector<std::string>> parseMailboxes(std::string_view value);

// The value of `deliver-rcpt`: forward-paths between commas or blanks that are not within double quotes.
// Nothing if one of them is none, or if there are none or more than kMostForwardPaths.
std::optional<std::vector<std::string>> parseForwardPaths(std::string_view value);

// The value of `deliver-sender`: a reverse-path, in brackets or not; "<>" is the null one. Nothing if it is
// none.
std::optional<std::string> parseSender(std::string_view value);

// The value of `deliver-drop`: names of header fields between blanks or commas. Nothing if one of them is
// none.
std::optional<std::vector<std::string>> parseFieldNames(std::string_view value);

}  // namespace interimap
