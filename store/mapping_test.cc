// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include <chrono>
#include <span>
#include <vector>

#include "ipc/failure.h"
#include "store/scratch.h"
#include "store/store.h"

using namespace interimap;
using namespace interimap::store;

namespace {

// One mailbox; everything in one transaction that is given up.
struct Fixture {
  Scratch scratch;
  Store store{scratch.path(), "db", true};
  MailboxId id = make();
  Transaction transaction = store.begin();

  MailboxId make() {
    store.createSchema();
    Transaction creation = store.begin();
    MailboxId made = store.addMailbox(*MailboxName::of(std::string("a\0b", 3)), true);
    creation.commit("add");
    return made;
  }
};

}  // namespace

TEST_CASE("pairs are found from either side") {
  Fixture f;
  f.store.map(f.id, uid(1), uid(11), flags("\\Seen"));
  f.store.map(f.id, uid(2), uid(10));
  f.store.map(f.id, uid(3), uid(4294967295U), Flags());
  f.store.map(f.id, uid(9), uid(12), flags("\xe9t\xe9 \\Flagged"));
  CHECK(f.store.partner(f.id, Side::local, uid(2)) == uid(10));
  CHECK(f.store.partner(f.id, Side::remote, uid(4294967295U)) == uid(3));
  CHECK_FALSE(f.store.partner(f.id, Side::remote, uid(1)));
  CHECK_FALSE(f.store.partner(MailboxId{77}, Side::local, uid(2)));
  CHECK(f.store.count(f.id) == 4);
  CHECK(f.store.mapped(f.id, Side::local).text() == "1:3,9");
  CHECK(f.store.mapped(f.id, Side::remote).text() == "10:12,4294967295");
  CHECK(f.store.mapped(f.id, Side::local, UidNext{3}).text() == "3,9");
  CHECK(f.store.mapped(f.id, Side::remote, UidNext{0x100000000U}).empty());
  CHECK(f.store.newest(f.id, Side::remote, 2).text() == "12,4294967295");
  CHECK(f.store.newest(f.id, Side::local, 100).text() == "1:3,9");
  CHECK(f.store.newest(f.id, Side::local, 0).empty());

  auto few = f.store.pairs(f.id, Side::remote, *UidSet::parse("11:100,10,4294967295"));
  REQUIRE(few.size() == 4);
  CHECK(few[0] == Pair{uid(2), uid(10), std::nullopt});
  CHECK(few[1] == Pair{uid(1), uid(11), flags("\\Seen")});
  CHECK(few[2] == Pair{uid(9), uid(12), flags("\xe9t\xe9 \\Flagged")});
  CHECK(few[3] == Pair{uid(3), uid(4294967295U), Flags()});
  CHECK(f.store.pairs(f.id, Side::local, *UidSet::parse("2:8")).size() == 2);

  f.store.setBase(f.id, uid(1), Flags());
  CHECK(f.store.base(f.id, uid(1)) == Flags());
  CHECK_FALSE(f.store.base(f.id, uid(2)));
  f.store.unmap(f.id, uid(1));
  CHECK_FALSE(f.store.base(f.id, uid(1)));
  CHECK_FALSE(f.store.partner(f.id, Side::remote, uid(11)));
  f.store.map(f.id, uid(1), uid(11));
}

TEST_CASE("a UID has one partner") {
  Fixture f;
  f.store.map(f.id, uid(5), uid(6));
  struct {
    std::uint32_t local, remote;
    const char* says;
  } table[] = {{5, 7, "(lUID,rUID) = (5,7) of a/b cannot be recorded: UNIQUE"},
               {7, 6, "(lUID,rUID) = (7,6) of a/b cannot be recorded: UNIQUE"},
               {5, 6, "(lUID,rUID) = (5,6) of a/b cannot be recorded: UNIQUE"}};
  for (const auto& row : table) {
    CAPTURE(row.says);
    try {
      f.store.map(f.id, uid(row.local), uid(row.remote));
      CHECK_MESSAGE(false, "mapped");
    } catch (const Failure& failure) {
      CHECK(failure.status == ExitStatus::data);
      CHECK(std::string(failure.what()).find(row.says) != std::string::npos);
    }
  }
  CHECK_THROWS_AS(f.store.map(MailboxId{99}, uid(1), uid(1)), Failure);
  CHECK(f.store.count(f.id) == 1);
}

TEST_CASE("numbers that cannot be are refused") {
  Scratch scratch;
  {
    Store store(scratch.path(), "db", true);
    store.createSchema();
  }
  scratch.sql(
      "INSERT INTO mailboxes VALUES (1,x'61',0); INSERT INTO mapping VALUES (1,4294967296,1);"
      "INSERT INTO ours_base VALUES (1,4294967296,x'28')");
  Store store(scratch.path(), "db", false);
  CHECK_THROWS_AS(store.mapped(MailboxId{1}, Side::local), Failure);
  CHECK_THROWS_AS(store.partner(MailboxId{1}, Side::remote, uid(1)), Failure);
}

TEST_CASE("many pairs") {
  constexpr std::uint32_t kMany = 20000, kPerCommit = 128;
  Scratch scratch;
  Store store(scratch.path(), "db", true);
  store.createSchema();
  MailboxId id{};
  {
    Transaction transaction = store.begin();
    id = store.addMailbox(mailbox("INBOX"), true);
    transaction.commit("add");
  }
  using Clock = std::chrono::steady_clock;
  auto start = Clock::now();
  auto lap = [&](const char* what) {
    std::chrono::duration<double> took = Clock::now() - start;
    MESSAGE(std::string(what) << ": " << static_cast<long>(kMany / took.count()) << " a second");
    start = Clock::now();
  };
  for (std::uint32_t i = 0; i < kMany; i += kPerCommit) {
    Transaction transaction = store.begin();
    for (std::uint32_t j = i + 1; j <= i + kPerCommit && j <= kMany; ++j)
      store.map(id, uid(j), uid(j), flags("\\Seen"));
    transaction.commit("window");
  }
  lap("pairs written, 128 in a commit");
  for (std::uint32_t i = 1; i <= kMany; ++i) CHECK(store.partner(id, Side::remote, uid(i)) == uid(i));
  lap("looked up");
  CHECK(store.mapped(id, Side::remote).text() == "1:20000");
  lap("listed as ranges");
  CHECK(store.pairs(id, Side::local, store.mapped(id, Side::local)).size() == kMany);
  lap("read");
}

TEST_CASE("many pairs at once, up to the one that has a partner") {
  Scratch scratch;
  Store store(scratch.path(), "db", true);
  store.createSchema();
  Transaction transaction = store.begin();
  MailboxId id = store.addMailbox(mailbox("a"), true);
  constexpr std::uint32_t kMany = 100;
  std::vector<Pair> pairs;
  for (std::uint32_t n = 1; n <= kMany; ++n)
    pairs.push_back({uid(n), uid(1000 - n), flags(n % 2 ? "\\Seen" : "")});
  CHECK(store.tryMap(id, std::span<const Pair>()) == 0);
  CHECK(store.tryMap(id, pairs) == kMany);
  CHECK(store.pairs(id, Side::local, UidSet::range(1, kMany)) == pairs);
  CHECK(store.tryMap(id, pairs) == 0);

  for (std::uint32_t taken : {1U, 31U, 32U, 33U, 64U, 99U, 100U}) {
    CAPTURE(taken);
    store.forgetPairs(id);
    REQUIRE(store.tryMap(id, uid(5000), pairs[taken - 1].remote, std::nullopt));
    std::size_t done = store.tryMap(id, pairs);
    CHECK(done < taken);
    std::vector<Pair> first(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(done));
    CHECK(store.pairs(id, Side::local, UidSet::range(1, kMany)) == first);
    for (const Pair& pair : std::span(pairs).subspan(done))
      CHECK(store.tryMap(id, pair.local, pair.remote, pair.base) == (pair.local != uid(taken)));
  }
  CHECK(store.check() == "ok");
  transaction.commit("test");
}

TEST_CASE("any number of pairs are forgotten, those of other mailboxes are not") {
  Scratch scratch;
  Store store(scratch.path(), "db", true);
  store.createSchema();
  Transaction transaction = store.begin();
  MailboxId id = store.addMailbox(mailbox("a"), true), another = store.addMailbox(mailbox("b"), true);
  constexpr std::uint32_t kMany = 40'000;
  for (MailboxId each : {id, another})
    for (std::uint32_t n = 1; n <= kMany; ++n)
      store.map(each, uid(2 * n), uid(n), n % 2 ? std::optional(flags("a")) : std::nullopt);
  store.forgetPairs(id);
  CHECK(store.count(id) == 0);
  CHECK_FALSE(store.base(id, uid(2)));
  CHECK_FALSE(store.base(id, uid(2 * kMany - 2)));
  CHECK(store.count(another) == kMany);
  CHECK(store.base(another, uid(2)) == flags("a"));
  transaction.commit("test");
}

TEST_CASE("what is read in advance of base flags is never what was before") {
  Scratch scratch;
  Store store(scratch.path(), "db", true);
  store.createSchema();
  MailboxId id{}, another{};
  constexpr std::uint32_t kMany = 300;
  {
    Transaction transaction = store.begin();
    id = store.addMailbox(mailbox("a"), true);
    another = store.addMailbox(mailbox("b"), true);
    for (std::uint32_t n = 1; n <= kMany; ++n) {
      store.map(id, uid(n), uid(n + 7), flags(n % 3 ? "a" : "b"));
      store.map(another, uid(n), uid(n), flags("other"));
    }
    transaction.commit("test");
  }
  auto asExpected = [&](Side side, std::uint32_t n) {
    return store.base(id, side, uid(side == Side::local ? n : n + 7)) == flags(n % 3 ? "a" : "b");
  };
  for (Side side : {Side::local, Side::remote}) {
    for (std::uint32_t n = 1; n <= kMany; ++n) CHECK(asExpected(side, n));
    for (std::uint32_t n = kMany; n >= 1; --n) CHECK(asExpected(side, n));
    for (std::uint32_t n = 1; n <= kMany; n += 5) {
      CHECK(asExpected(side, n));
      CHECK(store.base(another, side, uid(n)) == flags("other"));
    }
  }
  CHECK_FALSE(store.base(id, Side::remote, uid(7)));
  CHECK_FALSE(store.base(id, Side::local, uid(kMany + 1)));
  CHECK_FALSE(store.base(id, Side::local, uid(0xffffffffU)));

  auto readThrough = [&] {
    for (std::uint32_t n = 1; n <= 100; ++n) CHECK(store.base(id, Side::remote, uid(n + 7)));
  };
  readThrough();
  {
    Transaction transaction = store.begin();
    store.setBase(id, uid(101), flags("new"));
    CHECK(store.base(id, Side::remote, uid(108)) == flags("new"));
    readThrough();
    store.unmap(id, uid(102));
    CHECK_FALSE(store.base(id, Side::remote, uid(109)));
    for (std::uint32_t n = 1; n <= 100; ++n) CHECK(store.base(id, Side::remote, uid(n + 7)));
    CHECK(store.base(id, Side::remote, uid(108)) == flags("new"));
  }  // rolled back
  CHECK(store.base(id, Side::remote, uid(108)) == flags("a"));
  CHECK(store.base(id, Side::remote, uid(109)) == flags("b"));
}
