// Message bodies between processes: one memfd for a window of messages, sealed before it is passed on, so
// that what the receiver checked cannot change under it.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace interimap {

// An open file descriptor and nothing else; closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return fd_; }
  int release();  // the caller closes it
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Where one message stands in the memfd that came with it. Octets.
struct BodyRange {
  std::uint64_t offset = 0, size = 0;
};

// The sending side. Throws Failure(io) when memory is short.
class BodyWriter {
 public:
  BodyWriter();  // memfd_create
  void write(std::string_view bytes);
  // The same with fewer system calls: the bytes have to stay where they are until flush().
  void gather(std::string_view bytes);
  void flush();
  std::uint64_t size() const { return size_; }  // with what is gathered
  // Takes back what was written beyond `size`: a message that broke off.
  void truncate(std::uint64_t size);
  Descriptor seal();  // no more writing, growing, shrinking; the writer is done

 private:
  Descriptor fd_;
  std::uint64_t size_ = 0;
  std::array<iovec, 64> gathered_;
  std::size_t pieces_ = 0;    // in gathered_
  std::uint64_t octets_ = 0;  // of them; the last of size_
};

// The receiving side. A descriptor that is not such a sealed memfd, or ranges that are not inside it, mean
// that the peer is compromised: throws PeerViolation.
class Bodies {
 public:
  Bodies(Descriptor fd, std::span<const BodyRange> ranges);
  // The same check for whoever only passes a descriptor on.
  static void check(const Descriptor& fd, std::span<const BodyRange> ranges);
  // Up to buffer.size() octets from `offset` on; throws Failure(io) if the memfd cannot be read.
  std::size_t read(std::uint64_t offset, std::span<char> buffer) const;
  int fd() const { return fd_.get(); }

 private:
  Descriptor fd_;
};

}  // namespace interimap
