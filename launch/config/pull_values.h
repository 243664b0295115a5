// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The values of keys that pullimap alone has.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interimap {

// The value of `mailbox`: one name or pattern of LIST, with whatever blanks it holds; or, if it begins with a
// double quote, several between blanks, spelled as in list_patterns.h. Nothing if it is neither.
std::optional<std::vector<std::string>> parseMailboxes(std::string_view value);
// Whether it may be several mailboxes, or none.
bool isMailboxPattern(std::string_view mailbox);
// "keep" or "delete"; or "move" and the one mailbox that follows, as on the wire.
std::optional<std::vector<std::string>> parseAfter(std::string_view value);

// The value of `deliver-rcpt`: forward-paths between commas or blanks that are not within double quotes.
// Nothing if one of them is none, or if there are none or more than kMostForwardPaths.
std::optional<std::vector<std::string>> parseForwardPaths(std::string_view value);

// The value of `deliver-sender`: a reverse-path, in brackets or not; "<>" is the null one. Nothing if it is
// none.
std::optional<std::string> parseSender(std::string_view value);

// The value of `deliver-drop`: names of header fields between blanks or commas. Nothing if one of them is
// none.
std::optional<std::vector<std::string>> parseFieldNames(std::string_view value);

// The value of `rcpt-allow`: addresses between blanks or commas, in which "*" stands for anything. Nothing if
// one of them can be no address.
std::optional<std::vector<std::string>> parseAddressPatterns(std::string_view value);

}  // namespace interimap
