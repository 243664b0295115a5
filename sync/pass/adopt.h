// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which of the messages that are new on a server are copies that we made ourselves, or sent once: a pure
// function of what was sent and what the server shows.
//
// Message-ID and INTERNALDATE only find candidates; whether two messages are the same is said by their
// content.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "ipc/imap.h"
#include "store/store.h"

namespace interimap {

// An APPEND that may have taken effect.
struct Sent {
  std::int64_t stray = 0;     // as the store knows it
  std::optional<Uid> source;  // none: not known any more
  std::optional<Uid> copy;    // of the source, that we know already
  Identity identity;
  Flags flags;  // that it was sent with; none if that is not known: then neither side loses any
  UidNext targetNext;
  std::optional<ContentDigest> content;
  // Its server has just said that it is stored, but not under which UID.
  bool answered = false;
  // Its server is likely to give messages dates of its own: the date does not count at all, even where nobody
  // can show the content. Alike for all.
  bool anyDate = false;
};

// What is to be looked at: for each candidate that looks like something sent, that and the candidate.
struct Question {
  UidSet sources, copies;            // copies: also those that are known
  UidSet plainSources, plainCopies;  // without their contents
};
// One that is `answered` and the only one that looks like the only candidate is asked for its flags alone.
Question question(const std::vector<Sent>& sent, const std::vector<answer::Message>& candidates);

// Digests of those, as far as the servers told.
struct Contents {
  std::map<Uid, ContentDigest> sources, copies;
};

struct Arrived {
  std::size_t sent;  // which
  Uid copy;
  // By content; else only by size, as nobody shows the content of one of the two any more; or only by the
  // header or the date, as its server has just stored as many as there are, and alters what it stores.
  bool proven;
  bool operator==(const Arrived&) const = default;
};

// Each candidate is one sent message at the most. Messages that have no copy yet go first, and those that
// nobody can show any more last. APPENDs of one session arrive in their order, so both are taken in the order
// of their UIDs. Another installation may have copied what we had sent, and nobody knows which of the two
// copies is ours: so what had no copy may have arrived a second time.
std::vector<Arrived> arrived(const std::vector<Sent>& sent, const std::vector<answer::Message>& candidates,
                             const Contents& contents);

}  // namespace interimap
