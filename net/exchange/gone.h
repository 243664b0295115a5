// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What is said to be gone while messages are removed.
#pragma once

#include <utility>
#include <variant>

#include "net/exchange/exchange.h"

namespace interimap {

// Of those that were to go. Other messages that vanish meanwhile are the next Select's business.
inline bool takeGone(Untagged& untagged, const UidSet& asked, Answers& answers) {
  // Without QRESYNC the server names message numbers, which nobody here keeps: that the command is OK has to
  // do.
  if (std::holds_alternative<Expunged>(untagged)) return true;
  auto* vanished = std::get_if<Vanished>(&untagged);
  if (vanished == nullptr || vanished->earlier) return false;
  UidSet ours = vanished->uids.intersect(asked);
  for (UidSet& piece : ours.piecesOfRanges(kMostRanges)) answers.send(answer::Vanished{std::move(piece)});
  return true;
}

}  // namespace interimap
