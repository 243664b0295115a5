// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailboxes that have one name on local and another on remote: "Sent" is "Sent Items" there, and "Lists/x" is
// "mailing/x". What is below a mailbox goes along with it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ipc/mailbox_name.h"
#include "ipc/side.h"

namespace interimap {

class NameMap {
 public:
  struct Entry {
    MailboxName local, remote;
    const MailboxName& operator[](Side side) const { return side == Side::local ? local : remote; }
  };

  // Nothing if these are not one to one: fault() says which of them, and why.
  static std::optional<NameMap> of(std::vector<Entry> entries);
  struct Fault {
    std::size_t entry;
    std::string why;
  };
  static std::optional<Fault> fault(const std::vector<Entry>& entries);

  bool empty() const { return entries_.empty(); }
  const std::vector<Entry>& entries() const { return entries_; }

  // The name on remote of what has this name on local, and the other way round: that of the closest entry it
  // is or is below of, else the same. Nothing if that is the name of another mailbox, or too long.
  std::optional<MailboxName> toRemote(const MailboxName& local) const;
  std::optional<MailboxName> toLocal(const MailboxName& remote) const;
  // By its local name, the mailbox for whose sake `name` of that side is none.
  std::optional<MailboxName> rivalOf(Side side, const MailboxName& name) const;

 private:
  std::vector<Entry> entries_;
};

}  // namespace interimap
