// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/replaced_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/descriptor.h"
#include "ipc/failure.h"

namespace interimap {

void replaceFile(const std::string& path, std::string_view text, mode_t mode) {
  // Of this process, which writes to it one after the other; one that a kill has left is in nobody's way.
  const std::string temporary = path + "." + std::to_string(getpid()) + ".new";
  auto fail = [&] {
    const int error = errno;
    unlink(temporary.c_str());
    throw Failure(ExitStatus::cantCreate, "Can't write " + path + ": " + strerror(error));
  };
  unlink(temporary.c_str());
  Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file || fchmod(file.get(), mode) != 0) fail();
  for (std::string_view rest = text; !rest.empty();) {
    ssize_t n = write(file.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail();
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) fail();
}

}  // namespace interimap
