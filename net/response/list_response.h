// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A LIST response: one mailbox (RFC 3501 section 7.2.2, RFC 5258 section 6).
#pragma once

#include <optional>

#include "ipc/imap.h"
#include "net/wire/tokens.h"

namespace interimap {

struct ListResponse {
  answer::ListEntry entry;
  bool renamed = false;       // the server tells of a new name: RFC 5465 section 5.4
  bool subscription = false;  // LSUB (RFC 3501 section 7.2.3), which is written like LIST

  // mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
  //                [SP mbox-list-extended]
  // `in` stands behind "LIST ". Of extended data (CHILDINFO) only
  // OLDNAME counts. A delimiter of "" is NIL's.
  static std::optional<ListResponse> parse(Tokens& in);
};

}  // namespace interimap
