// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/uid_set.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace interimap;

namespace {

constexpr std::uint32_t kHighest = 0xffffffffU;

UidSet parsed(std::string_view text) {
  if (text.empty()) return {};
  auto set = UidSet::parse(text);
  REQUIRE(set);
  return *set;
}

// What ipc/uid_set.h promises of ranges().
bool wellFormed(const UidSet& set) {
  std::uint64_t free = 1;  // the lowest UID that the next range may begin with
  for (UidSet::Range range : set.ranges()) {
    if (range.first < free || range.last < range.first) return false;
    free = std::uint64_t{range.last} + 2;
  }
  return true;
}

using Model = std::set<std::uint32_t>;

Model expanded(const UidSet& set) {
  Model model;
  for (Uid uid : set.each()) model.insert(uid.value());
  return model;
}

UidSet collected(const Model& model) {
  UidSet set;
  for (std::uint32_t n : model) set.add(*Uid::of(n));
  return set;
}

}  // namespace

TEST_CASE("Uid: 1 to 2^32-1") {
  CHECK_FALSE(Uid::of(0));
  CHECK(Uid::of(1)->value() == 1);
  CHECK(Uid::of(kHighest)->value() == kHighest);
  CHECK_FALSE(Uid::of(std::uint64_t{1} << 32));
  CHECK_FALSE(Uid::of(~std::uint64_t{0}));
  CHECK(*Uid::of(7) < *Uid::of(8));
}

TEST_CASE("a sequence-set is parsed into ascending ranges that do not touch") {
  struct {
    std::string_view text, canonical;
    std::uint64_t size;
  } const table[] = {
      {"1", "1", 1},
      {"4294967295", "4294967295", 1},
      {"1:4294967295", "1:4294967295", 4294967295U},
      {"4294967295:1", "1:4294967295", 4294967295U},
      {"7:7", "7", 1},
      {"9:3", "3:9", 7},
      {"1,2,3", "1:3", 3},
      {"3,2,1", "1:3", 3},
      {"1,3", "1,3", 2},
      {"5,5,5", "5", 1},
      {"1:4,2:9", "1:9", 9},
      {"1:9,2:4", "1:9", 9},
      {"2:4,1:9", "1:9", 9},
      {"1:4,5:9", "1:9", 9},
      {"1:4,6:9", "1:4,6:9", 8},
      {"4294967294,4294967295", "4294967294:4294967295", 2},
      {"4294967295,4294967294,1", "1,4294967294:4294967295", 3},
      {"4294967295,4294967295", "4294967295", 1},
      {"20,1:3,10:12,4,11:19", "1:4,10:20", 15},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    auto set = UidSet::parse(row.text);
    REQUIRE(set);
    CHECK(set->text() == row.canonical);
    CHECK(set->size() == row.size);
    CHECK(wellFormed(*set));
    CHECK(UidSet::parse(set->text()) == set);
  }
}

TEST_CASE("a set of UIDs in any order") {
  auto uid = [](std::uint32_t n) { return *Uid::of(n); };
  CHECK(UidSet::of({}).empty());
  CHECK(UidSet::of({uid(7), uid(2), uid(3), uid(7), uid(kHighest), uid(1)}).text() == "1:3,7,4294967295");
}

TEST_CASE("a sequence-set refuses what the grammar refuses, and \"*\"") {
  using namespace std::string_view_literals;
  for (std::string_view text : {""sv,
                                "0"sv,
                                "0:1"sv,
                                "1:0"sv,
                                "01"sv,
                                "1:02"sv,
                                "*"sv,
                                "1:*"sv,
                                "*:1"sv,
                                "1,*"sv,
                                ","sv,
                                ",1"sv,
                                "1,"sv,
                                "1,,2"sv,
                                ":"sv,
                                ":1"sv,
                                "1:"sv,
                                "1:2:3"sv,
                                "1 "sv,
                                " 1"sv,
                                "1, 2"sv,
                                "+1"sv,
                                "-1"sv,
                                "1-2"sv,
                                "a"sv,
                                "1a"sv,
                                "0x1"sv,
                                "1\0"sv,
                                "1\r\n"sv,
                                "4294967296"sv,
                                "1:4294967296"sv,
                                "18446744073709551617"sv,
                                "$"sv}) {
    CAPTURE(text);
    CHECK_FALSE(UidSet::parse(text));
  }
}

TEST_CASE("range is empty where there is none") {
  CHECK(UidSet::range(0, 5).empty());
  CHECK(UidSet::range(0, 0).empty());
  CHECK(UidSet::range(6, 5).empty());
  CHECK(UidSet::range(1, kHighest).size() == kHighest);
  CHECK(UidSet::single(*Uid::of(kHighest)).text() == "4294967295");
}

TEST_CASE("from and below UIDNEXT part all UIDs in two") {
  struct {
    std::uint64_t next;
    std::string_view from, below;
  } const table[] = {
      {0, "1:4294967295", ""},
      {1, "1:4294967295", ""},
      {2, "2:4294967295", "1"},
      {1000, "1000:4294967295", "1:999"},
      {kHighest, "4294967295", "1:4294967294"},
      {std::uint64_t{1} << 32, "", "1:4294967295"},
  };
  for (const auto& row : table) {
    CAPTURE(row.next);
    UidSet from = UidSet::from(UidNext{row.next}), below = UidSet::below(UidNext{row.next});
    CHECK(from.text() == row.from);
    CHECK(below.text() == row.below);
    CHECK(from.intersect(below).empty());
    below.add(from);
    CHECK(below.text() == "1:4294967295");
  }
}

TEST_CASE("an empty set") {
  UidSet none, some = parsed("1:3");
  CHECK(none.empty());
  CHECK(none.size() == 0);
  CHECK(none.text().empty());
  CHECK_FALSE(none.contains(*Uid::of(1)));
  CHECK(none.pieces(10).empty());
  CHECK(none.piecesOfRanges(10).empty());
  CHECK(expanded(none).empty());
  CHECK(none.minus(some).empty());
  CHECK(none.intersect(some).empty());
  CHECK(some.minus(none) == some);
  none.add(some);
  CHECK(none == some);
  none.remove(none);
  CHECK(none.empty());
}

TEST_CASE("sums, differences and intersections at the edges") {
  struct {
    std::string_view a, b, sum, difference, common;
  } const table[] = {
      {"1:10", "3", "1:10", "1:2,4:10", "3"},
      {"1:10", "1", "1:10", "2:10", "1"},
      {"1:10", "10", "1:10", "1:9", "10"},
      {"1:10", "11", "1:11", "1:10", ""},
      {"2:10", "1", "1:10", "2:10", ""},
      {"1:10", "12", "1:10,12", "1:10", ""},
      {"1:3,5:7", "4", "1:7", "1:3,5:7", ""},
      {"1:3,5:7,9", "2:9", "1:9", "1", "2:3,5:7,9"},
      {"1:3,5:7,9", "1:4294967295", "1:4294967295", "", "1:3,5:7,9"},
      {"1:4294967295", "1,4294967295", "1:4294967295", "2:4294967294", "1,4294967295"},
      {"4294967295", "1", "1,4294967295", "4294967295", ""},
      {"4294967294", "4294967295", "4294967294:4294967295", "4294967294", ""},
      {"1:4294967295", "1:4294967295", "1:4294967295", "", "1:4294967295"},
      {"1:20", "2,4,6:8,19:25", "1:25", "1,3,5,9:18", "2,4,6:8,19:20"},
      {"1:4,8:12,20:30", "3:9,11:22,30", "1:30", "1:2,10,23:29", "3:4,8:9,11:12,20:22,30"},
  };
  for (const auto& row : table) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    UidSet a = parsed(row.a), b = parsed(row.b), sum = a, removed = a;
    sum.add(b);
    removed.remove(b);
    CHECK(sum.text() == row.sum);
    CHECK(removed.text() == row.difference);
    CHECK(a.minus(b).text() == row.difference);
    CHECK(a.intersect(b).text() == row.common);
    CHECK(b.intersect(a).text() == row.common);
  }
  UidSet own = parsed("1:3,5");
  own.add(own);
  CHECK(own.text() == "1:3,5");
}

// At both ends of the number space, where a step beyond would wrap.
TEST_CASE("a set does what a std::set of its UIDs does") {
  constexpr std::uint32_t kUniverse = 48;
  std::uint32_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (std::uint32_t base : {1U, kHighest - (kUniverse - 1)}) {
    CAPTURE(base);
    auto any = [&] { return base + random() % kUniverse; };
    auto range = [&] {
      std::uint32_t first = any(), last = first + random() % 8;
      return UidSet::Range{first, last < first || last - base >= kUniverse ? first : last};
    };
    auto insert = [](Model& model, UidSet::Range r) {
      for (std::uint64_t n = r.first; n <= r.last; ++n) model.insert(static_cast<std::uint32_t>(n));
    };
    UidSet set;
    Model model;
    int wrong = 0;
    for (int step = 0; step < 5000 && wrong == 0; ++step) {
      UidSet other;
      Model otherModel;
      for (auto n = random() % 6; n > 0; --n) {
        UidSet::Range r = range();
        other.add(r);
        insert(otherModel, r);
      }
      Model left, common;
      for (std::uint32_t n : model) (otherModel.contains(n) ? common : left).insert(n);
      wrong += set.minus(other) != collected(left) || set.intersect(other) != collected(common);

      switch (random() % 5) {
        case 0: {
          Uid uid = *Uid::of(any());
          set.add(uid);
          model.insert(uid.value());
          break;
        }
        case 1: {
          UidSet::Range r = range();
          set.add(r);
          insert(model, r);
          break;
        }
        case 2:
          set.add(other);
          model.insert(otherModel.begin(), otherModel.end());
          break;
        case 3:
          set.remove(other);
          model = left;
          break;
        default:
          if (random() % 4 == 0) {
            set = set.intersect(other);
            model = common;
          }
      }
      Uid asked = *Uid::of(any());
      wrong += !wellFormed(set) || expanded(set) != model || set.size() != model.size() ||
               set.contains(asked) != model.contains(asked.value());
      if (!model.empty())
        wrong += set.first().value() != *model.begin() || set.last().value() != *model.rbegin() ||
                 UidSet::parse(set.text()) != set;
      if (wrong != 0) MESSAGE("step ", step, ": ", set.text());
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("pieces are as long as allowed, one range at least, and make up the whole") {
  UidSet set = parsed("1:4,7,9:12,20,100:200,4294967295");
  struct {
    std::size_t characters;
    std::vector<std::string> pieces;
  } const table[] = {
      {0, {"1:4", "7", "9:12", "20", "100:200", "4294967295"}},
      {3, {"1:4", "7", "9:12", "20", "100:200", "4294967295"}},
      {5, {"1:4,7", "9:12", "20", "100:200", "4294967295"}},
      {7, {"1:4,7", "9:12,20", "100:200", "4294967295"}},
      {10, {"1:4,7,9:12", "20,100:200", "4294967295"}},
      {13, {"1:4,7,9:12,20", "100:200", "4294967295"}},
      {1000, {"1:4,7,9:12,20,100:200,4294967295"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.characters);
    UidSet whole;
    std::vector<std::string> texts;
    for (const UidSet& piece : set.pieces(row.characters)) {
      texts.push_back(piece.text());
      whole.add(piece);
    }
    CHECK(texts == row.pieces);
    CHECK(whole == set);
  }
}

TEST_CASE("pieces of so many ranges") {
  UidSet set = parsed("1:4,7,9:12,20,100:200");
  for (std::size_t count : {1U, 2U, 3U, 5U, 6U}) {
    CAPTURE(count);
    UidSet whole;
    auto pieces = set.piecesOfRanges(count);
    CHECK(pieces.size() == (5 + count - 1) / count);
    for (const UidSet& piece : pieces) {
      CHECK(piece.ranges().size() <= count);
      whole.add(piece);
    }
    CHECK(whole == set);
  }
}

TEST_CASE("every UID is visited once, the highest included") {
  std::vector<std::uint32_t> seen;
  UidSet set = parsed("1,3:5,4294967294:4294967295");
  for (Uid uid : set.each()) seen.push_back(uid.value());
  CHECK(seen == std::vector<std::uint32_t>{1, 3, 4, 5, kHighest - 1, kHighest});
}
