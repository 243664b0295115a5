#include "ipc/body.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "ipc/failure.h"

namespace interimap {

namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

[[noreturn]] void fail(const char* what) {
  throw Failure(ExitStatus::io, std::string(what) + " message bodies in memory: " + strerror(errno));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) close(fd_);
  fd_ = other.release();
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

int Descriptor::release() { return std::exchange(fd_, -1); }

BodyWriter::BodyWriter() : fd_(memfd_create("bodies", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  if (!fd_) fail("create");
}

void BodyWriter::write(std::string_view bytes) {
  gather(bytes);
  flush();
}

void BodyWriter::gather(std::string_view bytes) {
  if (pieces_ == gathered_.size()) flush();
  gathered_[pieces_++] = {const_cast<char*>(bytes.data()), bytes.size()};
  octets_ += bytes.size();
  size_ += bytes.size();
}

void BodyWriter::flush() {
  std::span<iovec> left(gathered_.data(), std::exchange(pieces_, 0));
  while (octets_ > 0) {
    ssize_t n =
        pwritev(fd_.get(), left.data(), static_cast<int>(left.size()), static_cast<off_t>(size_ - octets_));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("write");
    auto written = static_cast<std::size_t>(n);
    octets_ -= written;
    for (; !left.empty() && written >= left.front().iov_len; left = left.subspan(1))
      written -= left.front().iov_len;
    if (written > 0)
      left.front() = {static_cast<char*>(left.front().iov_base) + written, left.front().iov_len - written};
  }
}

// Nothing is shrunk: what stands beyond size_ is overwritten, or never referred to.
void BodyWriter::truncate(std::uint64_t size) {
  if (size == size_) return;
  flush();
  size_ = size;
}

Descriptor BodyWriter::seal() {
  flush();
  if (fcntl(fd_.get(), F_ADD_SEALS, kSeals) != 0) fail("seal");
  return std::move(fd_);
}

Bodies::Bodies(Descriptor fd, std::span<const BodyRange> ranges) : fd_(std::move(fd)) { check(fd_, ranges); }

void Bodies::check(const Descriptor& fd, std::span<const BodyRange> ranges) {
  int seals = fd ? fcntl(fd.get(), F_GET_SEALS) : -1;
  if (seals < 0 || (seals & kSeals) != kSeals) throw PeerViolation("message bodies that are not sealed");
  struct stat status {};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw PeerViolation("message bodies of no size");
  auto size = static_cast<std::uint64_t>(status.st_size);
  for (const BodyRange& range : ranges)
    if (range.offset > size || range.size > size - range.offset)
      throw PeerViolation("a message outside its memory");
}

std::size_t Bodies::read(std::uint64_t offset, std::span<char> buffer) const {
  while (true) {
    ssize_t n = pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) fail("read");
  }
}

}  // namespace interimap
