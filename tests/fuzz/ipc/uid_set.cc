// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/uid_set.h"

#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

namespace {

void checkShape(const UidSet& set) {
  std::uint64_t before = 0;  // the end of the range before, and one for the gap
  for (UidSet::Range range : set.ranges()) {
    require(range.first > before && range.first <= range.last, "ranges ascend, and do not touch");
    before = std::uint64_t{range.last} + 1;
  }
}

void checkPair(const UidSet& a, const UidSet& b) {
  UidSet both = a.intersect(b), onlyA = a.minus(b), onlyB = b.minus(a), all = a;
  all.add(b);
  for (const UidSet* set : {&both, &onlyA, &onlyB, &all}) checkShape(*set);
  require(all.size() == both.size() + onlyA.size() + onlyB.size(), "a set is the sum of its parts");
  onlyA.add(both);
  require(onlyA == a, "a - b + (a & b) is a");
  all.remove(b);
  require(all.intersect(b).empty(), "what is removed is gone");
}

}  // namespace

// Two sets, a line each.
FUZZ(uid_set) {
  auto a = UidSet::parse(fuzz::takeLine(octets)), b = UidSet::parse(octets);
  if (a) {
    checkShape(*a);
    require(UidSet::parse(a->text()) == a, "a set survives being written down");
    UidSet again;
    for (const UidSet& piece : a->pieces(24)) again.add(piece);
    require(again == *a, "the pieces are the set");
    require(a->contains(a->first()) && a->contains(a->last()), "the ends belong to the set");
  }
  if (a && b) checkPair(*a, *b);
}
