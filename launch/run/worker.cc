// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "ipc/failure.h"
#include "launch/run/process.h"
#include "sandbox/sandbox.h"

namespace interimap {

namespace {

using sandbox::kObituary;

constexpr int kFirstFree = kObituary + 1;
constexpr int kCannotStart = 127;

[[noreturn]] void fail(const std::string& what) {
  throw Failure(ExitStatus::internal, what + ": " + strerror(errno));
}

// In the child, between fork and exec. `wanted[i]` goes to descriptor i, -1 leaves it closed.
void arrangeDescriptors(std::array<int, kFirstFree> wanted) {
  for (int& fd : wanted)
    if (fd >= 0 && (fd = fcntl(fd, F_DUPFD, kFirstFree)) < 0) _exit(kCannotStart);
  for (int i = 0; i < kFirstFree; ++i) {
    if (wanted[i] < 0)
      close(i);
    else if (dup2(wanted[i], i) < 0)
      _exit(kCannotStart);
  }
  if (close_range(kFirstFree, ~0U, 0) != 0) _exit(kCannotStart);
}

// A terminal's Ctrl-C or hang-up and a service manager's SIGTERM reach every process; only launch shall act
// on them.
void arrangeSignals() {
  for (int signal = 1; signal < NSIG; ++signal)
    ::signal(signal, signal == SIGINT || signal == SIGTERM || signal == SIGHUP ? SIG_IGN : SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

std::string systemCall(int number) {
  std::string name = sandbox::systemCallName(number);
  return name.starts_with("system call") ? name : "system call " + name;
}

}  // namespace

std::string_view roleName(Role role) {
  switch (role) {
    case Role::sync: return "sync";
    case Role::local: return "local";
    case Role::remote: return "remote";
    case Role::net: return "net";
    case Role::delivery: return "delivery";
  }
  return "";
}

std::string_view programName(Role role) {
  return role == Role::sync ? "sync" : role == Role::delivery ? "delivery" : "net";
}

Worker spawn(const std::string& directory, Role role, std::string name, std::vector<Descriptor> peers) {
  std::string path = directory + "/" + std::string(programName(role));
  if (access(path.c_str(), X_OK) != 0) fail(path);
  auto [ours, theirs] = Channel::pair();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) fail("pipe");
  Descriptor obituary(ends[0]), itsObituary(ends[1]);
  Descriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) fail("/dev/null");

  std::array<int, kFirstFree> wanted;
  wanted.fill(-1);
  wanted[STDIN_FILENO] = wanted[STDOUT_FILENO] = null.get();
  wanted[STDERR_FILENO] = STDERR_FILENO;
  wanted[Channel::kToLaunch] = theirs.get();
  for (std::size_t i = 0; i < peers.size(); ++i) wanted[Channel::kFirstPeer + i] = peers[i].get();
  wanted[kObituary] = itsObituary.get();

  char* const words[] = {path.data(), name.data(), nullptr};
  pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    arrangeDescriptors(wanted);
    arrangeSignals();
    execv(path.c_str(), words);
    _exit(kCannotStart);
  }
  return {pid, std::optional<Channel>(std::in_place, std::move(ours)), std::move(obituary)};
}

std::optional<std::string> causeOfDeath(const Death& death) {
  if (death.killed) return std::nullopt;
  if (WIFSIGNALED(death.waitStatus)) {
    int signal = WTERMSIG(death.waitStatus);
    if (signal == SIGSYS)
      return "killed by its sandbox" + (death.systemCall ? ": " + systemCall(*death.systemCall) : "");
    return "killed by signal " + signalName(signal);
  }
  if (death.said) return std::nullopt;
  int status = WEXITSTATUS(death.waitStatus);
  // Quiet, because the process at the other end of a channel was gone: that one's story is told instead.
  if (status == 0 || status == static_cast<int>(ExitStatus::unavailable)) return std::nullopt;
  if (status == kCannotStart) return "cannot be started";
  return "ended without saying why, exit status " + std::to_string(status);
}

}  // namespace interimap
