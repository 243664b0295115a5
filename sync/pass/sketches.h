// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which of a great many messages may be the same on both sides, from eight octets of each: there may be a
// million on either side.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>

#include "ipc/identity.h"
#include "ipc/side.h"
#include "ipc/uid_set.h"

namespace interimap {

// A number for what a header looks like, by secret random numbers of its own, so that nobody who sends mail
// can aim at a collision. Two headers have the same once in 2^32 times: their messages are compared in vain.
// (The multilinear hash is strongly universal: Lemire and Kaser, Strongly Universal String Hashing is Fast,
// theorem 3.1.)
class HeaderHash {
 public:
  HeaderHash();
  std::uint32_t operator()(const HeaderDigest& header) const;

 private:
  std::array<std::uint64_t, 5> key_;
};

class Sketches {
 public:
  using Hash = std::function<std::uint32_t(const HeaderDigest&)>;
  explicit Sketches(Hash hash) : hash_(std::move(hash)) {}

  void add(Side side, Uid uid, const HeaderDigest& header);
  // Once all have come, forgets those whose header is on one side alone: they are no one's twin. One for
  // which `taken` holds does not count, nor one that comes again.
  void match(const std::function<bool(Side, Uid)>& taken);
  // After that: how many messages there were, and how many different headers both sides have.
  const Both<std::uint64_t>& seen() const { return seen_; }
  std::uint64_t common() const { return common_; }
  // The messages that are left and all that have the same header, to be compared in full. As many as make
  // `most` on one side, or a few more; none when there are none left.
  Both<UidSet> take(std::size_t most);

 private:
  struct Sketch {
    Uid uid;
    std::uint32_t header;
  };
  static_assert(sizeof(Sketch) == 8);
  using List = std::deque<Sketch>;  // gives memory back as it is consumed

  void sort(Side side, const std::function<bool(Side, Uid)>& taken);

  Hash hash_;
  Both<List> all_;
  Both<std::uint64_t> seen_{0, 0};
  std::uint64_t common_ = 0;
};

}  // namespace interimap
