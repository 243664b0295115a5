// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What interimap was asked for on its command line.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "launch/config/options.h"

namespace interimap {

enum class Command : std::uint8_t { synchronise, repair, adopt, remove, rename, status, check };
enum class Origin : std::uint8_t { mbsync, offlineImap };  // whose configuration --import reads
enum class ShowProgress : std::uint8_t { automatic, always, never, mailboxes };

struct Arguments {
  bool help = false, version = false;
  bool quiet = false;
  std::uint8_t debug = 0;         // 0 … 2, see settings::Net
  std::string config = "config";  // as given; paths.h resolves it
  Command command = Command::synchronise;
  bool onLocal = true, onRemote = true, inDatabase = true;  // --target; all of them without it
  std::optional<unsigned> watch;                            // --watch, --notify: seconds between two looks
  bool notify = false;
  bool dryRun = false, forceDeletions = false;
  bool adoptByMessageId = false;  // --adopt=message-id
  ShowProgress progress = ShowProgress::automatic;
  bool json = false;                    // --log-format
  std::optional<std::string> instance;  // --instance: one account of the list
  bool all = false;                     // all of them, so many at a time
  unsigned jobs = 4;
  bool resume = false;
  std::optional<Origin> origin;        // --import
  std::string importFile, importName;  // what it reads, and of what in it; empty: the first
  std::vector<std::string> mailboxes;  // modified UTF-7, INBOX in upper case
};

inline constexpr unsigned kMostJobs = 10'000;

// `words` without the program's name.
std::variant<Arguments, UsageError> parseArguments(std::span<const std::string_view> words);

// A MAILBOX argument as the wire spells it: US-ASCII is taken verbatim, as modified UTF-7; a name with other
// characters must be UTF-8 and is converted. Nothing if it is empty or neither.
std::optional<std::string> mailboxArgument(std::string_view word);

// What --help and a usage error show.
extern const std::string_view kHelp, kUsage;

}  // namespace interimap
