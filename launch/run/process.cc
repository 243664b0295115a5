// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <initializer_list>

#include "ipc/shortage.h"

namespace interimap {

void cleanProcess() {
  int fd;
  do fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);

  setenv("PATH", "/usr/bin:/bin", 1);
  for (const char* name : {"IFS", "CDPATH", "ENV", "BASH_ENV"}) unsetenv(name);
}

void requireDescriptors() {
  // A worker begins with a dozen, some for libraries, and more for each window of bodies on its way.
  constexpr rlim_t kLeast = 64, kEnough = 512;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (limit.rlim_max < kLeast)
    throw systemFailure("Only " + std::to_string(limit.rlim_max) + " descriptors for each process", EMFILE);
  rlim_t wanted = std::min(limit.rlim_max, kEnough);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string signalName(int number) {
  const char* name = sigabbrev_np(number);
  return name ? std::string("SIG") + name : std::to_string(number);
}

}  // namespace interimap
