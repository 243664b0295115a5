// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The mail that is measured with: which mailboxes, which messages, and the commands that put them there.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/e2e/directory.h"
#include "tests/e2e/imap_client.h"

namespace interimap::bench {

namespace fs = std::filesystem;

// INBOX and others, some below others; names that every contender takes.
std::vector<std::string> mailboxNames(std::size_t count);

// The last command of a script has this tag, all others begin with kTag.
inline constexpr const char* kTag = "s";
inline constexpr const char* kLastTag = "last";

struct Script {
  std::size_t messages = 0;
  std::uint64_t octets = 0;  // of the messages
  std::uint64_t median = 0, largest = 0;
};

// What an account holds.
struct Mail {
  std::size_t messages = 0, mailboxes = 1;
  bool tiny = false;  // some 300 octets each, instead of the usual distribution
  bool flags = true;
  bool sparse = false;  // before each there was another that is expunged: every UID is a range of its own
  bool operator==(const Mail&) const = default;
};

// CREATE, then MULTIAPPEND with literals that need no continuation, in batches of 128 messages or 1 MiB.
Script writeScript(const fs::path& path, const Mail& mail);

// As many flag changes, expunges and new messages, spread over the mailboxes; one half of each is made here,
// the other half there. The accounts are equal before.
struct Changes {
  std::size_t each = 400;
  bool flagsOnly = false;
  bool moves = false;  // instead: so many are moved here from INBOX to another mailbox
  void make(bed::ImapClient& here, bed::ImapClient& there, std::size_t mailboxes) const;
  bool operator==(const Changes&) const = default;
};

}  // namespace interimap::bench
