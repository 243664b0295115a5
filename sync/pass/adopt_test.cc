// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/adopt.h"

#include <doctest/doctest.h>

using namespace interimap;

namespace {

constexpr const char* kNoon = "17-Jul-1996 12:00:00 +0000";
constexpr const char* kSameNoon = "17-Jul-1996 14:00:00 +0200";
constexpr const char* kOne = "17-Jul-1996 13:00:00 +0000";

Uid uid(std::uint32_t n) { return *Uid::of(n); }
ContentDigest content(std::uint8_t n) { return ContentDigest{n}; }

// To be found from UID 40 on; `copy`: a second one, that is known.
Sent sent(std::uint32_t source, std::uint8_t digest, std::uint32_t copy = 0) {
  return {.source = Uid::of(source),
          .copy = Uid::of(copy),
          .identity = {HeaderDigest{digest}, InternalDate::parse(kNoon)->seconds(), 100},
          .targetNext = {40}};
}
// A moment ago the server has said that it is there.
Sent told(std::uint32_t source, std::uint8_t digest) {
  Sent told = sent(source, digest);
  told.answered = told.anyDate = true;
  return told;
}
answer::Message shown(std::uint32_t n, std::uint8_t digest, const char* date = kNoon,
                      std::uint64_t size = 100) {
  return {uid(n), {}, {}, InternalDate::parse(date), size, HeaderDigest{digest}};
}

using List = std::vector<Arrived>;

}  // namespace

TEST_CASE("copies that were sent before are recognised by what they hold") {
  Contents same{{{uid(1), content(1)}, {uid(2), content(2)}}, {{uid(50), content(1)}, {uid(51), content(2)}}};
  CHECK(arrived({sent(1, 1), sent(2, 2)}, {shown(50, 1)}, same) == List{{0, uid(50), true}});
  CHECK(arrived({sent(1, 1), sent(2, 2)}, {shown(51, 2), shown(50, 1)}, same) ==
        List{{0, uid(50), true}, {1, uid(51), true}});
  CHECK(arrived({sent(1, 1)}, {shown(50, 1, kSameNoon, 101)}, same) == List{{0, uid(50), true}});
  // What was known of it while the source was still there.
  Sent gone = sent(0, 1);
  gone.content = content(1);
  CHECK(arrived({gone}, {shown(50, 1)}, same) == List{{0, uid(50), true}});
}

TEST_CASE("field 5: what only looks the same is another message, whatever its size") {
  Contents contents{{{uid(1), content(1)}}, {{uid(50), content(2)}}};
  CHECK(arrived({sent(1, 1)}, {shown(50, 1)}, contents).empty());
  CHECK(arrived({sent(1, 1)}, {shown(50, 1, kNoon, 101)}, contents).empty());
  // Nobody shows it: the size has to do.
  contents.sources.clear();
  CHECK(arrived({sent(1, 1)}, {shown(50, 1)}, contents) == List{{0, uid(50), false}});
  CHECK(arrived({sent(1, 1)}, {shown(50, 1, kNoon, 101)}, contents).empty());
}

TEST_CASE("other mail is not taken for a copy") {
  Contents contents{{{uid(1), content(1)}}, {{uid(50), content(1)}, {uid(39), content(1)}}};
  CHECK(arrived({sent(1, 1)}, {shown(50, 2)}, contents).empty());
  CHECK(arrived({sent(1, 1)}, {shown(39, 1)}, contents).empty());  // it was there before
  CHECK(arrived({sent(1, 1)}, {answer::Message{uid(50), {}, {}, {}, 0, {}}}, contents).empty());
  CHECK(arrived({}, {shown(50, 1)}, contents).empty());
}

TEST_CASE("a server that gives messages dates of its own: the content counts, and first what has the date") {
  Contents contents{{{uid(1), content(1)}, {uid(2), content(2)}},
                    {{uid(50), content(1)}, {uid(51), content(1)}, {uid(52), content(3)}}};
  CHECK(arrived({sent(1, 1)}, {shown(50, 1, kOne)}, contents) == List{{0, uid(50), true}});
  CHECK(arrived({sent(1, 1)}, {shown(52, 1, kOne)}, contents).empty());
  CHECK(arrived({sent(1, 1, 45)}, {shown(50, 1, kOne), shown(51, 1)}, contents) == List{{0, uid(51), true}});
  // Nobody shows it: size and date have to do.
  CHECK(arrived({sent(3, 1)}, {shown(50, 1, kOne)}, {}).empty());
}

TEST_CASE("equal messages arrive once each, in their order, and first those that have no copy") {
  Contents contents{
      {{uid(1), content(1)}, {uid(2), content(1)}, {uid(3), content(1)}},
      {{uid(60), content(1)}, {uid(61), content(1)}, {uid(62), content(1)}, {uid(45), content(1)}}};
  CHECK(arrived({sent(2, 1), sent(1, 1), sent(3, 1)}, {shown(61, 1), shown(60, 1)}, contents) ==
        List{{1, uid(60), true}, {0, uid(61), true}});
  CHECK(arrived({sent(1, 1, 45), sent(2, 1)}, {shown(60, 1)}, contents) == List{{1, uid(60), true}});
  CHECK(arrived({sent(1, 1, 45), sent(2, 1)}, {shown(60, 1), shown(61, 1)}, contents) ==
        List{{1, uid(60), true}, {0, uid(61), true}});
  Sent lost = sent(0, 1);
  lost.content = content(1);
  CHECK(arrived({lost, sent(1, 1, 45), sent(2, 1)}, {shown(60, 1), shown(61, 1)}, contents) ==
        List{{2, uid(60), true}, {1, uid(61), true}});
  // Told twice.
  CHECK(arrived({sent(1, 1)}, {shown(60, 1), shown(60, 1)}, contents) == List{{0, uid(60), true}});
  // Copied by somebody else, too.
  CHECK(arrived({sent(1, 1)}, {shown(60, 1), shown(61, 1), shown(62, 1)}, contents) ==
        List{{0, uid(60), true}, {0, uid(61), true}});
  CHECK(arrived({sent(1, 1, 45)}, {shown(60, 1), shown(61, 1)}, contents) == List{{0, uid(60), true}});
  CHECK(arrived({sent(1, 1), sent(2, 1)}, {shown(60, 1), shown(61, 1), shown(62, 1)}, contents) ==
        List{{0, uid(60), true}, {1, uid(61), true}, {0, uid(62), true}});
  // Sent twice.
  CHECK(arrived({sent(1, 1), sent(1, 1)}, {shown(60, 1)}, contents) == List{{0, uid(60), true}});
}

TEST_CASE("a server that alters messages alters both copies") {
  Contents contents{{{uid(1), content(1)}}, {{uid(45), content(9)}, {uid(60), content(9)}}};
  CHECK(arrived({sent(1, 1, 45)}, {shown(60, 1, kNoon, 107)}, contents) == List{{0, uid(60), true}});
  CHECK(arrived({sent(1, 1)}, {shown(60, 1, kNoon, 107)}, contents).empty());
}

TEST_CASE("asked for is only what looks alike") {
  auto asked = [](const std::vector<Sent>& sent, const std::vector<answer::Message>& candidates) {
    Question found = question(sent, candidates);
    return found.sources.text() + "|" + found.copies.text();
  };
  CHECK(asked({sent(1, 1), sent(2, 2)}, {shown(50, 1), shown(51, 3)}) == "1|50");
  CHECK(asked({sent(1, 1, 45)}, {shown(50, 1)}) == "1|45,50");
  CHECK(asked({sent(1, 1), sent(2, 1)}, {shown(50, 2)}) == "|");

  // A moment ago the server has said that it is there.
  Sent before = sent(5, 5, 45);
  before.anyDate = true;
  Question found = question({told(1, 1), told(2, 2), told(3, 3), told(4, 3), before},
                            {shown(50, 1), shown(51, 2, kOne, 101), shown(52, 3), shown(53, 5)});
  CHECK(found.sources.text() == "3:5");
  CHECK(found.copies.text() == "45,52:53");
  CHECK(found.plainSources.text() == "1:2");
  CHECK(found.plainCopies.text() == "50:51");
}

TEST_CASE("what a server has just stored is found, whatever it has made of it, if there are as many") {
  const struct {
    const char* name;
    std::vector<Sent> sent;
    std::vector<answer::Message> candidates;
    List arrived;
  } table[] = {
      {"another size", {told(1, 1)}, {shown(50, 1, kNoon, 107)}, {{0, uid(50), false}}},
      {"another date", {told(1, 1)}, {shown(50, 1, kOne)}, {{0, uid(50), false}}},
      {"in their order",
       {told(2, 1), told(1, 1)},
       {shown(51, 1, kNoon, 107), shown(50, 1, kNoon, 107)},
       {{1, uid(50), false}, {0, uid(51), false}}},
      {"too few", {told(2, 1), told(1, 1)}, {shown(51, 1, kNoon, 107)}, {}},
      {"too many", {told(1, 1)}, {shown(51, 1, kNoon, 107), shown(50, 1, kNoon, 107)}, {}},
      {"one was there before",
       {told(1, 1)},
       {shown(39, 1, kNoon, 107), shown(50, 1, kNoon, 107)},
       {{0, uid(50), false}}},
      {"not answered", {sent(1, 1)}, {shown(50, 1, kNoon, 107)}, {}},
      {"another header", {told(1, 1)}, {shown(50, 2, kNoon, 107)}, {{0, uid(50), false}}},
      {"another header, and two of them", {told(1, 1)}, {shown(50, 2), shown(51, 3)}, {}},
      {"another message", {told(1, 1)}, {shown(50, 2, kOne)}, {}},
      {"another message, not answered", {sent(1, 1)}, {shown(50, 2)}, {}},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    CHECK(arrived(row.sent, row.candidates, {}) == row.arrived);
  }
  // The content decides where it can.
  Contents contents{{{uid(1), content(1)}, {uid(2), content(2)}},
                    {{uid(50), content(2)}, {uid(51), content(9)}}};
  CHECK(arrived({told(1, 1), told(2, 1)}, {shown(50, 1), shown(51, 1)}, contents) ==
        List{{1, uid(50), true}, {0, uid(51), false}});
  // A killed run had sent it, too: what is not it is somebody else's.
  CHECK(arrived({sent(1, 1), told(1, 1)}, {shown(49, 1), shown(51, 1)},
                {{{uid(1), content(9)}}, {{uid(49), content(3)}, {uid(51), content(9)}}}) ==
        List{{0, uid(51), true}});
}
