// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What each role may ask of the kernel, with a reason on each line; see lists.cc.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "sandbox/sandbox.h"

namespace interimap::sandbox {

// An argument has to have `value` in the bits of `mask`. Most arguments are ints, of which the upper half of
// the register says nothing: their masks have 32 bits.
struct Condition {
  unsigned argument = 0;   // 0 … 5
  std::uint64_t mask = 0;  // 0: no condition
  std::uint64_t value = 0;
  constexpr bool operator==(const Condition&) const = default;
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kBuiltWithSanitizers = true;
#elif defined(__clang__)
inline constexpr bool kBuiltWithSanitizers = __has_feature(address_sanitizer) ||
                                             __has_feature(memory_sanitizer) ||
                                             __has_feature(undefined_behavior_sanitizer);
#else
inline constexpr bool kBuiltWithSanitizers = false;
#endif

// valgrind works inside the process that it watches: it makes its translations executable, maps files and
// handles signals, after lock-in as before. `make valgrind` therefore builds programs of its own that lock
// themselves in with all but a filter, and that say so. Never set it for anything else.
#ifdef INTERIMAP_FOR_VALGRIND
inline constexpr bool kBuiltForValgrind = true;
#else
inline constexpr bool kBuiltForValgrind = false;
#endif

// A line for other architectures.
inline constexpr int kNoCall = -1;

// One system call, by libseccomp's number (negative where the architecture does not have it), and all that
// has to hold for it. Two lines on one call are alternatives.
struct Allow {
  int call;
  const char* reason;
  std::array<Condition, 3> when = {};
  bool kept = false;  // though no end-to-end test needs it (`make torture TORTURE=audit`)
};

// Stands for the process's own ID in a Condition.
inline constexpr std::uint64_t kOwnProcess = 0x100000000;

// The whole list of a role. With `sanitizers`, what the runtimes of -fsanitize need besides.
std::vector<Allow> allowed(Role role, bool sanitizers);

// What no role has any honest use for. The filter needs no line for it, as it lets nothing through that is
// not allowed; a test holds every list against it.
struct Never {
  int call;
  const char* reason;
};
std::span<const Never> never();

}  // namespace interimap::sandbox
