// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A STATUS response: the counters of a mailbox that is not selected (RFC 3501 section 7.2.4, RFC 7162).
#pragma once

#include <optional>

#include "ipc/imap.h"
#include "net/wire/tokens.h"

namespace interimap {

struct StatusData {
  answer::StatusEntry entry;

  // mailbox-data =/ "STATUS" SP mailbox SP "(" [status-att-list] ")"; `in` stands behind "STATUS ".
  // Items we did not ask for are skipped.
  static std::optional<StatusData> parse(Tokens& in);
};

}  // namespace interimap
