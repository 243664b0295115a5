// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which refusals have to do with the moment, and not with what was asked.
#pragma once

#include <algorithm>
#include <string_view>

#include "ipc/imap.h"

namespace interimap {

// RFC 5530 section 3; and no answer at all.
inline bool isForTheMoment(const answer::Done& done) {
  constexpr std::string_view kCodes[] = {"UNAVAILABLE",   "INUSE",         "LIMIT",
                                         "SERVERBUG",     "OVERQUOTA",     "TRYCREATE",
                                         "EXPUNGEISSUED", answer::kNotNow, answer::kUnreadable};
  return std::ranges::find(kCodes, done.code) != std::end(kCodes);
}

}  // namespace interimap
