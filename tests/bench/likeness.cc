// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/likeness.h"

#include <algorithm>

namespace interimap::bench {
namespace {

void stripKeywords(bed::Snapshot& snapshot) {
  for (auto& [name, mailbox] : snapshot.mailboxes) {
    mailbox.subscribed = false;
    for (bed::MessageState& message : mailbox.messages)
      std::erase_if(message.flags, [](const std::string& flag) { return flag.front() != '\\'; });
    std::sort(mailbox.messages.begin(), mailbox.messages.end());
  }
}

void stripToBodies(bed::Snapshot& snapshot) {
  for (auto& [name, mailbox] : snapshot.mailboxes) {
    for (bed::MessageState& message : mailbox.messages) {
      message.flags.clear();
      message.internalDate = 0;
    }
    std::sort(mailbox.messages.begin(), mailbox.messages.end());
  }
}

// Subjects are numbered.
void stripToSubjects(bed::Snapshot& snapshot) {
  for (auto& [name, mailbox] : snapshot.mailboxes) {
    for (bed::MessageState& message : mailbox.messages) {
      message.digest.clear();
      message.size = 0;
    }
    std::sort(mailbox.messages.begin(), mailbox.messages.end());
  }
}

}  // namespace

std::string likeness(const bed::Snapshot& here, const bed::Snapshot& there) {
  if (here == there) return "all equal";
  bed::Snapshot a = here, b = there;
  stripKeywords(a);
  stripKeywords(b);
  if (a == b) return "keywords differ";
  stripToBodies(a);
  stripToBodies(b);
  if (a == b) return "flags or dates differ";
  stripToSubjects(a);
  stripToSubjects(b);
  return a == b ? "bodies were changed" : "NOT THE SAME MESSAGES";
}

}  // namespace interimap::bench
