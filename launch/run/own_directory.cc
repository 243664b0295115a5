// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/own_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string_view>

#include "ipc/descriptor.h"
#include "ipc/last_success.h"

namespace interimap {

namespace {

// What SQLite keeps beside a database.
constexpr std::string_view kBeside[] = {"-wal", "-journal", "-shm"};
// And sync: it is made again where it is missing.
constexpr const char* kLastSuccess = LastSuccess::kSuffix;

Descriptor openDirectory(int at, const std::string& name) {
  return Descriptor(openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// All steps are made in open directories: what belongs to another user may be renamed by it at any time.
class Arrangement {
 public:
  explicit Arrangement(const SplitPath& database)
      : name_(database.name),
        own_(database.name + ".d"),
        link_(own_ + "/" + name_),
        shared_(open(database.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

  bool separates(bool mayArrange) {
    if (!shared_) return false;
    if (isOurLink()) return make();  // it may have been removed, with what was in it
    if (!mayArrange || isAlone()) return false;
    // Another run may be about to do the same.
    while (flock(shared_.get(), LOCK_EX) != 0) continue;
    struct stat status {};
    if (isOurLink()) return make();
    if (fstatat(shared_.get(), name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return begin();
    return S_ISREG(status.st_mode) && status.st_nlink <= 2 && move();
  }

 private:
  bool isOurLink() const {
    char target[PATH_MAX];
    ssize_t length = readlinkat(shared_.get(), name_.c_str(), target, sizeof target);
    return length > 0 && std::string_view(target, static_cast<std::size_t>(length)) == link_;
  }

  bool isAlone() const {
    int fd = openat(shared_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    std::unique_ptr<DIR, int (*)(DIR*)> listing(fd < 0 ? nullptr : fdopendir(fd), closedir);
    if (!listing) return true;
    while (const dirent* entry = readdir(listing.get())) {
      std::string_view found = entry->d_name;
      bool its = found == "." || found == ".." || found == name_ || found == name_ + kLastSuccess;
      for (std::string_view suffix : kBeside) its = its || found == name_ + std::string(suffix);
      if (!its) return false;
    }
    return true;
  }

  bool exists(const std::string& name) const {
    return faccessat(shared_.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  }

  bool make() {
    mkdirat(shared_.get(), own_.c_str(), 0700);
    directory_ = openDirectory(shared_.get(), own_);
    return static_cast<bool>(directory_);
  }

  // What is there belongs to a database that has been taken away.
  void clear() const {
    unlinkat(directory_.get(), name_.c_str(), 0);
    unlinkat(directory_.get(), (name_ + kLastSuccess).c_str(), 0);
    for (std::string_view suffix : kBeside)
      unlinkat(directory_.get(), (name_ + std::string(suffix)).c_str(), 0);
  }

  // In place of whatever has that name, at once.
  bool putLink() const {
    std::string temporary = own_ + ".link";
    unlinkat(shared_.get(), temporary.c_str(), 0);
    return symlinkat(link_.c_str(), shared_.get(), temporary.c_str()) == 0 &&
           renameat(shared_.get(), temporary.c_str(), shared_.get(), name_.c_str()) == 0 &&
           fsync(shared_.get()) == 0;
  }

  bool begin() {
    if (!make()) return false;
    clear();
    return putLink();
  }

  // A hard link first, so that at no moment it is in neither place.
  bool move() {
    for (std::string_view suffix : kBeside)
      if (exists(name_ + std::string(suffix))) return false;
    Descriptor file(openat(shared_.get(), name_.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!file || fstat(file.get(), &status) != 0 || !locked(file.get()) || !make()) return false;
    // Started as root: whom it has been given to before gets the directory as well.
    if (geteuid() == 0 && fchown(directory_.get(), status.st_uid, status.st_gid) != 0) return false;
    clear();
    if (linkat(shared_.get(), name_.c_str(), directory_.get(), name_.c_str(), 0) != 0) return false;
    if (fsync(directory_.get()) == 0 && putLink()) {
      unlinkat(shared_.get(), (name_ + kLastSuccess).c_str(), 0);
      return true;
    }
    unlinkat(directory_.get(), name_.c_str(), 0);
    return false;
  }

  // As SQLite and the Perl programs lock; given up when it is closed.
  static bool locked(int file) {
    struct flock all {};
    all.l_type = F_WRLCK;
    all.l_whence = SEEK_SET;  // from 0 to the end
    return flock(file, LOCK_EX | LOCK_NB) == 0 && fcntl(file, F_SETLK, &all) == 0;
  }

  std::string name_, own_, link_;
  Descriptor shared_, directory_;
};

}  // namespace

SplitPath ownDirectory(const SplitPath& database, bool mayArrange) {
  if (!Arrangement(database).separates(mayArrange)) return database;
  return {database.directory + "/" + database.name + ".d", database.name};
}

}  // namespace interimap
