// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a mailbox is for (RFC 6154, RFC 8457). \All, \Flagged and \Important show messages of others.
#pragma once

namespace interimap {

inline constexpr const char* kSpecialUses[] = {"\\All",  "\\Archive", "\\Drafts", "\\Flagged",
                                               "\\Junk", "\\Sent",    "\\Trash",  "\\Important"};

}  // namespace interimap
