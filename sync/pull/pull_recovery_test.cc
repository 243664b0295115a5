// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_recovery.h"

#include <doctest/doctest.h>

using namespace interimap;

namespace {

struct Shape {
  std::uint8_t header;
  std::int64_t date;
  std::uint64_t size;
  Identity identity() const {
    Identity made{{}, date, size};
    made.header[0] = header;
    return made;
  }
};

}  // namespace

TEST_CASE("messages are recognised by their identities") {
  const struct {
    const char* name;
    std::vector<Shape> known, found;      // found: UIDs from 1 on
    std::vector<std::uint32_t> expected;  // 0: none
  } cases[] = {
      {"nothing", {}, {}, {}},
      {"all three", {{1, 1, 1}, {2, 2, 2}}, {{2, 2, 2}, {1, 1, 1}, {3, 3, 3}}, {2, 1}},
      {"the size differs", {{1, 1, 1}}, {{1, 1, 7}}, {1}},
      {"the date differs", {{1, 1, 1}}, {{1, 7, 1}}, {1}},
      {"both differ", {{1, 1, 1}}, {{1, 7, 7}}, {0}},
      {"another header", {{1, 1, 1}}, {{2, 1, 1}}, {0}},
      {"not known", {{0, 0, 0}}, {{0, 0, 0}}, {0}},
      {"none is given twice", {{1, 1, 1}, {1, 1, 1}}, {{1, 1, 1}}, {1, 0}},
      {"two of the same", {{1, 1, 1}, {1, 1, 1}}, {{1, 1, 1}, {1, 1, 1}}, {1, 2}},
      {"the exact one first", {{1, 5, 1}, {1, 1, 1}}, {{1, 1, 1}, {1, 9, 1}}, {2, 1}},
  };
  for (const auto& each : cases) {
    CAPTURE(each.name);
    std::vector<Identity> known;
    for (const Shape& shape : each.known) known.push_back(shape.identity());
    std::vector<FoundMessage> found;
    for (const Shape& shape : each.found) found.push_back({*Uid::of(found.size() + 1), shape.identity()});
    std::vector<std::uint32_t> partners;
    for (auto uid : recognise(known, found)) partners.push_back(uid ? uid->value() : 0);
    CHECK(partners == each.expected);
  }
}
