// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "ipc/shortage.h"
#include "launch/run/process.h"
#include "sandbox/lists.h"
#include "sandbox/sandbox.h"

namespace interimap {

namespace {

using sandbox::kObituary;

constexpr int kFirstFree = kObituary + 1;
constexpr int kCannotStart = 127;

[[noreturn]] void fail(const std::string& what) { throw systemFailure(what, errno); }

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

// A terminal's Ctrl-C or hang-up and a service manager's SIGTERM reach every process, and so may SIGUSR1;
// only launch shall act on them.
void arrangeSignals() {
  for (int signal = 1; signal < NSIG; ++signal)
    ::signal(signal, signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGUSR1
                         ? SIG_IGN
                         : SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

struct Pipe {
  Descriptor reading, writing;
};
Pipe makePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) fail("pipe");
  return pipe;
}

// Where the worker's libraries are, and which certificates, names, time zone and allocator they are to use.
constexpr std::string_view kNeeded[] = {"LD_LIBRARY_PATH", "LD_PRELOAD",    "GLIBC_TUNABLES", "TZ",
                                        "OPENSSL_CONF",    "SSL_CERT_FILE", "SSL_CERT_DIR",   "LOCALDOMAIN",
                                        "RES_OPTIONS"};
constexpr std::string_view kForSanitizers[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"};

std::vector<char*> environmentFor(Inherits inherits) {
  std::vector<char*> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    std::string_view text = *variable, name = text.substr(0, text.find('='));
    bool needed = std::ranges::find(kNeeded, name) != std::end(kNeeded) ||
                  (sandbox::kBuiltWithSanitizers &&
                   std::ranges::find(kForSanitizers, name) != std::end(kForSanitizers));
    if (needed || inherits == Inherits::everything) all.push_back(*variable);
  }
  all.push_back(nullptr);
  return all;
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

Worker spawn(const std::string& directory, Role role, std::string name, std::vector<Descriptor> peers,
             Inherits inherits) {
  std::string path = directory + "/" + std::string(programName(role));
  if (access(path.c_str(), X_OK) != 0) fail(path);
  auto [ours, theirs] = Channel::pair();
  auto [obituary, itsObituary] = makePipe();
  auto [spoken, itsError] = makePipe();
  Descriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) fail("/dev/null");

  std::array<int, kFirstFree> wanted;
  wanted.fill(-1);
  wanted[STDIN_FILENO] = wanted[STDOUT_FILENO] = null.get();
  wanted[STDERR_FILENO] = itsError.get();
  wanted[Channel::kToLaunch] = theirs.get();
  for (std::size_t i = 0; i < peers.size(); ++i) wanted[Channel::kFirstPeer + i] = peers[i].get();
  wanted[kObituary] = itsObituary.get();

  char* const words[] = {path.data(), name.data(), nullptr};
  std::vector<char*> environment = environmentFor(inherits);
  pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    arrangeDescriptors(wanted);
    arrangeSignals();
    execve(path.c_str(), words, environment.data());
    _exit(kCannotStart);
  }
  return {pid, std::optional<Channel>(std::in_place, std::move(ours)), std::move(obituary),
          Spoken(std::move(spoken))};
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
