// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A mailbox that is on both servers and in the database.
#pragma once

#include <optional>
#include <string>

#include "ipc/mailbox_name.h"
#include "ipc/side.h"
#include "store/store.h"
#include "sync/mailboxes/policy.h"

namespace interimap {

struct Mailbox {
  MailboxName name;
  store::MailboxId id;
  Both<WireName> wire;
  Policy policy{};
  Both<std::optional<std::uint64_t>> appendLimit{};  // octets that a side takes in a message, if it says so

  // As users read and type it: with the local delimiter, without the reference.
  std::string shown() const { return wire.local.bytes.substr(wire.local.bytes.size() - name.bytes().size()); }
};

// What to do about a mailbox whose UIDs lost their meaning on that side: which of these is right depends on
// why they did.
inline std::string startAfresh(const Mailbox& mailbox, Side side) {
  std::string name = mailbox.shown();
  return " The mailbox is left alone. If these are the same messages under new UIDs: `interimap --adopt " +
         name +
         "` pairs those that both sides have and copies the others. If it was deleted or renamed there, and "
         "made "
         "anew: `interimap --target=" +
         (side == Side::local ? "remote" : "local") + ",database --delete " + name +
         "` deletes the old one, too, and the next run copies the new one. `interimap --target=database "
         "--delete " +
         name + "` forgets what is known of it, and the next run takes it for new: nothing is deleted.";
}

}  // namespace interimap
