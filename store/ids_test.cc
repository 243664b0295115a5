// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "ipc/side.h"
#include "store/store.h"

using namespace interimap;
using namespace interimap::store;

namespace {

ServerId idOf(std::uint32_t n) {
  ServerId id{};
  for (std::size_t i = 0; i < sizeof n; ++i) id[i] = static_cast<std::uint8_t>(n >> (8 * i));
  return id;
}

std::vector<Named> named(std::uint32_t first, std::uint32_t last, std::uint32_t offset = 0) {
  std::vector<Named> all;
  for (std::uint32_t uid = first; uid <= last; ++uid) all.push_back({*Uid::of(uid), idOf(uid + offset)});
  return all;
}

struct Fixture {
  Fixture() { store.createSchema(); }
  std::string found(Side side, std::uint32_t n) const {
    std::string text;
    const std::vector<ServerId> names{idOf(n)};
    for (const Store::Called& it : store.find(side, names)) {
      CHECK(it.name == idOf(n));
      text += (it.mailbox == a ? "a" : "b") + std::to_string(it.uid.value()) + " ";
    }
    return text;
  }

  Store store{Seam()};
  MailboxId a, b;
};

}  // namespace

TEST_CASE("messages are found by what their server calls them") {
  Fixture f;
  Transaction transaction = f.store.begin();
  f.a = f.store.addMailbox(*MailboxName::of("a"), true);
  f.b = f.store.addMailbox(*MailboxName::of("b"), true);
  f.store.addIds(f.a, Side::local, named(1001, 2500));
  f.store.addIds(f.a, Side::local, named(1, 3));           // of before, and
  f.store.addIds(f.a, Side::local, named(2490, 2510, 7));  // known in part: what was known holds
  f.store.addIds(f.b, Side::local, named(1, 10, 1000));
  f.store.addIds(f.b, Side::remote, named(1, 1));
  CHECK(f.store.identified(f.a, Side::local).text() == "1:3,1001:2510");
  CHECK(f.store.identified(f.a, Side::remote).empty());
  CHECK(f.found(Side::local, 1005) == "a1005 b5 ");
  CHECK(f.found(Side::local, 2) == "a2 ");
  CHECK(f.found(Side::local, 2500) == "a2500 ");
  CHECK(f.found(Side::local, 2517) == "a2510 ");
  CHECK(f.found(Side::local, 4) == "");
  CHECK(f.found(Side::remote, 1) == "b1 ");
  CHECK(f.store.find(Side::local, {}).empty());
  f.store.forgetPairs(f.a);
  CHECK(f.found(Side::local, 1005) == "b5 ");
  f.store.removeMailbox(f.b);
  CHECK(f.found(Side::local, 1005) == "");
  CHECK(f.found(Side::remote, 1) == "");
  transaction.commit("ids");
}

TEST_CASE("names of messages that are gone are thrown away once they are most") {
  Fixture f;
  Transaction transaction = f.store.begin();
  f.a = f.store.addMailbox(*MailboxName::of("a"), true);
  for (std::uint32_t uid = 4000; uid < 4010; ++uid) f.store.map(f.a, *Uid::of(uid), *Uid::of(uid));
  for (std::uint32_t at = 1; at < 6000; at += 100) f.store.addIds(f.a, Side::local, named(at, at + 99));
  const UidSet kept = f.store.identified(f.a, Side::local);
  CHECK(kept.size() < 2000);
  CHECK(kept.contains(*Uid::of(4005)));
  CHECK(f.found(Side::local, 4005) == "a4005 ");
  CHECK(f.found(Side::local, 10) == "");
  transaction.commit("ids");
}
