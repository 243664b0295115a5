// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sandbox/obituary.h"

#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "sandbox/error.h"
#include "sandbox/sandbox.h"

namespace interimap::sandbox {

namespace {

struct Record {
  std::uint64_t magic;
  std::int64_t number;
};
static_assert(sizeof(Record) == 16);
constexpr std::uint64_t kMagic = 0x6f62697475617279;  // "obituary"
constexpr int kHighestNumber = 0xffff;                // no architecture counts further

int pipeForObituary = -1;  // a signal handler has no other way to be handed something

// Async-signal-safe: nothing but system calls, all of which the filter allows. The call that was trapped has
// not been executed. SA_RESETHAND has put back the default action, SA_NODEFER left SIGSYS unblocked, so the
// signal that the process sends itself ends it.
void writeObituary(int, siginfo_t* info, void*) {
  if (info->si_code == 1 /* SYS_SECCOMP */ && pipeForObituary >= 0) {
    Record record{kMagic, info->si_syscall};
    [[maybe_unused]] ssize_t n = write(pipeForObituary, &record, sizeof record);
  }
  syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), SIGSYS);
  _exit(128 + SIGSYS);
}

}  // namespace

void prepareObituary(int pipe) {
  if (pipe >= 0) {
    struct stat status {};
    if (fstat(pipe, &status) != 0) throw systemError("obituary");
    if (!S_ISFIFO(status.st_mode)) throw std::runtime_error("sandbox: obituary: not a pipe");
    int flags = fcntl(pipe, F_GETFL);
    if (flags < 0 || fcntl(pipe, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(pipe, F_SETFD, FD_CLOEXEC) != 0)
      throw systemError("obituary");
  }
  pipeForObituary = pipe;

  struct sigaction action {};
  action.sa_sigaction = writeObituary;
  action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER;
  if (sigaction(SIGSYS, &action, nullptr) != 0) throw systemError("sigaction");
  // A blocked SIGSYS would end the process without the handler.
  sigset_t none;
  sigemptyset(&none);
  sigaddset(&none, SIGSYS);
  sigaddset(&none, SIGABRT);
  if (sigprocmask(SIG_UNBLOCK, &none, nullptr) != 0) throw systemError("sigprocmask");
}

std::optional<int> readObituary(int fd) {
  pollfd wait{fd, POLLIN, 0};
  if (poll(&wait, 1, 0) != 1 || !(wait.revents & POLLIN)) return std::nullopt;
  Record record[2];  // room for more than there should be
  if (read(fd, record, sizeof record) != sizeof record[0]) return std::nullopt;
  if (record[0].magic != kMagic || record[0].number < 0 || record[0].number > kHighestNumber)
    return std::nullopt;
  return static_cast<int>(record[0].number);
}

std::string systemCallName(int number) {
  std::unique_ptr<char, decltype(&free)> name(seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number),
                                              &free);
  return name ? name.get() : "system call " + std::to_string(number);
}

}  // namespace interimap::sandbox
