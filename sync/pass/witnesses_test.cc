// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/witnesses.h"

#include <doctest/doctest.h>

using namespace interimap;

namespace {

using Why = Changes::Doubt::Why;

UidSet uids(const char* text) { return *text == '\0' ? UidSet() : *UidSet::parse(text); }

}  // namespace

TEST_CASE("a message is gone if it is missing, and the number of those that are there is right") {
  const struct {
    const char *mapped, *refused, *present;
    std::uint32_t exists;
    std::optional<std::uint32_t> before;
    const char *gone, *departed;
    std::optional<Why> doubt;
  } table[] = {
      {"1:5", "", "1:5", 5, 5, "", "", {}},
      {"1:5", "", "1,3,5", 3, 5, "2,4", "", {}},
      {"1:5", "7", "2:5,9", 5, 6, "1", "7", {}},
      {"1:5", "", "", 0, 5, "1:5", "", {}},
      // A cut answer, a search that finds nothing, one that finds too much.
      {"1:5", "", "4:5", 5, 5, "", "", Why::number},
      {"1:5", "6", "", 6, {}, "", "", Why::number},
      {"1:5", "", "1:4,6", 4, 5, "", "", Why::number},
      // A window of the newest messages.
      {"1:10005", "", "6:10005", 10000, 9000, "", "", Why::window},
      {"1:1234", "", "3:1236", 1234, 1234, "", "", Why::window},
      {"1:1234", "", "4:1236", 1233, 1234, "1:3", "", {}},
      {"1:1234", "", "1,4:1236", 1234, 1234, "2:3", "", {}},
      {"1:100", "", "3:102", 100, 100, "1:2", "", {}},
  };
  for (const auto& row : table) {
    CAPTURE(row.present);
    CAPTURE(row.exists);
    UidSet mapped = uids(row.mapped), refused = uids(row.refused);
    Changes changes;
    changes.recount = true;
    changes.listedFrom = {20000};
    changes.lost = changes.gone = uids("1");
    for (Uid uid : uids("1:2").each()) changes.flags.emplace(uid, Flags());
    conclude({mapped, refused, uids(row.present), row.exists, row.before}, changes);
    CHECK(changes.gone == uids(row.gone));
    CHECK(changes.strangersGone == uids(row.departed));
    CHECK(changes.lost.empty());
    CHECK_FALSE(changes.recount);
    CHECK(changes.doubt.has_value() == row.doubt.has_value());
    if (changes.doubt && row.doubt) CHECK(changes.doubt->why == *row.doubt);
    for (Uid uid : uids("1:2").each()) CHECK(changes.flags.contains(uid) != changes.gone.contains(uid));
  }
}

TEST_CASE("what is there and was not listed, though it is new: nothing is gone") {
  const struct {
    const char *present, *fresh;
    std::uint32_t exists;
    std::optional<Why> doubt;
  } table[] = {
      {"1:4,6:7", "6:7", 6, {}},      {"1:4,6:7", "6", 6, Why::listing},
      {"1:4,6", "", 5, Why::listing}, {"1:5,8", "", 6, {}},  // on this side alone, and known as that
      {"1:4", "", 5, Why::number},
  };
  for (const auto& row : table) {
    CAPTURE(row.present);
    CAPTURE(row.fresh);
    UidSet mapped = uids("1:5"), refused = uids("8");
    Changes changes;
    changes.listedFrom = {6};
    for (Uid uid : uids(row.fresh).each()) changes.fresh.push_back({uid, 1});
    conclude({mapped, refused, uids(row.present), row.exists, {}}, changes);
    CHECK(changes.doubt.has_value() == row.doubt.has_value());
    if (changes.doubt && row.doubt) CHECK(changes.doubt->why == *row.doubt);
    CHECK((changes.doubt || changes.gone == mapped.minus(uids(row.present))));
  }
}
