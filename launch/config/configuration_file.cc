// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/configuration_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "ipc/body.h"
#include "ipc/failure.h"

namespace interimap {

namespace {

constexpr std::uint64_t kLeast = 16 << 10;  // read in any case: not every file system tells sizes

}  // namespace

ConfigurationFile ConfigurationFile::read(const std::string& path, const Kind& kind) {
  auto refuse = [&](const std::string& why) {
    return Failure(ExitStatus::config,
                   std::string("Cannot read ") + kind.unreadable + " " + path + ": " + why);
  };
  // Not blocking: the file may turn out to be a FIFO.
  Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd && errno == ENOENT)
    throw Failure(ExitStatus::config, std::string("No such ") + kind.missing + " " + path);
  if (!fd) throw refuse(strerror(errno));
  struct stat status {};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) throw refuse("not a regular file");

  auto expected = std::max(static_cast<std::uint64_t>(status.st_size), kLeast);
  if (expected > kind.mostOctets)
    throw Failure(ExitStatus::config, path + ": larger than " + kind.large + " can be");
  // At its full size at once: no copies of a password are left behind. One octet more than there should be.
  std::string text(static_cast<std::size_t>(expected) + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    ssize_t n = ::read(fd.get(), text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Failure(ExitStatus::config, path + ": " + strerror(errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size > expected) throw Failure(ExitStatus::config, path + ": grows while it is read");
  text.resize(size);
  ConfigurationFile file;
  file.path = path;
  file.mode = status.st_mode;
  file.text = Secret(std::move(text));
  return file;
}

}  // namespace interimap
