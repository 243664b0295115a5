// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sandbox/lists.h"

#include <doctest/doctest.h>
#include <seccomp.h>

#include <algorithm>
#include <set>
#include <string>

using namespace interimap::sandbox;

namespace {

constexpr Role kRoles[] = {Role::net, Role::sync, Role::delivery};

bool unconditional(const Allow& line) { return line.when == decltype(line.when){}; }

std::vector<Allow> linesOn(int call, Role role) {
  std::vector<Allow> lines;
  for (const Allow& line : allowed(role, false))
    if (line.call == call) lines.push_back(line);
  return lines;
}

// What the filter decides for these arguments, by its own words.
bool permits(int call, const std::array<std::uint64_t, 6>& arguments, Role role) {
  return std::ranges::any_of(linesOn(call, role), [&](const Allow& line) {
    return std::ranges::all_of(line.when, [&](const Condition& condition) {
      return (arguments[condition.argument] & condition.mask) == condition.value;
    });
  });
}

}  // namespace

TEST_CASE("every line has a reason, and says something new") {
  for (Role role : kRoles) {
    std::vector<Allow> list = allowed(role, false);
    for (std::size_t i = 0; i < list.size(); ++i) {
      CHECK(std::string(list[i].reason).size() >= 4);
      for (std::size_t j = 0; j < i; ++j)
        if (list[i].call == list[j].call && list[i].call != kNoCall) {
          CAPTURE(systemCallName(list[i].call));
          CHECK(list[i].when != list[j].when);
          CHECK_FALSE(unconditional(list[i]));
          CHECK_FALSE(unconditional(list[j]));
        }
      for (const Condition& condition : list[i].when) {
        CHECK(condition.argument < 6);
        // Bits that are not compared cannot be asked for.
        if (condition.value != kOwnProcess) CHECK((condition.value & ~condition.mask) == 0);
      }
    }
  }
  for (const Never& line : never()) CHECK(std::string(line.reason).size() >= 4);
}

TEST_CASE("what is never allowed is on no list, and named once") {
  std::set<int> calls;
  for (const Never& line : never()) {
    CAPTURE(systemCallName(line.call));
    CHECK(calls.insert(line.call).second);
  }
  for (Role role : kRoles)
    for (bool sanitizers : {false, true})
      for (const Allow& line : allowed(role, sanitizers)) CHECK_FALSE(calls.contains(line.call));
}

TEST_CASE("dangerous calls are on no list") {
  for (Role role : kRoles)
    for (int call : {SCMP_SYS(prctl),
                     SCMP_SYS(ioctl),
                     SCMP_SYS(rt_sigaction),
                     SCMP_SYS(rt_sigreturn),
                     SCMP_SYS(seccomp),
                     SCMP_SYS(mprotect),
                     SCMP_SYS(pkey_mprotect),
                     SCMP_SYS(dup),
                     SCMP_SYS(dup2),
                     SCMP_SYS(dup3),
                     SCMP_SYS(open),
                     SCMP_SYS(openat2),
                     SCMP_SYS(mkdir),
                     SCMP_SYS(rename),
                     SCMP_SYS(renameat2),
                     SCMP_SYS(link),
                     SCMP_SYS(symlink),
                     SCMP_SYS(chmod),
                     SCMP_SYS(chown),
                     SCMP_SYS(truncate),
                     SCMP_SYS(chdir),
                     SCMP_SYS(sendto),
                     SCMP_SYS(recvfrom),
                     SCMP_SYS(sendmmsg),
                     SCMP_SYS(prlimit64),
                     SCMP_SYS(shmget),
                     SCMP_SYS(setitimer),
                     SCMP_SYS(name_to_handle_at),
                     SCMP_SYS(open_by_handle_at)}) {
      CAPTURE(systemCallName(call));
      CHECK(linesOn(call, role).empty());
    }
}

TEST_CASE("files are for sync alone, memfds for net alone") {
  for (int call : {SCMP_SYS(openat), SCMP_SYS(ftruncate), SCMP_SYS(fsync), SCMP_SYS(fchown)}) {
    CHECK_FALSE(linesOn(call, Role::sync).empty());
    CHECK(linesOn(call, Role::net).empty());
    CHECK(linesOn(call, Role::delivery).empty());
  }
  CHECK_FALSE(linesOn(SCMP_SYS(memfd_create), Role::net).empty());
  CHECK(linesOn(SCMP_SYS(memfd_create), Role::sync).empty());
  CHECK(linesOn(SCMP_SYS(memfd_create), Role::delivery).empty());
}

TEST_CASE("field 26: nobody reads standard error, and a server may have any other descriptor") {
  constexpr std::uint64_t kGarbage = 0xdeadbeef00000000;
  for (Role role : kRoles) CHECK_FALSE(permits(SCMP_SYS(read), {2}, role));
  for (Role role : {Role::net, Role::delivery}) {
    CHECK_FALSE(permits(SCMP_SYS(read), {kGarbage | 2}, role));
    for (std::uint64_t fd = 0; fd < 320; ++fd)
      if (fd != 2) CHECK(permits(SCMP_SYS(read), {fd}, role));
  }
}

TEST_CASE("arguments") {
  constexpr std::uint64_t kGarbage = 0xdeadbeef00000000, kAnyFd = 0xffffffff, kExtended = ~std::uint64_t{0};
  constexpr std::uint64_t kPrivateAnonymous = 0x22, kShared = 0x01, kPrivate = 0x02;
  struct Row {
    int call;
    std::array<std::uint64_t, 6> arguments;
    bool net, sync, delivery;
  };
  const Row rows[] = {
      {SCMP_SYS(mmap), {0, 4096, 3, kPrivateAnonymous, kAnyFd, 0}, true, true, true},
      {SCMP_SYS(mmap), {0, 4096, 3, kPrivateAnonymous, kExtended, 0}, true, true, true},
      {SCMP_SYS(mmap), {0, 4096, kGarbage | 3, kGarbage | kPrivateAnonymous, kExtended, 0}, true, true, true},
      {SCMP_SYS(mmap), {0, 4096, 0, kPrivateAnonymous, kAnyFd, 0}, true, true, true},
      {SCMP_SYS(mmap), {0, 4096, 7, kPrivateAnonymous, kAnyFd, 0}, false, false, false},
      {SCMP_SYS(mmap), {0, 4096, kGarbage | 4, kPrivateAnonymous, kAnyFd, 0}, false, false, false},
      {SCMP_SYS(mmap), {0, 4096, 1, kPrivate, 3, 0}, false, false, false},
      {SCMP_SYS(mmap), {0, 4096, 1, kShared, 3, 0}, false, false, false},
      {SCMP_SYS(mmap), {0, 4096, 1, kPrivateAnonymous, 3, 0}, false, false, false},
      {SCMP_SYS(read), {3, 0, 0, 0, 0, 0}, true, false, true},
      {SCMP_SYS(read), {7, 0, 0, 0, 0, 0}, true, true, true},  // the timer
      {SCMP_SYS(write), {2, 0, 0, 0, 0, 0}, true, true, true},
      {SCMP_SYS(write), {kGarbage | 6, 0, 0, 0, 0, 0}, true, true, true},  // the obituary
      {SCMP_SYS(write), {1, 0, 0, 0, 0, 0}, false, false, false},
      {SCMP_SYS(write), {3, 0, 0, 0, 0, 0}, false, false, false},
      {SCMP_SYS(write), {10, 0, 0, 0, 0, 0}, false, false, false},
      {SCMP_SYS(getrandom), {0, 32, 0, 0, 0, 0}, true, false, true},
      {SCMP_SYS(fcntl), {3, 3, 0, 0, 0, 0}, true, true, false},   // F_GETFL
      {SCMP_SYS(fcntl), {3, 4, 0, 0, 0, 0}, false, true, false},  // F_SETFL
      {SCMP_SYS(fcntl), {3, kGarbage | 4, 0, 0, 0, 0}, false, true, false},
      {SCMP_SYS(fcntl), {3, 0, 0, 0, 0, 0}, false, false, false},         // F_DUPFD
      {SCMP_SYS(fcntl), {3, 8, 0, 0, 0, 0}, false, false, false},         // F_SETOWN
      {SCMP_SYS(fcntl), {3, 1033, 0, 0, 0, 0}, true, false, false},       // F_ADD_SEALS
      {SCMP_SYS(fcntl), {3, 1034, 0, 0, 0, 0}, true, true, true},         // F_GET_SEALS
      {SCMP_SYS(fcntl), {3, 1030, 0, 0, 0, 0}, false, true, false},       // F_DUPFD_CLOEXEC
      {SCMP_SYS(fcntl), {3, 1031, 0, 0, 0, 0}, true, false, false},       // F_SETPIPE_SZ
      {SCMP_SYS(pipe2), {0, 02004000, 0, 0, 0, 0}, true, false, false},   // O_CLOEXEC | O_NONBLOCK
      {SCMP_SYS(pipe2), {0, 02004200, 0, 0, 0, 0}, false, false, false},  // O_NOTIFICATION_PIPE
      {SCMP_SYS(pipe2), {0, 02044000, 0, 0, 0, 0}, false, false, false},  // O_DIRECT
      {SCMP_SYS(fcntl), {3, 6, 0, 0, 0, 0}, false, true, false},          // F_SETLK
      {SCMP_SYS(newfstatat), {3, 0, 0, 0x1000, 0, 0}, true, true, true},  // fstat
      {SCMP_SYS(newfstatat), {0xffffff9c, 0, 0, 0, 0, 0}, false, true, false},
      {SCMP_SYS(newfstatat), {3, 0, 0, 0, 0, 0}, false, false, false},
      {SCMP_SYS(openat), {0xffffff9c, 0, 0100 | 02, 0600, 0, 0}, false, true, false},
      {SCMP_SYS(openat), {kExtended - 99, 0, 0, 0, 0, 0}, false, true, false},
      {SCMP_SYS(openat), {3, 0, 0, 0, 0, 0}, false, false, false},
      {SCMP_SYS(openat), {0xffffff9c, 0, 020000000, 0, 0, 0}, false, false, false},  // O_TMPFILE's own bit
      {SCMP_SYS(openat), {0xffffff9c, 0, 010000000, 0, 0, 0}, false, false, false},  // O_PATH
      {SCMP_SYS(fchmod), {3, 0644, 0, 0, 0, 0}, false, true, false},
      {SCMP_SYS(fchmod), {3, 04755, 0, 0, 0, 0}, false, false, false},
      {SCMP_SYS(memfd_create), {0, 3, 0, 0, 0, 0}, true, false, false},
      {SCMP_SYS(memfd_create), {0, 4, 0, 0, 0, 0}, false, false, false},      // MFD_HUGETLB
      {SCMP_SYS(tgkill), {1, 1, 9, 0, 0, 0}, false, false, false},            // another process
      {SCMP_SYS(tgkill), {kOwnProcess, 1, 6, 0, 0, 0}, false, false, false},  // the mark is no process
      {SCMP_SYS(mremap), {0, 4096, 8192, 1, 0, 0}, true, true, true},
      {SCMP_SYS(mremap), {0, 4096, 8192, 3, 0, 0}, false, false, false},  // MREMAP_FIXED
      {SCMP_SYS(futex), {0, 0x81, 1, 0, 0, 0}, true, true, true},
      {SCMP_SYS(futex), {0, 0x80, 1, 0, 0, 0}, false, false, false},  // FUTEX_WAIT
  };
  for (const Row& row : rows) {
    CAPTURE(systemCallName(row.call));
    CAPTURE(&row - rows);
    CHECK(permits(row.call, row.arguments, Role::net) == row.net);
    CHECK(permits(row.call, row.arguments, Role::sync) == row.sync);
    CHECK(permits(row.call, row.arguments, Role::delivery) == row.delivery);
  }
}
