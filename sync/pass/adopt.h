// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which of the messages that are new on a server are copies that we made ourselves, before we were killed. A
// pure function of the journal and what the server shows.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "ipc/imap.h"
#include "store/store.h"

namespace interimap {

struct Adopted {
  Uid source, copy;
  std::optional<Flags> flags;  // with which it was appended, if that was written down
  bool operator==(const Adopted&) const = default;
};

// Messages on both servers that look the same, and more than one on either: only their bodies tell which is
// whose copy, as one of them may be what a user put there.
struct Ambiguous {
  UidSet sources, copies;
};
Ambiguous ambiguous(const std::vector<store::Intent>& intents,
                    const std::vector<answer::Message>& candidates);

// Digests of those, as far as the servers told.
struct Contents {
  std::map<Uid, ContentDigest> sources, copies;
};

// Intents without an identity are no one's. APPENDs of one session arrive in their order, so both lists are
// walked in the order of their UIDs. Equal are messages with the same header and INTERNALDATE. Of several
// such ones those are taken first that have the same content, then those of the same size. A server that
// alters messages changes their size, too: two of one size with different contents are different. Each is
// adopted once.
std::vector<Adopted> adoptCopies(const std::vector<store::Intent>& intents,
                                 const std::vector<answer::Message>& candidates, const Contents& contents);

}  // namespace interimap
