// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/body.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "ipc/failure.h"

namespace interimap {

namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
// Octets: of a new pipe; of the largest that a user without privileges may have, who has not more than 64 MiB
// of them (pipe(7)); and by how much it grows at once. What a write has beyond whole pages takes one more.
constexpr int kNewPipe = 1 << 16, kLargestPipe = 1 << 20, kGrowth = 4;
constexpr std::uint64_t kPage = 4096;

[[noreturn]] void fail(const char* what) {
  throw Failure(ExitStatus::io, std::string(what) + " message bodies in memory: " + strerror(errno));
}

}  // namespace

BodyWriter::BodyWriter(Reading reading) {
  int ends[2];
  if (reading == Reading::once && pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
    pipe_ = Descriptor(ends[0]);
    fd_ = Descriptor(ends[1]);
    capacity_ = kNewPipe;
  } else {
    fd_ = Descriptor(memfd_create("bodies", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd_) fail("create");
  }
}

// Better now than when the pipe is full: what is in it then has to be copied.
void BodyWriter::expect(std::uint64_t octets) {
  if (isPipe() && octets > kLargestPipe - std::min<std::uint64_t>(size_, kLargestPipe)) goToMemory();
}

void BodyWriter::write(std::string_view bytes) {
  gather(bytes);
  flush();
}

// Without a copy: bodies come in many small pieces, and a system call for each costs more than the octets.
void BodyWriter::gather(std::string_view bytes) {
  if (pieces_ == gathered_.size()) flush();
  gathered_[pieces_++] = {const_cast<char*>(bytes.data()), bytes.size()};
  octets_ += bytes.size();
  size_ += bytes.size();
}

// A pipe counts pages, not octets: a part of one is kept back until it is full or the last, or many small
// writes would fill the pipe long before its size.
void BodyWriter::flush() { flush(isPipe() ? octets_ % kPage : 0); }

void BodyWriter::flush(std::uint64_t rest) {
  std::string page = takeBack(rest);
  std::span<iovec> left(gathered_.data(), pieces_);
  while (octets_ > rest) {
    ssize_t n = put(left);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN && isPipe()) {
      if (!enlarge()) goToMemory();
      continue;
    }
    if (n <= 0) fail("write");
    auto written = static_cast<std::size_t>(n);
    octets_ -= written;
    for (; !left.empty() && written >= left.front().iov_len; left = left.subspan(1))
      written -= left.front().iov_len;
    if (written > 0)
      left.front() = {static_cast<char*>(left.front().iov_base) + written, left.front().iov_len - written};
  }
  page_ = std::move(page);
  pieces_ = page_.empty() ? 0 : 1;
  gathered_[0] = {page_.data(), page_.size()};
}

// Of those gathered, the last octets.
std::string BodyWriter::takeBack(std::uint64_t octets) {
  std::string taken(octets, '\0');
  while (octets > 0) {
    iovec& piece = gathered_[pieces_ - 1];
    std::size_t n = std::min<std::size_t>(octets, piece.iov_len);
    octets -= n;
    piece.iov_len -= n;
    std::copy_n(static_cast<const char*>(piece.iov_base) + piece.iov_len, n, taken.data() + octets);
    if (piece.iov_len == 0) --pieces_;
  }
  return taken;
}

ssize_t BodyWriter::put(std::span<const iovec> pieces) {
  auto at = isPipe() ? off_t{-1} : static_cast<off_t>(size_ - octets_);
  return pwritev2(fd_.get(), pieces.data(), static_cast<int>(pieces.size()), at, 0);
}

bool BodyWriter::enlarge() {
  if (capacity_ == kLargestPipe) return false;
  capacity_ *= kGrowth;
  return fcntl(fd_.get(), F_SETPIPE_SZ, capacity_) >= capacity_;
}

// With what the pipe has had so far.
void BodyWriter::goToMemory() {
  BodyWriter memory(Reading::again);
  char buffer[kPage];
  while (memory.size_ < size_ - octets_) {
    ssize_t n = read(pipe_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("read");
    memory.write({buffer, static_cast<std::size_t>(n)});
  }
  fd_ = std::move(memory.fd_);  // closes the writing end of the pipe
  pipe_ = {};
}

// Nothing is shrunk: what stands beyond size_ is overwritten, or never referred to. A pipe cannot do that.
void BodyWriter::truncate(std::uint64_t size) {
  if (size == size_) return;
  if (isPipe()) goToMemory();
  flush();
  size_ = size;
}

Descriptor BodyWriter::seal() {
  flush(0);
  if (isPipe()) {
    fd_ = {};
    return std::move(pipe_);
  }
  if (fcntl(fd_.get(), F_ADD_SEALS, kSeals) != 0) fail("seal");
  return std::move(fd_);
}

namespace {

struct Holder {
  bool isPipe;
  std::uint64_t size;  // at most
};

// What a pipe holds shows when it is read, and that without waiting: it can only end early.
Holder holder(const Descriptor& fd, Reading reading) {
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0) throw PeerViolation("no message bodies");
  if (reading == Reading::once && S_ISFIFO(status.st_mode)) {
    if (fcntl(fd.get(), F_GETFL) != (O_RDONLY | O_NONBLOCK))
      throw PeerViolation("message bodies in a pipe that cannot be read, or not without waiting");
    return {true, kLargestPipe};
  }
  // Without the seals a peer could shrink the file while it is read (SIGBUS), or change it after it was
  // checked.
  int seals = fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals) throw PeerViolation("message bodies that are not sealed");
  if (!S_ISREG(status.st_mode)) throw PeerViolation("message bodies of no size");
  return {false, static_cast<std::uint64_t>(status.st_size)};
}

void checkInside(const Holder& holder, std::span<const BodyRange> ranges) {
  std::uint64_t end = 0;
  for (const BodyRange& range : ranges) {
    if (range.offset > holder.size || range.size > holder.size - range.offset)
      throw PeerViolation("a message outside its memory");
    if (holder.isPipe && range.offset < end) throw PeerViolation("messages out of order in a pipe");
    end = range.offset + range.size;
  }
}

}  // namespace

Bodies::Bodies(Descriptor fd, std::span<const BodyRange> ranges, Reading reading) : fd_(std::move(fd)) {
  Holder found = holder(fd_, reading);
  checkInside(found, ranges);
  isPipe_ = found.isPipe;
}

void Bodies::check(const Descriptor& fd, std::span<const BodyRange> ranges, Reading reading) {
  checkInside(holder(fd, reading), ranges);
}

std::size_t Bodies::read(std::uint64_t offset, std::span<char> buffer) {
  if (isPipe_) {
    if (offset < at_) throw std::logic_error("message bodies read twice from a pipe");
    char passedOver[kPage];
    while (at_ < offset) readOn({passedOver, std::min<std::size_t>(offset - at_, sizeof passedOver)});
    return readOn(buffer);
  }
  while (true) {
    ssize_t n = pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) fail("read");
  }
}

// At most so many octets as are told; if they are not there, somebody has told too much, or reads as well.
std::size_t Bodies::readOn(std::span<char> buffer) {
  if (buffer.empty()) return 0;
  while (true) {
    ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw PeerViolation("message bodies that end early");
    at_ += static_cast<std::uint64_t>(n);
    return static_cast<std::size_t>(n);
  }
}

}  // namespace interimap
