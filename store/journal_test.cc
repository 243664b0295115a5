// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <vector>

#include "ipc/failure.h"
#include "store/scratch.h"
#include "store/store.h"

using namespace interimap;
using namespace interimap::store;

namespace {

Intent intent(std::uint32_t source, std::uint8_t seed) {
  Identity identity;
  for (std::size_t i = 0; i < identity.header.size(); ++i)
    identity.header[i] = static_cast<std::uint8_t>(seed + i * 16);
  identity.date = -1 - seed;
  identity.size = 0xffffffffffffULL + seed;
  return {uid(source), identity, flags("\\Seen work")};
}

struct Fixture {
  Scratch scratch;
  Store store{scratch.path(), "db", true};
  MailboxId a{}, b{};

  Fixture() {
    store.createSchema();
    Transaction transaction = store.begin();
    a = store.addMailbox(mailbox("a"), true);
    b = store.addMailbox(mailbox("b"), true);
    transaction.commit("add");
  }
};

}  // namespace

TEST_CASE("intents come back until they are settled") {
  Fixture f;
  Intent first = intent(3, 1), second = intent(7, 200), third = intent(5, 0);
  Transaction transaction = f.store.begin();
  CHECK(f.store.withJournal().empty());
  CHECK(f.store.journal(f.a, Side::local).intents.empty());
  f.store.intend(f.a, Side::remote, UidNext{100}, std::vector{second, first});
  f.store.intend(f.a, Side::remote, UidNext{90}, std::vector{third});
  f.store.intend(f.b, Side::local, UidNext{0x100000000U}, std::vector{first});
  CHECK(f.store.withJournal() == std::vector{f.a, f.b});
  Journal journal = f.store.journal(f.a, Side::remote);
  CHECK(journal.targetNext == UidNext{90});
  CHECK(journal.intents == std::vector{first, third, second});
  CHECK(f.store.journal(f.a, Side::local).intents.empty());
  CHECK(f.store.journal(f.b, Side::local).targetNext == UidNext{0x100000000U});

  f.store.settle(f.a, Side::remote, uid(5));
  f.store.settle(f.a, Side::remote, uid(999));
  CHECK(f.store.journal(f.a, Side::remote).targetNext == UidNext{100});

  // Another attempt: what the first one left behind still counts.
  Intent again = intent(3, 9);
  f.store.intend(f.a, Side::remote, UidNext{200}, std::vector{again});
  CHECK(f.store.journal(f.a, Side::remote).targetNext == UidNext{100});
  CHECK(f.store.journal(f.a, Side::remote).intents == std::vector{again, second});

  // To be sent at some time: what is known of it already stays known.
  f.store.intend(f.a, Side::remote, UidNext{80}, *UidSet::parse("3,11"));
  Journal reserved = f.store.journal(f.a, Side::remote);
  CHECK(reserved.targetNext == UidNext{80});
  CHECK(reserved.intents == std::vector{again, second, Intent{uid(11), std::nullopt, {}}});
  f.store.intend(f.a, Side::remote, UidNext{200}, std::vector{intent(11, 4)});
  CHECK(f.store.journal(f.a, Side::remote).intents.back() == intent(11, 4));

  f.store.settle(f.a, Side::remote, *UidSet::parse("1:4294967295"));
  CHECK(f.store.journal(f.a, Side::remote).intents.empty());
  CHECK(f.store.withJournal() == std::vector{f.b});
  transaction.commit("journal");
}

TEST_CASE("whatever was seen of a side, its UIDNEXT is beyond that") {
  Fixture f;
  Transaction transaction = f.store.begin();
  auto least = [&](Side side) { return f.store.leastNext(f.a, side).value; };
  CHECK(least(Side::local) == 1);
  f.store.map(f.a, uid(5), uid(50));
  CHECK(least(Side::local) == 6);
  CHECK(least(Side::remote) == 51);
  f.store.refuse(f.a, Side::local, uid(7), Refusal::refused, "no");
  CHECK(least(Side::local) == 8);
  f.store.intend(f.a, Side::remote, UidNext{60}, *UidSet::parse("8,9"));
  CHECK(least(Side::local) == 10);
  CHECK(least(Side::remote) == 60);
  f.store.map(f.a, uid(4294967295U), uid(61));
  CHECK(least(Side::local) == 4294967296U);
  CHECK(least(Side::remote) == 62);
  transaction.commit("seen");
}

TEST_CASE("refused messages are remembered with the reply") {
  Fixture f;
  Transaction transaction = f.store.begin();
  f.store.refuse(f.a, Side::remote, uid(9), Refusal::refused, std::string("[OVERQUOTA]\0\xff no", 16));
  f.store.refuse(f.a, Side::local, uid(4), Refusal::empty, "");
  f.store.refuse(f.a, Side::local, uid(2), Refusal::tooLarge, std::string(5000, 'x'));
  f.store.refuse(f.a, Side::local, uid(3), Refusal::refused, "first");
  f.store.refuse(f.a, Side::local, uid(3), Refusal::refused, "second");
  CHECK(f.store.refusedUids(f.a, Side::local).text() == "2:4");
  CHECK(f.store.refusedUids(f.a, Side::remote).text() == "9");
  CHECK(f.store.refusedUids(f.b, Side::remote).empty());
  CHECK(f.store.withRefused() == std::vector{f.a});
  auto refused = f.store.refused(f.a);
  REQUIRE(refused.size() == 4);
  CHECK(refused[0].kind == Refusal::tooLarge);
  CHECK(refused[0].reply.size() == Store::kMostReply);
  CHECK(refused[1].reply == "second");
  CHECK(refused[2].kind == Refusal::empty);
  CHECK(refused[3].source == Side::remote);
  CHECK(refused[3].uid == uid(9));
  CHECK(refused[3].reply == std::string("[OVERQUOTA]\0\xff no", 16));
  CHECK(refused[3].at > 1600000000);
  f.store.unrefuse(f.a, Side::local, uid(3));
  CHECK(f.store.refusedUids(f.a, Side::local).text() == "2,4");
  transaction.commit("refused");
}

TEST_CASE("a mailbox of intents is settled in any order and any part") {
  Fixture f;
  Transaction transaction = f.store.begin();
  constexpr std::uint32_t kMany = 1000;  // several rows
  std::vector<Intent> expected;
  UidSet all;
  for (std::uint32_t n = 1; n <= kMany; ++n) {
    all.add(uid(3 * n));
    expected.push_back(n % 5 == 0 ? Intent{uid(3 * n), std::nullopt, {}}
                                  : intent(3 * n, static_cast<std::uint8_t>(n)));
  }
  f.store.intend(f.a, Side::remote, UidNext{50}, all);
  std::vector<Intent> shuffled;
  for (std::uint32_t n = 0; n < kMany; ++n) {
    const Intent& next = expected[n * 7 % kMany];
    if (next.identity) shuffled.push_back(next);
  }
  for (std::size_t at = 0; at < shuffled.size(); at += 100)
    f.store.intend(f.a, Side::remote, UidNext{60}, std::span(shuffled).subspan(at, 100));
  CHECK(f.store.journal(f.a, Side::remote).intents == expected);
  CHECK(f.store.journal(f.a, Side::remote).targetNext == UidNext{50});

  UidSet others = *UidSet::parse("1:2,4,3001:4294967295"),
         settled = *UidSet::parse("1:300,600,903:2700,2998");
  f.store.settle(f.a, Side::remote, others);
  CHECK(f.store.journal(f.a, Side::remote).intents == expected);
  f.store.settle(f.a, Side::remote, settled);
  std::erase_if(expected, [&](const Intent& intent) { return settled.contains(intent.source); });
  CHECK(f.store.journal(f.a, Side::remote).intents == expected);
  f.store.intend(f.a, Side::remote, UidNext{70}, std::vector{intent(1, 1), intent(601, 2), intent(3001, 3)});
  expected.insert(expected.begin(), intent(1, 1));
  expected.push_back(intent(3001, 3));
  expected.insert(std::ranges::upper_bound(expected, uid(600), {}, &Intent::source), intent(601, 2));
  CHECK(f.store.journal(f.a, Side::remote).intents == expected);
  while (!expected.empty()) {
    f.store.settle(f.a, Side::remote, expected.back().source);
    expected.pop_back();
    if (expected.size() % 50 == 0) CHECK(f.store.journal(f.a, Side::remote).intents == expected);
  }
  CHECK(f.store.withJournal().empty());
  transaction.commit("journal");
}

TEST_CASE("intents that a former version wrote down are still intended") {
  Scratch scratch;
  MailboxId a{}, b{};
  {
    Store store(scratch.path(), "db", true);
    store.createSchema();
    Transaction transaction = store.begin();
    a = store.addMailbox(mailbox("a"), true);
    b = store.addMailbox(mailbox("b"), true);
    transaction.commit("add");
  }
  REQUIRE(
      scratch.sql(
          "DROP TABLE ours_intents; CREATE TABLE ours_journal (idx INTEGER NOT NULL, side INTEGER NOT NULL, "
          "uidnext INTEGER NOT NULL, sourceUID INTEGER NOT NULL, header BLOB NOT NULL, date INTEGER NOT "
          "NULL, "
          "size INTEGER NOT NULL, flags BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY "
          "(idx,side,sourceUID)) "
          "WITHOUT ROWID; INSERT INTO ours_journal VALUES (1, 1, 100, 7, '', 0, 0, '', 1000), "
          "(1, 1, 90, 3, x'0111213141516171"
          "8191a1b1c1d1e1f1', -2, 281474976710656, CAST('\\Seen work' AS BLOB), "
          "2000), (2, 0, 4294967296, 4294967295, '', 0, 0, '', 3000)") == "");
  {
    Store store(scratch.path(), "db", false);
    CHECK(store.withJournal() == std::vector{a, b});
    Journal journal = store.journal(a, Side::remote);
    CHECK(journal.intents == std::vector{intent(3, 1), Intent{uid(7), std::nullopt, {}}});
    CHECK(journal.targetNext == UidNext{90});
    CHECK(journal.newest == 2000);
    CHECK(store.journal(b, Side::local).targetNext == UidNext{0x100000000U});
    CHECK(store.journal(b, Side::local).intents == std::vector{Intent{uid(0xffffffffU), std::nullopt, {}}});
  }
  CHECK(scratch.sql("SELECT count(*) FROM sqlite_master WHERE name = 'ours_journal'") == "0\n");
}

TEST_CASE("a journal that is damaged is refused") {
  for (const char* intents : {"x'01'",
                              "x'00000000"
                              "0100000000000000"
                              "0000000000000000"
                              "00000000'",
                              "x'05000000"
                              "0100000000000000"
                              "0000000000000000"
                              "01000000'",
                              "x'05000000"
                              "0100000000000000"
                              "0000000000000000"
                              "01000000"
                              "00'"}) {
    CAPTURE(intents);
    Scratch scratch;
    {
      Store store(scratch.path(), "db", true);
      store.createSchema();
      Transaction transaction = store.begin();
      store.addMailbox(mailbox("a"), true);
      transaction.commit("add");
    }
    REQUIRE(scratch.sql(std::string("INSERT INTO ours_intents VALUES (1, 0, 5, 5, ") + intents + ")") == "");
    Store store(scratch.path(), "db", false);
    CHECK_THROWS_AS(store.journal(MailboxId{1}, Side::local), Failure);
  }
}

TEST_CASE("what was sent and not settled may still take effect, for as long as nobody has seen it") {
  Fixture f;
  Intent first = intent(3, 1), second = intent(7, 200);
  Transaction transaction = f.store.begin();
  f.store.intend(f.a, Side::remote, UidNext{100}, *UidSet::parse("3,5,7"));
  f.store.intend(f.a, Side::remote, UidNext{90}, std::vector{first, second});
  f.store.disown(f.a, Side::local);
  CHECK(f.store.strays(f.a, Side::local).empty());
  f.store.disown(f.a, Side::remote);
  // They are to be copied all the same.
  std::vector<Intent> left = f.store.journal(f.a, Side::remote).intents;
  CHECK(left == std::vector{Intent{uid(3), {}, {}}, Intent{uid(5), {}, {}}, Intent{uid(7), {}, {}}});
  auto strays = f.store.strays(f.a, Side::remote);
  REQUIRE(strays.size() == 2);
  CHECK(strays[0].source == uid(3));
  CHECK(strays[0].identity == *first.identity);
  CHECK(strays[0].flags == first.flags);
  CHECK(strays[0].targetNext == UidNext{90});
  CHECK_FALSE(strays[0].content);
  f.store.setContent(strays[1].id, ContentDigest{1, 2, 3});
  CHECK(f.store.strays(f.a, Side::remote)[1].content == ContentDigest{1, 2, 3});
  // What was never sent again does not become another one; what was, does.
  f.store.disown(f.a, Side::remote);
  CHECK(f.store.strays(f.a, Side::remote).size() == 2);
  f.store.intend(f.a, Side::remote, UidNext{90}, std::vector{first});
  f.store.disown(f.a, Side::remote);
  CHECK(f.store.strays(f.a, Side::remote).size() == 3);
  f.store.forgetStray(strays[1].id);
  CHECK(f.store.strays(f.a, Side::remote).size() == 2);

  // An old one goes, unless its message is still to be copied.
  std::int64_t future = strays[0].at + 1000;
  f.store.forgetStrays(f.a, Side::remote, strays[0].at);
  f.store.forgetStrays(f.a, Side::remote, future);
  CHECK(f.store.strays(f.a, Side::remote).size() == 2);
  f.store.settle(f.a, Side::remote, uid(3));
  CHECK(f.store.strays(f.a, Side::remote).size() == 2);
  f.store.forgetStrays(f.a, Side::remote, future);
  CHECK(f.store.strays(f.a, Side::remote).empty());

  // Where UIDs lost their meaning it is known by what it is.
  f.store.intend(f.a, Side::remote, UidNext{90}, std::vector{second});
  f.store.forgetPairs(f.a);
  REQUIRE(f.store.strays(f.a, Side::remote).size() == 1);
  CHECK_FALSE(f.store.strays(f.a, Side::remote).front().source);
  CHECK(f.store.journal(f.a, Side::remote).intents.empty());
  f.store.removeMailbox(f.a);
  CHECK(f.store.strays(f.a, Side::remote).empty());
  transaction.commit("strays");
}
