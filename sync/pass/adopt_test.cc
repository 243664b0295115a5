// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/adopt.h"

#include <doctest/doctest.h>

using namespace interimap;

namespace {

constexpr const char* kNoon = "17-Jul-1996 12:00:00 +0000";
constexpr const char* kSameNoon = "17-Jul-1996 14:00:00 +0200";
constexpr const char* kOne = "17-Jul-1996 13:00:00 +0000";

Uid uid(std::uint32_t n) { return *Uid::of(n); }
HeaderDigest header(std::uint8_t n) { return HeaderDigest{n}; }

store::Intent intent(std::uint32_t source, std::uint8_t digest, const char* date = kNoon) {
  return {uid(source), Identity{header(digest), InternalDate::parse(date)->seconds(), 100}, {}};
}
answer::Message copy(std::uint32_t n, std::uint8_t digest, const char* date = kNoon) {
  return {uid(n), {}, {}, InternalDate::parse(date), 101, header(digest)};
}
std::vector<Adopted> pairs(std::initializer_list<std::pair<std::uint32_t, std::uint32_t>> list) {
  std::vector<Adopted> out;
  for (auto [source, target] : list) out.push_back({uid(source), uid(target), Flags{}});
  return out;
}

std::vector<Adopted> adopt(const std::vector<store::Intent>& intents,
                           const std::vector<answer::Message>& candidates, const Contents& contents = {}) {
  return adoptCopies(intents, candidates, contents);
}

}  // namespace

TEST_CASE("copies made before a kill are recognised") {
  CHECK(adopt({intent(1, 1), intent(2, 2)}, {copy(50, 1)}) == pairs({{1, 50}}));
  CHECK(adopt({intent(1, 1), intent(2, 2)}, {copy(51, 2), copy(50, 1)}) == pairs({{1, 50}, {2, 51}}));
  CHECK(adopt({intent(1, 1)}, {copy(50, 1, kSameNoon)}) ==
        pairs({{1, 50}}));  // another zone, the same instant
}

TEST_CASE("other mail is not taken for a copy") {
  CHECK(adopt({intent(1, 1)}, {copy(50, 2)}).empty());
  CHECK(adopt({intent(1, 1)}, {copy(50, 1, kOne)}).empty());
  CHECK(adopt({store::Intent{uid(1), std::nullopt, {}}}, {copy(50, 0)}).empty());
  CHECK(adopt({intent(1, 1)}, {answer::Message{uid(50), {}, {}, {}, 0, {}}}).empty());
  CHECK(adopt({}, {copy(50, 1)}).empty());
}

TEST_CASE("equal messages are adopted once each, in their order") {
  CHECK(adopt({intent(1, 1), intent(2, 1), intent(3, 1)}, {copy(61, 1), copy(60, 1)}) ==
        pairs({{1, 60}, {2, 61}}));
}

TEST_CASE("of several that look the same, the one of the same size is taken first") {
  answer::Message exact = copy(61, 1);
  exact.size = 100;
  CHECK(adopt({intent(1, 1)}, {copy(60, 1), exact}) == pairs({{1, 61}}));
  CHECK(adopt({intent(1, 1), intent(2, 1)}, {copy(60, 1), exact}) == pairs({{1, 61}, {2, 60}}));
}

TEST_CASE("only where several look the same there is doubt") {
  auto doubt = [](const std::vector<store::Intent>& intents, const std::vector<answer::Message>& candidates) {
    Ambiguous found = ambiguous(intents, candidates);
    return found.sources.text() + "|" + found.copies.text();
  };
  CHECK(doubt({intent(1, 1), intent(2, 2)}, {copy(50, 1), copy(51, 2)}) == "|");
  CHECK(doubt({intent(1, 1), intent(2, 1)}, {copy(50, 2)}) == "|");
  CHECK(doubt({intent(1, 1)}, {copy(50, 1), copy(51, 1), copy(52, 2)}) == "1|50:51");
  CHECK(doubt({intent(1, 1), intent(2, 1), intent(3, 2)}, {copy(50, 1)}) == "1:2|50");
}

TEST_CASE("of several that look the same, those of the same content are pairs") {
  auto content = [](std::uint8_t n) { return ContentDigest{n}; };
  answer::Message mine = copy(61, 1), other = copy(60, 1);
  mine.size = other.size = 100;
  CHECK(adopt({intent(1, 1)}, {other, mine},
              {{{uid(1), content(7)}}, {{uid(60), content(8)}, {uid(61), content(7)}}}) == pairs({{1, 61}}));
  // Another message of that size is none of ours, but one that a server has altered may be.
  CHECK(adopt({intent(1, 1)}, {other}, {{{uid(1), content(7)}}, {{uid(60), content(8)}}}).empty());
  CHECK(adopt({intent(1, 1)}, {copy(60, 1)}, {{{uid(1), content(7)}}, {{uid(60), content(8)}}}) ==
        pairs({{1, 60}}));
  CHECK(adopt({intent(1, 1)}, {other}, {{{uid(1), content(7)}}, {}}) == pairs({{1, 60}}));
}
