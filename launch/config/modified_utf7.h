// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Modified UTF-7, the spelling of mailbox names on the wire (RFC 3501 section 5.1.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace interimap {

// "Entwürfe" becomes "Entw&APw-rfe". Nothing if the text is no UTF-8.
std::optional<std::string> toModifiedUtf7(std::string_view utf8);

// A name as a user has written it: what is ASCII is modified UTF-7 already. Nothing as above.
std::optional<std::string> wireSpelling(std::string_view name);

}  // namespace interimap
