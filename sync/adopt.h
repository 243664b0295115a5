// Which of the messages that are new on a server are copies that we made ourselves, before we were killed. A
// pure function of the journal and what the server shows.
#pragma once

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

// Intents without an identity are no one's. APPENDs of one session arrive in their order, so both lists are
// walked in the order of their UIDs. Equal are messages with the same header and INTERNALDATE. Sizes differ
// between servers, but of several such ones that of the same size is taken first. Each is adopted once.
std::vector<Adopted> adoptCopies(const std::vector<store::Intent>& intents,
                                 const std::vector<answer::Message>& candidates);

}  // namespace interimap
