// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_recovery.h"

#include <doctest/doctest.h>

using namespace interimap;

namespace {

struct Shape {
  std::uint8_t header;
  std::int64_t date;
  std::uint64_t size;
  std::uint8_t content;  // 0: not known
  Identity identity() const { return {HeaderDigest{header}, date, size}; }
};

std::vector<std::uint32_t> partnersOf(const std::vector<Shape>& ours, const std::vector<Shape>& theirs) {
  std::vector<KnownMessage> known;
  for (const Shape& shape : ours) known.push_back({shape.identity(), ContentDigest{shape.content}});
  std::vector<FoundMessage> found;
  for (const Shape& shape : theirs) found.push_back({*Uid::of(found.size() + 1), shape.identity()});
  UidSet asked = inQuestion(known, found);
  for (std::size_t i = 0; i < found.size(); ++i)
    if (asked.contains(found[i].uid)) found[i].content = ContentDigest{theirs[i].content};
  std::vector<std::uint32_t> partners;
  for (auto uid : recognise(known, found)) partners.push_back(uid ? uid->value() : 0);
  return partners;
}

}  // namespace

TEST_CASE("field 8: messages are recognised by their content, or by all that was ever known of them") {
  const struct {
    const char* name;
    std::vector<Shape> known, found;      // found: UIDs from 1 on
    std::vector<std::uint32_t> expected;  // 0: none
  } cases[] = {
      {"nothing", {}, {}, {}},
      {"moved", {{1, 1, 1, 1}, {2, 2, 2, 2}}, {{2, 2, 2, 2}, {1, 1, 1, 1}, {3, 3, 3, 3}}, {2, 1}},
      {"header, date and size agree, the content differs", {{1, 1, 1, 1}}, {{1, 1, 1, 2}}, {0}},
      {"another date and size, the same content", {{1, 1, 1, 1}}, {{1, 7, 7, 1}}, {1}},
      {"another header", {{1, 1, 1, 1}}, {{2, 1, 1, 2}}, {0}},
      {"content not known: all three", {{1, 1, 1, 0}}, {{1, 1, 1, 1}}, {1}},
      {"content not known: the size differs", {{1, 1, 1, 0}}, {{1, 1, 7, 1}}, {0}},
      {"content not known: the date differs", {{1, 1, 1, 0}}, {{1, 7, 1, 1}}, {0}},
      {"not known at all", {{0, 0, 0, 0}}, {{0, 0, 0, 1}}, {0}},
      {"none is given twice", {{1, 1, 1, 1}, {1, 1, 1, 1}}, {{1, 1, 1, 1}}, {1, 0}},
      {"two of the same", {{1, 1, 1, 1}, {1, 1, 1, 1}}, {{1, 1, 1, 1}, {1, 1, 1, 1}}, {1, 2}},
      {"content goes first", {{1, 1, 1, 0}, {1, 1, 1, 1}}, {{1, 1, 1, 1}, {1, 1, 1, 2}}, {2, 1}},
  };
  for (const auto& each : cases) {
    CAPTURE(each.name);
    CHECK(partnersOf(each.known, each.found) == each.expected);
  }
}
