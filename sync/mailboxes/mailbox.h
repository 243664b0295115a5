// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A mailbox that is on both servers and in the database.
#pragma once

#include <optional>
#include <string>

#include "ipc/mailbox_name.h"
#include "ipc/side.h"
#include "store/store.h"

namespace interimap {

struct Mailbox {
  MailboxName name;
  store::MailboxId id;
  Both<WireName> wire;

  // As users read and type it: with the local delimiter, without the reference.
  std::string shown() const { return wire.local.bytes.substr(wire.local.bytes.size() - name.bytes().size()); }
};

// What to do about a mailbox whose UIDs lost their meaning.
inline std::string startAfresh(const Mailbox& mailbox) {
  return " The mailbox is left alone. `interimap --adopt " + mailbox.shown() +
         "` pairs the messages that both sides have and copies the others; `interimap --target=database "
         "--delete " +
         mailbox.shown() + "` forgets what is known of it, and the next run takes it for new.";
}

}  // namespace interimap
