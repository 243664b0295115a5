// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// MAILBOX arguments that no mailbox answers to: which, and what may have been meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interimap {

// A pattern of LIST (RFC 3501 section 6.3.8). INBOX in any case.
bool matchesPattern(std::string_view pattern, std::string_view name, std::optional<char> delimiter);

// The name that `word` is likely to be a slip of, or nothing: one that differs in a letter or two, or in
// case, or that has it as its last level.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names,
                                   std::optional<char> delimiter);

// "No mailbox is called wrok. Did you mean Work?"
std::string noSuchMailbox(const std::string& word, const std::vector<std::string>& names,
                          std::optional<char> delimiter);

}  // namespace interimap
