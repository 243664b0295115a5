// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which messages are which, after UIDs have lost their meaning.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ipc/identity.h"
#include "ipc/uid.h"
#include "ipc/uid_set.h"

namespace interimap {

struct KnownMessage {
  Identity identity;        // all zero: not known
  ContentDigest content{};  // likewise
};

struct FoundMessage {
  Uid uid;
  Identity identity;
  std::optional<ContentDigest> content{};  // if it was asked for
};

// Whether one is the other. The content says so, where it is known. Where a message was only listed
// (--no-delivery, a state file of the reference), header, date and size have to agree, all three.
bool isSame(const KnownMessage& known, const FoundMessage& found);

// Those of `found` whose content has to be known before recognise() is asked: their header is a known one's.
UidSet inQuestion(std::span<const KnownMessage> known, std::span<const FoundMessage> found);

// For each of `known` the message among `found` that it is, if there is one; none is given twice.
std::vector<std::optional<Uid>> recognise(std::span<const KnownMessage> known,
                                          std::span<const FoundMessage> found);

}  // namespace interimap
