// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sandbox/seccomp.h"

#include <seccomp.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "sandbox/error.h"
#include "sandbox/lists.h"

namespace interimap::sandbox {

namespace {

[[maybe_unused]] bool lockedIn = false;  // for a sanitizer

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

void check(int result, const char* step) {
  if (result < 0) throw systemError(step, -result);
}

void add(const Filter& filter, const Allow& line, std::uint64_t ownProcess) {
  std::vector<scmp_arg_cmp> conditions;
  for (const Condition& condition : line.when)
    if (condition.mask != 0)
      conditions.push_back({condition.argument, SCMP_CMP_MASKED_EQ, condition.mask,
                            condition.value == kOwnProcess ? ownProcess : condition.value});
  check(seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, line.call,
                               static_cast<unsigned>(conditions.size()), conditions.data()),
        "seccomp_rule_add");
}

}  // namespace

void loadFilter(Role role) {
  if (kBuiltForValgrind) return;
  // TRAP does not execute the call. The handler says which it was and dies; it is gone after its first use
  // and no other can be installed, so that a second attempt is the default action, death.
  Filter filter(seccomp_init(SCMP_ACT_TRAP), &seccomp_release);
  if (!filter) throw systemError("seccomp_init", ENOMEM);
  // Calls of another architecture (32-bit, x32) have other numbers.
  check(seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
        "SCMP_FLTATR_ACT_BADARCH");
  check(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1), "SCMP_FLTATR_CTL_TSYNC");
  check(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2), "SCMP_FLTATR_CTL_OPTIMIZE");
  for (const Allow& line : allowed(role, kBuiltWithSanitizers))
    if (line.call != kNoCall) add(filter, line, static_cast<std::uint64_t>(getpid()));
  check(seccomp_load(filter.get()), "seccomp_load");
  lockedIn = true;
}

}  // namespace interimap::sandbox

// To look for leaks at the end takes a thread that traces the others: only those do that are not locked in.
// Clang's word for the sanitizer is another (lists.h); where there is none, nobody asks.
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
extern "C" int __lsan_is_turned_off() { return interimap::sandbox::lockedIn; }
#endif
