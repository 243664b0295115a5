// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What may be used of what a server has: decided once, when it has said so, and by nothing else. No stage
// asks for an extension by name.
#pragma once

#include <cstdint>
#include <string>

#include "ipc/imap.h"

namespace interimap {

// What sync is there for, which decides what it cannot do without.
enum class Purpose : std::uint8_t { synchronise, pull };

struct Means {
  // How what has changed is found: by all flags and UIDs there are; by mod-sequences, and the UIDs if the
  // number of messages does not fit; by mod-sequences and what vanished.
  enum class Collect : std::uint8_t { everything, condstore, qresync };
  enum class News : std::uint8_t { none, ofOneMailbox, ofAll };

  Collect collect = Collect::everything;
  bool expunges = false;   // exactly the messages that are named (UID EXPUNGE)
  News news = News::none;  // told unasked
  std::string prefix;      // of the mailboxes that are the user's own, on this server
  bool moves = false;      // to another mailbox, as one step (MOVE)
  bool names = false;      // tells what it calls a message (ServerId)
  std::string greeting{};  // which the next login may go ahead of (answer::Ready)

  static Means of(const answer::Ready& ready, Purpose purpose);
};

// The words for an extension that is missing, as the Perl program has them.
std::string notAdvertised(const std::string& extension);

}  // namespace interimap
