#include <doctest/doctest.h>

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

  f.store.clearJournal(f.a, Side::remote);
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
