// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The order of the steps: what needs paths or privileges first, then what takes them away, and the filter,
// which forbids all of this, last.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sandbox/error.h"
#include "sandbox/landlock.h"
#include "sandbox/lists.h"
#include "sandbox/obituary.h"
#include "sandbox/privileges.h"
#include "sandbox/root_directory.h"
#include "sandbox/sandbox.h"
#include "sandbox/seccomp.h"

namespace interimap::sandbox {

namespace {

// What libc would otherwise ask the kernel for at its first use, with calls that are not on the lists.
void prime() {
  // Without TZ, every tzset, and so every strftime, looks whether /etc/localtime has changed.
  setenv("TZ", ":/etc/localtime", 0);
  tzset();
  time_t now = time(nullptr);
  tm local;
  localtime_r(&now, &local);
  // qsort of glibc before 2.37 asks for the size of memory when it first sorts more than a kilobyte; OpenSSL
  // sorts the trust store with it.
  std::vector<long> many(256);
  qsort(many.data(), many.size(), sizeof(long), [](const void*, const void*) { return 0; });
}

// Landlock and capabilities are a thread's own: a second thread would stay outside. unshare(CLONE_THREAD)
// does nothing but fail with EINVAL if there is one.
void requireOneThread() {
  if (unshare(CLONE_THREAD) != 0 && errno == EINVAL)
    throw std::runtime_error("sandbox: to be locked in before any thread is started");
}

void ignoreSignals() {
  // A closed channel is an error of write; Ctrl-C reaches the whole group, and launch decides what to do.
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGINT, SIG_IGN) == SIG_ERR) throw systemError("signal");
}

// What comes of a start as root.
struct Left {
  bool ownRoot;
  std::string user;  // as which it goes on
};

Left leaveRoot(const Cell& cell, int directory) {
  std::optional<Account> account = accountToBecome(cell.user);
  if (directory >= 0 && account) giveDatabaseDirectory(directory, cell.directory, *account);
  bool ownRoot = changeRoot(directory >= 0 ? directory : openEmptyDirectory().get());
  emptyBoundingSet();
  if (account) become(*account);
  return {ownRoot, account ? account->name : "root"};
}

}  // namespace

Confinement lockIn(const Cell& cell) {
  requireOneThread();
  prime();
  ignoreSignals();
  umask(077);
  OpenFile directory(-1);
  if (cell.role == Role::sync && !cell.directory.empty()) directory = openDatabaseDirectory(cell.directory);
  std::optional<Left> left;
  if (geteuid() == 0) left = leaveRoot(cell, directory.get());
  bool ownRoot = left && left->ownRoot;
  if (!ownRoot && chdir("/") != 0) throw systemError("chdir");
  dropCapabilities();
  if (left && directory) requireWritable(directory.get(), cell.directory, left->user);
  limitProcess();
  int abi = landlockAbi();
  giveUpRights(abi, directory.get());
  directory = OpenFile(-1);
  prepareObituary(cell.obituary);
  loadFilter(cell.role);

  std::string text =
      (kBuiltForValgrind ? "no seccomp (built for valgrind), " : "seccomp, ") + landlockText(abi);
  if (left) text += ", user " + left->user;
  if (ownRoot) text += ", own root directory";
  return {std::move(text), ownRoot ? "/" : cell.directory};
}

}  // namespace interimap::sandbox
