// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How one server spells mailbox names: its reference in front, its hierarchy delimiter between the levels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ipc/mailbox_name.h"

namespace interimap {

class Hierarchy {
 public:
  // Where INBOX is: below the reference like the others, or beside them, as where all are below "INBOX.".
  enum class Inbox : std::uint8_t { below, beside };

  // No delimiter: a flat namespace.
  Hierarchy(std::string reference, std::optional<char> delimiter, Inbox inbox = Inbox::below)
      : reference_(std::move(reference)), delimiter_(delimiter), inbox_(inbox) {}

  std::optional<char> delimiter() const { return delimiter_; }
  const std::string& reference() const { return reference_; }

  // Nothing for a name outside the reference, or longer than we handle. INBOX in any case becomes "INBOX".
  std::optional<MailboxName> name(const WireName& wire) const;
  WireName wire(const MailboxName& name) const;
  // As users read and type it: without the reference.
  std::string shown(const MailboxName& name) const;

  // Whether this server can hold the name: none of its levels has our delimiter inside, a flat namespace
  // holds flat names only, and it does not turn into INBOX. Else the name would become another one here.
  bool canSpell(const MailboxName& name) const;

  // A pattern of list-mailbox, in which NUL stands for the delimiter. Nothing if it has one and we are flat.
  std::optional<std::string> pattern(std::string text) const;

 private:
  std::string reference_;
  std::optional<char> delimiter_;
  Inbox inbox_;
};

// Names that only case tells apart: to some servers they are one.
bool differInCase(const MailboxName& one, const MailboxName& two);

bool isInbox(const std::string& name);  // ignoring case (RFC 3501 section 5.1)

}  // namespace interimap
