// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A set of UIDs as ranges, never expanded: "1:3000000" costs eight bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ipc/uid.h"

namespace interimap {

class UidSet {
 public:
  // Both ends belong to the range. Ranges in a set ascend, and neither overlap nor touch.
  struct Range {
    std::uint32_t first, last;
    constexpr bool operator==(const Range&) const = default;
  };

  UidSet() = default;
  static UidSet single(Uid uid) { return range(uid.value(), uid.value()); }
  static UidSet range(std::uint32_t first, std::uint32_t last);  // empty if first is 0 or above last
  static UidSet from(UidNext next) {
    return next.value > 0xffffffffU
               ? UidSet()
               : range(next.value ? static_cast<std::uint32_t>(next.value) : 1, 0xffffffffU);
  }
  static UidSet below(UidNext next) {
    return next.value < 2 ? UidSet() : range(1, static_cast<std::uint32_t>(next.value - 1));
  }

  static UidSet of(std::vector<Uid> uids);  // in any order
  // sequence-set without "*" (RFC 3501 section 9), in any order, ranges possibly reversed or overlapping.
  // Nothing if the text is anything else.
  static std::optional<UidSet> parse(std::string_view text);

  bool empty() const { return ranges_.empty(); }
  std::uint64_t size() const;  // how many UIDs
  bool contains(Uid uid) const;
  const std::vector<Range>& ranges() const { return ranges_; }
  Uid first() const { return Uid(ranges_.front().first); }  // of a set that is not empty
  Uid last() const { return Uid(ranges_.back().last); }

  void add(Uid uid) { add(Range{uid.value(), uid.value()}); }  // constant time in ascending order
  void add(Range range);
  void add(const UidSet& other);
  void remove(const UidSet& other);
  UidSet intersect(const UidSet& other) const;
  UidSet minus(const UidSet& other) const;

  // Ascending, compact: "1:4,7,9:12".
  std::string text() const;
  // The set in pieces whose text is at most `characters` long (at least one range each).
  std::vector<UidSet> pieces(std::size_t characters) const;
  // The set in pieces of at most `count` ranges.
  std::vector<UidSet> piecesOfRanges(std::size_t count) const;

  bool operator==(const UidSet&) const = default;

  // for (Uid uid : set.each()): every UID, for sets known to be small.
  class Each;
  Each each() const;

 private:
  std::vector<Range> ranges_;
};

class UidSet::Each {
 public:
  explicit Each(std::vector<Range> ranges) : ranges_(std::move(ranges)) {}
  struct Iterator {
    const std::vector<Range>* ranges;
    std::size_t at;
    std::uint64_t uid;
    Uid operator*() const { return Uid(static_cast<std::uint32_t>(uid)); }
    Iterator& operator++() {
      if (++uid > (*ranges)[at].last) uid = ++at < ranges->size() ? (*ranges)[at].first : 0;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at == other.at && uid == other.uid; }
  };
  Iterator begin() const { return {&ranges_, 0, ranges_.empty() ? 0U : ranges_.front().first}; }
  Iterator end() const { return {&ranges_, ranges_.size(), 0}; }

 private:
  std::vector<Range> ranges_;  // a copy: the set is often a temporary
};

inline UidSet::Each UidSet::each() const { return Each(ranges_); }

}  // namespace interimap
