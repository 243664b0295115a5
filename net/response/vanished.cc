// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/vanished.h"

namespace interimap {

std::optional<Vanished> Vanished::parse(Tokens& in) {
  Vanished vanished;
  if (in.take('(')) {
    if (!in.word("EARLIER") || !in.take(')') || !in.space()) return std::nullopt;
    vanished.earlier = true;
  }
  auto uids = UidSet::parse(in.rest());
  if (!uids || uids->empty()) return std::nullopt;
  vanished.uids = std::move(*uids);
  return vanished;
}

}  // namespace interimap
