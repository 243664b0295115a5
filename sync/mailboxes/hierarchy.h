// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How one server spells mailbox names: its reference in front, its hierarchy delimiter between the levels,
// and names of its own for some.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ipc/mailbox_name.h"
#include "ipc/name_map.h"

namespace interimap {

class Hierarchy {
 public:
  // Where INBOX is: below the reference like the others, or beside them, as where all are below "INBOX.".
  enum class Inbox : std::uint8_t { below, beside };

  // No delimiter: a flat namespace. `map`: of the remote server's names; all others know mailboxes by their
  // local ones.
  Hierarchy(std::string reference, std::optional<char> delimiter, Inbox inbox = Inbox::below,
            std::shared_ptr<const NameMap> map = nullptr)
      : reference_(std::move(reference)), delimiter_(delimiter), inbox_(inbox), map_(std::move(map)) {}

  std::optional<char> delimiter() const { return delimiter_; }
  const std::string& reference() const { return reference_; }

  // Nothing for a name outside the reference, or longer than we handle, or that is another mailbox's by the
  // map. INBOX in any case becomes "INBOX".
  std::optional<MailboxName> name(const WireName& wire) const;
  std::optional<MailboxName> ownName(const WireName& wire) const;  // whatever the map says
  WireName wire(const MailboxName& name) const;
  // As users read and type it: without the reference.
  std::string shown(const MailboxName& name) const;

  // Whether this server can hold the name: none of its levels has our delimiter inside, a flat namespace
  // holds flat names only, it does not turn into INBOX, and no other mailbox has it by the map. Else the name
  // would become another one here.
  bool canSpell(const MailboxName& name) const;

  // A pattern of list-mailbox, in which NUL stands for the delimiter. Nothing if it has one and we are flat.
  std::optional<std::string> pattern(std::string text) const;

 private:
  std::string reference_;
  std::optional<char> delimiter_;
  Inbox inbox_;
  std::shared_ptr<const NameMap> map_;

  MailboxName mapped(const MailboxName& name) const {
    return map_ ? map_->toRemote(name).value_or(name) : name;
  }
};

// Names that only case tells apart: to some servers they are one.
bool differInCase(const MailboxName& one, const MailboxName& two);

bool isInbox(const std::string& name);  // ignoring case (RFC 3501 section 5.1)

}  // namespace interimap
