// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include "store/store.h"

using namespace interimap;
using namespace interimap::store;

namespace {

Hangup hangup(MailboxId mailbox, Hangup::Asked asked, const char* uids, std::int64_t at) {
  Hangup hangup;
  hangup.mailbox = mailbox;
  hangup.asked = asked;
  if (*uids != 0) hangup.uids = *UidSet::parse(uids);
  hangup.at = at;
  return hangup;
}

}  // namespace

TEST_CASE("field 11: what servers hung up at is kept until it is known better") {
  Store store{Seam()};
  store.createSchema();
  Transaction transaction = store.begin();
  MailboxId a = store.addMailbox(*MailboxName::of("a"), true),
            b = store.addMailbox(*MailboxName::of("b"), true);
  Hangup first = hangup(a, Hangup::Asked::mailbox, "", 7);
  first.side = Side::remote;
  first.words = std::string(5000, 'w');
  store.addHangup(first);
  store.addHangup(hangup(b, Hangup::Asked::append, "3:5,9", 8));
  std::vector<Hangup> all = store.hangups();
  REQUIRE(all.size() == 2);
  CHECK(all[0].asked == Hangup::Asked::mailbox);
  CHECK(all[0].uids.empty());
  CHECK(all[0].words == std::string(Store::kMostReply, 'w'));
  CHECK(store.hangups(b) == std::vector{all[1]});
  all[1].uids = *UidSet::parse("3");
  all[1].alone = Hangup::kProven;
  all[1].at = 9;
  store.putHangup(all[1]);
  CHECK(store.hangups(b) == std::vector{all[1]});
  store.forgetHangup(all[0].id);
  CHECK(store.hangups(a).empty());
  store.forgetPairs(b);  // UIDs of one side may still mean what they did
  CHECK(store.hangups(b).size() == 1);
  store.removeMailbox(b);
  CHECK(store.hangups().empty());
  store.addHangup(hangup(b, Hangup::Asked::mailbox, "", 7));
  store.removeMailbox(b);
  CHECK(store.hangups().empty());
  transaction.commit("hangups");
}

TEST_CASE("field 11: what is proven rests for a day, whatever the clock does") {
  struct {
    unsigned alone;
    std::int64_t after;
    bool due;
  } table[] = {{0, 0, true}, {1, 0, true}, {2, 0, false}, {2, 86399, false}, {2, 86400, true}, {2, -1, true}};
  for (const auto& row : table) {
    CAPTURE(row.after);
    Hangup it = hangup({}, Hangup::Asked::mailbox, "", 1'000'000);
    it.alone = row.alone;
    CHECK(it.isDue(1'000'000 + row.after) == row.due);
  }
}
