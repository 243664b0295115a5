// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What may be written to a mailbox on one side.
#pragma once

#include <string_view>

#include "ipc/flags.h"
#include "ipc/imap.h"

namespace interimap {

struct Access {
  bool readOnly = false;
  StorableFlags storable;

  bool stores(std::string_view flag) const { return !readOnly && storable.allows(flag); }
  // Without the right to expunge \Deleted is not offered, and servers have been seen to say OK and do
  // nothing.
  bool expunges() const { return stores("\\Deleted"); }
};

}  // namespace interimap
