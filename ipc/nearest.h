// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What somebody who mistyped a word may have meant.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interimap {

// Longer ones are no slips of one another that are worth the time.
inline constexpr std::size_t kLongestCompared = 256;

// Letters to be put in, left out, replaced or swapped with the next, to make one of the other.
std::size_t distance(std::string_view one, std::string_view two);
// A word at this distance, or further off, is no slip for `word`.
std::size_t tooFar(std::string_view word);
inline constexpr std::size_t kTooManySlips = 3;  // whatever the word
// The nearest of these, in any case; nothing if none is within two letters.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words);

}  // namespace interimap
