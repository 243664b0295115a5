// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which messages are which, after UIDs have lost their meaning.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ipc/identity.h"
#include "ipc/uid.h"

namespace interimap {

struct FoundMessage {
  Uid uid;
  Identity identity;
};

// For each of `known` the message among `found` that it is, if there is one; none is given twice. The header
// has to be the same, and the date or the size: a server that was moved to keeps one of them at least. Those
// in which all three agree come first. An identity that is all zero is not known, and matches nothing.
std::vector<std::optional<Uid>> recognise(std::span<const Identity> known,
                                          std::span<const FoundMessage> found);

}  // namespace interimap
