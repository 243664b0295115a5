// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/uid_set.h"

#include <algorithm>
#include <charconv>

namespace interimap {

UidSet UidSet::range(std::uint32_t first, std::uint32_t last) {
  UidSet set;
  if (first != 0 && first <= last) set.ranges_.push_back({first, last});
  return set;
}

namespace {

// nz-number, or nothing. Leading zeros are not part of the grammar.
std::optional<std::uint32_t> takeNumber(std::string_view& text) {
  std::uint32_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || n == 0 || text.front() == '0') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return n;
}

}  // namespace

std::optional<UidSet> UidSet::parse(std::string_view text) {
  std::vector<Range> found;
  bool ascending = true;
  while (true) {
    auto first = takeNumber(text);
    if (!first) return std::nullopt;
    auto last = first;
    if (text.starts_with(':')) {
      text.remove_prefix(1);
      if (!(last = takeNumber(text))) return std::nullopt;
    }
    if (*first > *last) std::swap(first, last);  // "4:2" is "2:4" (RFC 3501 section 9, seq-range)
    if (!found.empty() && *first <= found.back().last) ascending = false;
    found.push_back({*first, *last});
    if (text.empty()) break;
    if (text.front() != ',') return std::nullopt;
    text.remove_prefix(1);
  }
  if (!ascending) std::ranges::sort(found, {}, &Range::first);
  UidSet set;
  for (const Range& range : found) set.add(range);
  return set;
}

std::uint64_t UidSet::size() const {
  std::uint64_t n = 0;
  for (const Range& range : ranges_) n += std::uint64_t{range.last} - range.first + 1;
  return n;
}

bool UidSet::contains(Uid uid) const {
  auto above = std::ranges::upper_bound(ranges_, uid.value(), {}, &Range::first);
  return above != ranges_.begin() && std::prev(above)->last >= uid.value();
}

UidSet UidSet::of(std::vector<Uid> uids) {
  std::ranges::sort(uids);
  UidSet set;
  for (Uid uid : uids) set.add(uid);
  return set;
}

void UidSet::add(Range range) {
  if (ranges_.empty() || std::uint64_t{ranges_.back().last} + 1 < range.first) {
    ranges_.push_back(range);
    return;
  }
  // The first range that reaches up to the new one, and the first beyond it: all between become one.
  auto from = std::ranges::lower_bound(ranges_, range.first, {},
                                       [](const Range& r) { return std::uint64_t{r.last} + 1; });
  auto to = from;
  while (to != ranges_.end() && to->first <= std::uint64_t{range.last} + 1) {
    range.first = std::min(range.first, to->first);
    range.last = std::max(range.last, to->last);
    ++to;
  }
  if (from == to) {
    ranges_.insert(from, range);
  } else {
    *from = range;
    ranges_.erase(from + 1, to);
  }
}

// Merged and rebuilt in one walk: to add range by range would move what stands behind for each of them.
void UidSet::add(const UidSet& other) {
  if (ranges_.empty()) {
    ranges_ = other.ranges_;
    return;
  }
  std::vector<Range> both;
  both.reserve(ranges_.size() + other.ranges_.size());
  std::ranges::merge(ranges_, other.ranges_, std::back_inserter(both), {}, &Range::first, &Range::first);
  ranges_.clear();
  for (const Range& range : both) add(range);
}

void UidSet::remove(const UidSet& other) { *this = minus(other); }

UidSet UidSet::intersect(const UidSet& other) const {
  UidSet out;
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    std::uint32_t first = std::max(a->first, b->first), last = std::min(a->last, b->last);
    if (first <= last) out.ranges_.push_back({first, last});
    if (a->last < b->last)
      ++a;
    else
      ++b;
  }
  return out;
}

UidSet UidSet::minus(const UidSet& other) const {
  UidSet out;
  auto b = other.ranges_.begin();
  for (Range rest : ranges_) {
    while (b != other.ranges_.end() && b->last < rest.first) ++b;
    bool left = true;
    for (auto cut = b; cut != other.ranges_.end() && cut->first <= rest.last; ++cut) {
      if (cut->first > rest.first) out.ranges_.push_back({rest.first, cut->first - 1});
      if (cut->last >= rest.last) {
        left = false;
        break;
      }
      rest.first = cut->last + 1;
    }
    if (left) out.ranges_.push_back(rest);
  }
  return out;
}

namespace {

void append(std::string& text, UidSet::Range range) {
  if (!text.empty()) text += ',';
  text += std::to_string(range.first);
  if (range.last != range.first) text.append(1, ':').append(std::to_string(range.last));
}

}  // namespace

std::string UidSet::text() const {
  std::string text;
  for (Range range : ranges_) append(text, range);
  return text;
}

std::vector<UidSet> UidSet::pieces(std::size_t characters) const {
  std::vector<UidSet> out;
  std::string text;
  for (Range range : ranges_) {
    std::size_t before = text.size();
    append(text, range);
    if (before == 0 || text.size() > characters) {
      if (before != 0) text.erase(0, before + 1);
      out.emplace_back();
    }
    out.back().ranges_.push_back(range);
  }
  return out;
}

std::vector<UidSet> UidSet::piecesOfRanges(std::size_t count) const {
  std::vector<UidSet> out;
  for (Range range : ranges_) {
    if (out.empty() || out.back().ranges_.size() == count) out.emplace_back();
    out.back().ranges_.push_back(range);
  }
  return out;
}

}  // namespace interimap
