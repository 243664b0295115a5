// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ipc/body.h"
#include "ipc/failure.h"

namespace interimap {

namespace {

bool writeAll(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return fsync(fd) == 0;
}

}  // namespace

void writeNewFile(const std::string& path, std::string_view text) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600));
  if (!file) throw Failure(ExitStatus::cantCreate, "Can't create " + path + ": " + strerror(errno));
  if (writeAll(file.get(), text)) return;
  std::string why = strerror(errno);
  unlink(path.c_str());
  throw Failure(ExitStatus::io, path + ": " + why);
}

}  // namespace interimap
