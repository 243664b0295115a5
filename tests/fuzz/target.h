// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A fuzz target: what is done with octets as a stranger may have sent them, and what has to hold whatever
// they are. It may throw what its subject's header says, and has to catch that; all else is a bug.
//
//   FUZZ(uid_set) { … octets … }
//
// Its name is that of its corpus (tests/fuzz/corpus) and of its dictionary, if it has one.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace interimap::fuzz {

using Attempt = void (*)(std::string_view octets);

// Those of this program, by name.
std::map<std::string, Attempt>& targets();

struct Target {
  Target(const char* name, Attempt attempt) { targets().emplace(name, attempt); }
};

// Ends the program, naming what does not hold.
void require(bool holds, const char* what);

// What stands before the first LF, taken off with it: how the target is to set up its subject.
std::string_view takeLine(std::string_view& octets);

// The first line, LF included; all there is if it has none.
inline std::string_view lineOf(std::string_view octets) {
  std::size_t end = octets.find('\n');
  return end == octets.npos ? octets : octets.substr(0, end + 1);
}

// Hands the octets on in pieces of `step`, none of them empty.
template <typename Feed>
void inPieces(std::string_view octets, std::size_t step, Feed feed) {
  for (; !octets.empty(); octets.remove_prefix(step < octets.size() ? step : octets.size()))
    feed(octets.substr(0, step));
}

}  // namespace interimap::fuzz

#define FUZZ(name)                                                           \
  static void name##Attempt(std::string_view octets);                        \
  static const ::interimap::fuzz::Target name##Target(#name, name##Attempt); \
  static void name##Attempt(std::string_view octets)
