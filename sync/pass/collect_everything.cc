// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/collect_everything.h"

namespace interimap {

Reply<answer::Selected> CollectEverything::select() {
  return server_.select(mailbox_.wire[server_.side()], std::nullopt, {}, {});
}

// One that is not known is either left on this side alone, or the number of messages does not fit with what
// is known, and leads to another look.
void CollectEverything::askChanges() {
  flagsReply_ = server_.fetch(UidSet::below(changes_.listedFrom), request::Fetch::Items::flags,
                              [this](const answer::Message& message) {
                                seen_.add(message.uid);
                                if (mapped_.contains(message.uid) && message.flags)
                                  this->message(message.uid, *message.flags);
                              });
}

}  // namespace interimap
