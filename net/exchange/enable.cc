// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/enable.h"

#include "ipc/failure.h"

namespace interimap {

std::vector<Command> Enable::commands(const Capabilities&) {
  if (!qresync_) return {};
  return {Command("ENABLE QRESYNC")};
}

bool Enable::take(Untagged& untagged, Answers&) {
  auto* enabled = std::get_if<Enabled>(&untagged);
  if (enabled == nullptr) return false;
  enabled_ |= enabled->what.has("QRESYNC");
  return true;
}

void Enable::finish(Answers& answers) {
  if (qresync_ && !(done_.ok() && enabled_))
    throw Failure(ExitStatus::protocol,
                  "Couldn't ENABLE QRESYNC" + (done_.ok() ? std::string() : ": " + done_.text));
  answers.send(answer::Ready{.multiAppend = capabilities_.has("MULTIAPPEND"),
                             .unselect = capabilities_.has("UNSELECT"),
                             .idle = capabilities_.has("IDLE"),
                             .notify = capabilities_.has("NOTIFY"),
                             .move = capabilities_.has("MOVE"),
                             .uidPlus = capabilities_.has("UIDPLUS")});
}

}  // namespace interimap
