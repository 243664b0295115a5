// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailbox names as people know them: modified UTF-7 (RFC 3501 section 5.1.3) is for the wire.
#pragma once

#include <string>
#include <string_view>

namespace interimap {

// The same text, with each piece of it that is modified UTF-7 in UTF-8: "Entw&APw-rfe" is "Entwürfe". What
// would be a control character, or is none of that in the first place, stays as it is; to be escaped after
// it, not before.
std::string readable(std::string_view text);

}  // namespace interimap
