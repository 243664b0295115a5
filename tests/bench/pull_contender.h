// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Who takes mail from an IMAP mailbox to an SMTP or LMTP server, and how each is told to do it once, for all
// messages, without deleting them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/directory.h"
#include "tests/e2e/process.h"

namespace interimap::bench {

namespace fs = std::filesystem;

struct PullSetting {
  std::uint16_t imap;  // ports on 127.0.0.1
  std::string user;
  bool lmtp;
  std::uint16_t sink;
  fs::path directory;    // empty: for its configuration and state
  std::size_t messages;  // in the mailbox
  std::uint64_t octets;  // of all of them
};

struct PullContender {
  std::string name;   // also its user on the server
  std::string title;  // in the table
  std::string remark;
  bool slow = false;   // gets fewer messages
  bool floor = false;  // has no IMAP side

  // Its configuration is written, its command not yet started; none if it has no answer to this.
  std::function<std::optional<bed::Command>(const PullSetting&)> prepare;
};

// Ours always, of the others those that can be had.
std::vector<PullContender> pullContenders();
std::vector<std::string> pullContenderNames();  // of all there may be

}  // namespace interimap::bench
