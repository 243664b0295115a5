// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which of a great many messages are beyond doubt the same on both sides, from sixteen octets of each: there
// may be a million on either side, and what tells them apart in full takes more than twice as much.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>

#include "ipc/uid_set.h"
#include "sync/pass/twins.h"

namespace interimap {

// Numbers for what a message looks like.
struct Look {
  std::uint32_t header;
  std::uint64_t whole;  // header, INTERNALDATE and size; below 2^kWholeBits
  static constexpr unsigned kWholeBits = 52;
};

// By secret random numbers of its own, so that nobody who sends mail can aim at a collision. Of whatever two
// identities, `whole` is the same once in 2^52 times; if their headers differ, `whole` and `header` together
// are once in 2^84: a million messages here that are none of a million there come to one in 10^13. (The
// multilinear hash is strongly universal: Lemire and Kaser, Strongly Universal String Hashing is Fast,
// theorem 3.1.)
class LookHash {
 public:
  LookHash();
  Look operator()(const Identity& identity) const;

 private:
  std::array<std::uint64_t, 5> header_;
  std::array<std::uint64_t, 9> whole_, more_;
};

class Sketches {
 public:
  using Hash = std::function<Look(const Identity&)>;
  explicit Sketches(Hash hash) : hash_(std::move(hash)) {}

  void add(Side side, const Lookalike& message);
  // Once all have come, takes out those that takeUnmistakable() of sync/pass/twins.h would take: header,
  // INTERNALDATE and size are equal, and no other message on either side has the same three. One for which
  // `taken` holds does not count, nor one that comes again. The memory of what has been looked at is free for
  // what is found.
  std::deque<Twins> takeUnmistakable(const std::function<bool(Side, Uid)>& taken);
  // After that, messages whose header is to be found on the other side as well, and all that have the same;
  // or that is what it looks like. They are to be compared in full. As many as make `most` on one side, or a
  // few more; none when there are none left.
  Both<UidSet> takeDoubtful(std::size_t most);

 private:
  struct Sketch {
    Uid uid;
    std::uint32_t header;
    std::uint64_t whole : Look::kWholeBits, flags : 64 - Look::kWholeBits;
  };
  static_assert(sizeof(Sketch) == 16);
  using List = std::deque<Sketch>;  // gives memory back as it is consumed
  static constexpr std::uint32_t kManyFlags = (1U << (64 - Look::kWholeBits)) - 1;

  void sort(Side side, const std::function<bool(Side, Uid)>& taken);
  void compareGroup(const Both<List::iterator>& ends, std::deque<Twins>& out);
  std::uint32_t flags(Side side, const Sketch& sketch) const;

  Hash hash_;
  Both<List> all_, doubtful_;
  Both<std::map<Uid, std::uint32_t>> flags_;  // those that are too many for a sketch
};

}  // namespace interimap
