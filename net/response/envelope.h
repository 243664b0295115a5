// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// ENVELOPE: what a server makes of a message's header (RFC 3501 section 7.4.2). Of it, only who sent it.
#pragma once

#include "ipc/path.h"
#include "net/wire/tokens.h"

namespace interimap {

struct Envelope {
  // The first address of Sender, or of From where there is no Sender; null if there is neither, or if it
  // cannot be read.
  ReversePath sender;

  // envelope = "(" env-date SP env-subject SP env-from SP env-sender SP … ")"
  // Takes whatever comes, as a message must not be lost for its header. Where the end of the value cannot be
  // told, `in` stands at the next streamed literal's item, or at the end.
  static Envelope parse(Tokens& in);
};

}  // namespace interimap
