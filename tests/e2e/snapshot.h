// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The whole state of an account as an ordinary client sees it, in a form that two servers can be compared in:
// mailbox names with "/" for the delimiter, messages without UIDs.
#pragma once

#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "tests/e2e/imap_client.h"

namespace interimap::bed {

struct MessageState {
  std::string digest;      // SHA-256 of the body with line ends normalised to LF
  std::uint64_t size = 0;  // octets of that
  std::time_t internalDate = 0;
  std::vector<std::string> flags;  // sorted, without \Recent
  std::string subject;             // for people

  auto operator<=>(const MessageState&) const = default;
};

struct MailboxState {
  bool subscribed = false;
  std::vector<MessageState> messages;  // sorted

  bool operator==(const MailboxState&) const = default;
};

struct Snapshot {
  std::map<std::string, MailboxState> mailboxes;  // selectable ones

  static Snapshot of(ImapClient& client, const std::string& reference = "");
  static Snapshot of(ImapClient&& client, const std::string& reference = "") { return of(client, reference); }

  bool operator==(const Snapshot&) const = default;
  std::size_t messages() const;
  std::vector<std::string> duplicates() const;  // "mailbox: subject", one for each surplus copy
};

// What differs, a line each; empty if nothing does. At most some dozen lines.
std::string difference(const Snapshot& here, const Snapshot& there);

}  // namespace interimap::bed
