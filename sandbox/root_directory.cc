// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sandbox/root_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "sandbox/error.h"

namespace interimap::sandbox {

namespace {

// Directories that distributions keep empty for this very purpose.
constexpr const char* kEmptyDirectories[] = {"/var/empty", "/run/sshd", "/usr/share/empty"};
constexpr const char* kTemporaryDirectories[] = {"/run", "/tmp", "/dev/shm"};

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

std::vector<std::string> namesIn(int directory) {
  // A descriptor of its own: closedir closes it, and the position is not shared.
  int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::unique_ptr<DIR, CloseDirectory> listing(fd < 0 ? nullptr : fdopendir(fd));
  if (!listing) throw systemError("list a directory");
  std::vector<std::string> names;
  while (const dirent* entry = readdir(listing.get())) {
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

OpenFile openDirectory(const char* path) {
  return OpenFile(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

std::runtime_error advice(const std::string& path, const std::string& user, const std::string& why) {
  return std::runtime_error("sandbox: the database's directory " + path + " " + why + "; either `chown " +
                            user + "` it and what is in it, or set `user = root`");
}

bool isDatabase(int directory, const std::string& name) {
  struct stat status {};
  if (fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode) ||
      status.st_nlink != 1 || status.st_uid != 0)
    return false;
  for (std::string_view suffix : {"-wal", "-journal", "-shm"})
    if (name.ends_with(suffix)) return true;
  if (status.st_size == 0) return true;
  OpenFile file(openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  constexpr char kHeader[] = "SQLite format 3";  // with its NUL, the first 16 octets of every database
  char start[sizeof kHeader];
  ssize_t size = file ? read(file.get(), start, sizeof start) : -1;
  if (size == sizeof start && memcmp(start, kHeader, sizeof start) == 0) return true;
  // A state file of the reference's pullimap, which is about to become one: integers of 32 bits, UIDVALIDITY
  // and UIDNEXT first. No text has a NUL there, and no mailbox has seen more than 16 million messages.
  return status.st_size % 4 == 0 && status.st_size <= 1 << 20 && (size == 4 || (size >= 8 && start[4] == 0));
}

bool reachedWithoutSymlink(int directory, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  OpenFile again(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  struct stat one {
  }, other{};
  return again && fstat(again.get(), &one) == 0 && fstat(directory, &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

bool isSafeAndEmpty(int directory) {
  struct stat status {};
  if (fstat(directory, &status) != 0 || !S_ISDIR(status.st_mode)) return false;
  return status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 && namesIn(directory).empty();
}

OpenFile openEmptyDirectory() {
  for (const char* path : kEmptyDirectories)
    if (OpenFile directory = openDirectory(path); directory && isSafeAndEmpty(directory.get()))
      return directory;
  // Nothing can be created any more in a directory that is gone.
  for (const char* parent : kTemporaryDirectories) {
    std::string path = std::string(parent) + "/interimap.XXXXXX";
    if (mkdtemp(path.data()) == nullptr) continue;
    OpenFile directory = openDirectory(path.c_str());
    rmdir(path.c_str());
    if (directory && isSafeAndEmpty(directory.get())) return directory;
  }
  throw std::runtime_error(
      "sandbox: no empty directory to be had, neither /var/empty nor one in /run or /tmp");
}

OpenFile openDatabaseDirectory(const std::string& path) {
  OpenFile directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw systemError(path);
  return directory;
}

void giveDatabaseDirectory(int directory, const std::string& path, const Account& account) {
  struct stat status {};
  if (fstat(directory, &status) != 0) throw systemError(path);
  // Somebody else's, or shared on purpose: requireWritable has the last word.
  if (status.st_uid != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) return;
  if (!reachedWithoutSymlink(directory, path))
    throw advice(path, account.name, "belongs to root and is reached through a symbolic link");
  std::vector<std::string> names = namesIn(directory);
  for (const std::string& name : names)
    if (!isDatabase(directory, name))
      throw advice(path, account.name, "belongs to root and holds more than databases (" + name + ")");
  // Only root could enter the directory so far, so nothing has changed since it was looked at.
  for (const std::string& name : names)
    if (fchownat(directory, name.c_str(), account.uid, account.gid, AT_SYMLINK_NOFOLLOW) != 0)
      throw systemError("chown " + name);
  if (fchown(directory, account.uid, account.gid) != 0) throw systemError("chown " + path);
}

void requireWritable(int directory, const std::string& path, const std::string& user) {
  if (faccessat(directory, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0)
    throw advice(path, user, "cannot be used by user " + user + " (" + strerror(errno) + ")");
}

bool changeRoot(int directory) {
  if (fchdir(directory) != 0) throw systemError("fchdir");
  if (chroot(".") != 0) {
    if (errno == EPERM) return false;
    throw systemError("chroot");
  }
  if (chdir("/") != 0) throw systemError("chdir");
  return true;
}

}  // namespace interimap::sandbox
