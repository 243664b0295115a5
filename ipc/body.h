// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Message bodies between processes, a window of messages at a time, such that what the receiver checked
// cannot change under it: in a memfd that is sealed before it is passed on; or, if they are read once and in
// order, in a pipe, whose pages cost half as much.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ipc/descriptor.h"

namespace interimap {

// Where one message stands in the bodies that came with it. Octets.
struct BodyRange {
  std::uint64_t offset = 0, size = 0;
};

// What the receiver needs: to read every octet at most once and in order, or wherever and as often as it
// likes.
enum class Reading : std::uint8_t { once, again };

// The sending side. Throws Failure(io) when memory is short.
class BodyWriter {
 public:
  // What is read once goes into a pipe as long as it fits and the user may have one so large: then into a
  // memfd, which serves as well.
  explicit BodyWriter(Reading reading = Reading::again);
  BodyWriter(const BodyWriter&) = delete;
  // A message of so many octets follows. What no pipe can hold had better not begin in one.
  void expect(std::uint64_t octets);
  void write(std::string_view bytes);
  // The same with fewer system calls: the bytes have to stay where they are until flush().
  void gather(std::string_view bytes);
  void flush();
  std::uint64_t size() const { return size_; }  // with what is gathered
  // Takes back what was written beyond `size`: a message that broke off.
  void truncate(std::uint64_t size);
  Descriptor seal();  // no more writing, growing, shrinking; the writer is done

 private:
  bool isPipe() const { return static_cast<bool>(pipe_); }
  void flush(std::uint64_t rest);  // all but the last octets
  ssize_t put(std::span<const iovec> pieces);
  bool enlarge();
  void goToMemory();
  std::string takeBack(std::uint64_t octets);

  Descriptor fd_;     // of the memfd, or of the pipe's writing end
  Descriptor pipe_;   // its reading end
  int capacity_ = 0;  // of the pipe
  std::uint64_t size_ = 0;
  std::array<iovec, 64> gathered_;
  std::size_t pieces_ = 0;    // in gathered_
  std::uint64_t octets_ = 0;  // of them; the last of size_
  std::string page_;          // what the first of them is in, when a pipe has had all whole pages before it
};

// The receiving side. A descriptor that is neither such a sealed memfd nor, where that will do, a pipe, or
// ranges that are not inside it, mean that the peer is compromised: throws PeerViolation.
class Bodies {
 public:
  Bodies(Descriptor fd, std::span<const BodyRange> ranges, Reading reading = Reading::again);
  // The same check for whoever only passes a descriptor on.
  static void check(const Descriptor& fd, std::span<const BodyRange> ranges, Reading reading);
  // Up to buffer.size() octets from `offset` on; throws Failure(io) if the memfd cannot be read. From a pipe,
  // no octet twice; one that ends early is a PeerViolation, too.
  std::size_t read(std::uint64_t offset, std::span<char> buffer);

 private:
  std::size_t readOn(std::span<char> buffer);

  Descriptor fd_;
  bool isPipe_ = false;
  std::uint64_t at_ = 0;  // read from the pipe, or passed over
};

}  // namespace interimap
