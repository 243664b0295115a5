// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "store/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <string_view>

#include "ipc/failure.h"
#include "store/reference_state.h"

namespace interimap::store {

namespace {

constexpr std::string_view kMagic{"SQLite format 3\0", 16};
constexpr const char* kImporting = ".importing";

[[noreturn]] void fail(ExitStatus status, const char* what, const std::string& path) {
  throw Failure(status, std::string(what) + " " + path + ": " + strerror(errno));
}

// Up to one octet more than a state file may have.
std::string contents(int file, const std::string& path) {
  std::string octets;
  char buffer[65536];
  while (octets.size() <= ReferenceState::kMostOctets) {
    ssize_t n = pread(file, buffer, sizeof buffer, static_cast<off_t>(octets.size()));
    if (n < 0) fail(ExitStatus::io, "Can't read", path);
    if (n == 0) break;
    octets.append(buffer, static_cast<std::size_t>(n));
    if (octets.starts_with(kMagic)) break;
  }
  return octets;
}

std::optional<std::string> contentsIfAny(const std::string& path, const std::string& shown) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return contents(file.get(), shown);
  if (errno != ENOENT) fail(ExitStatus::io, "Can't open", shown);
  return std::nullopt;
}

void syncDirectory(const std::string& path) {
  std::string directory = path.substr(0, path.rfind('/') + 1);
  Descriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened) fsync(opened.get());  // some file systems cannot, and need not
}

void writeCopy(const std::string& path, const std::string& octets, const std::string& shown) {
  unlink(path.c_str());
  Descriptor copy(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!copy) fail(ExitStatus::cantCreate, "Can't create", shown);
  for (std::size_t done = 0; done < octets.size();) {
    ssize_t n = pwrite(copy.get(), octets.data() + done, octets.size() - done, static_cast<off_t>(done));
    if (n <= 0) fail(ExitStatus::io, "Can't write", shown);
    done += static_cast<std::size_t>(n);
  }
  if (fsync(copy.get()) != 0) fail(ExitStatus::io, "Can't write", shown);
  syncDirectory(path);
}

}  // namespace

StateFile::StateFile(const std::string& path, const std::string& shown, bool create)
    : path_(path), shown_(shown) {
  file_ = Descriptor(open(path.c_str(), O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600));
  if (!file_ && errno == ENOENT && !create)
    throw Failure(ExitStatus::cantCreate,
                  "Can't open " + shown +
                      ": no state yet. Run without --idle once, or with --no-delivery to skip what is there");
  if (!file_) fail(ExitStatus::cantCreate, "Can't open", shown);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(file_.get(), F_SETLK, &whole) == 0) return;
  if (errno == EACCES || errno == EAGAIN)
    throw Failure(ExitStatus::tryAgain,
                  "Can't lock " + shown + ": another pullimap is running with this state file");
  fail(ExitStatus::io, "Can't lock", shown);
}

std::optional<std::string> StateFile::takeReference() {
  std::string octets = contents(file_.get(), shown_);
  if (octets.empty() || octets.starts_with(kMagic)) return std::nullopt;
  if (!ReferenceState::parse(octets)) throw Failure(ExitStatus::data, shown_ + ": Corrupted state file!");
  writeCopy(path_ + kImporting, octets, shown_ + kImporting);
  if (ftruncate(file_.get(), 0) != 0 || fsync(file_.get()) != 0) fail(ExitStatus::io, "Can't write", shown_);
  return octets;
}

std::optional<std::string> StateFile::interruptedImport(const std::string& path, const std::string& shown) {
  auto octets = contentsIfAny(path + kImporting, shown + kImporting);
  if (octets && !ReferenceState::parse(*octets))
    throw Failure(ExitStatus::data, shown + kImporting + ": Corrupted state file!");
  return octets;
}

void StateFile::finishImport(const std::string& path, const std::string& shown) {
  auto octets = contentsIfAny(path + kImporting, shown + kImporting);
  if (!octets) return;
  writeCopy(path + kKept, *octets, shown + kKept);
  unlink((path + kImporting).c_str());
  syncDirectory(path);
}

}  // namespace interimap::store
