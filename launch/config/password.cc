// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/body.h"
#include "ipc/failure.h"

namespace interimap {

namespace {

// At most this is read of a file: its first line is all that counts.
constexpr std::size_t kMostRead = kMostPassword + 2;

std::string readStart(int fd, const std::string& path) {
  std::string text(kMostRead, '\0');  // at its full size at once: no copies are left behind
  std::size_t size = 0;
  while (size < text.size()) {
    ssize_t n = ::read(fd, text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Failure(ExitStatus::config, path + ": " + strerror(errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  text.resize(size);
  return text;
}

}  // namespace

void addPasswordKeys(KnownKeys& all, const std::string& prefix) {
  all.push_back({prefix + "password", isCredential, true});
  all.push_back({prefix + "password-file", isText});
  all.push_back({prefix + "password-command", isText});
}

PasswordSource PasswordSource::of(const Keys& keys, const std::string& prefix) {
  std::string itself = prefix + "password", file = itself + "-file", command = itself + "-command";
  auto key = keys.oneOf({itself, file, command});
  if (key == file) return {Kind::file, keys.get(*key).value()};
  if (key == command) return {Kind::command, keys.get(*key).value()};
  return {};
}

Secret configuredPassword(const Keys& keys, const std::string& prefix) {
  std::string itself = prefix + "password", file = itself + "-file", command = itself + "-command";
  return keys.oneOf({itself, file, command}) == itself ? keys.secret(itself) : Secret();
}

Secret firstLine(std::string text, const std::string& source, ExitStatus status) {
  Secret whole(text);  // not moved: that would leave a short text behind
  explicit_bzero(text.data(), text.size());
  std::string_view line = whole.reveal().substr(0, whole.reveal().find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) throw Failure(status, source + ": no password in its first line");
  if (line.size() > kMostPassword) throw Failure(status, source + ": longer than a password can be");
  if (line.find_first_of(std::string_view("\0\r", 2)) != line.npos)
    throw Failure(status, source + ": a password cannot hold NUL or CR");
  return Secret(std::string(line));
}

PasswordFile PasswordFile::read(const std::string& path) {
  Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) throw Failure(ExitStatus::config, path + ": " + strerror(errno));
  struct stat status {};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw Failure(ExitStatus::config, path + ": not a regular file");
  auto warning = judgeReaders(path, status.st_mode);
  return {firstLine(readStart(fd.get(), path), path, ExitStatus::config), std::move(warning)};
}

Secret credential(std::string_view section, std::string_view key) {
  const char* directory = getenv("CREDENTIALS_DIRECTORY");
  if (!directory || !*directory) return {};
  std::string path = std::string(directory) + "/" + std::string(section) + "." + std::string(key);
  // Who may read it is the service manager's to say.
  Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd && errno == ENOENT) return {};
  if (!fd) throw Failure(ExitStatus::config, path + ": " + strerror(errno));
  return firstLine(readStart(fd.get(), path), path, ExitStatus::config);
}

std::optional<std::string> judgeReaders(const std::string& path, unsigned mode) {
  if (mode & S_IROTH)
    throw Failure(ExitStatus::config,
                  path + " holds a password and can be read by anybody; run: chmod 600 " + path);
  if (mode & S_IRGRP) return path + " holds a password and can be read by its group";
  return std::nullopt;
}

}  // namespace interimap
