// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include <algorithm>

#include "ipc/failure.h"
#include "store/scratch.h"
#include "store/store.h"

using namespace interimap;
using namespace interimap::store;
using namespace std::string_literals;

namespace {

std::string names(const Store& store) {
  std::string all;
  for (const KnownMailbox& mailbox : store.mailboxes()) {
    std::string name = mailbox.name.bytes();
    for (char& c : name) c = c ? c : '/';
    all += name + (mailbox.subscribed ? "* " : " ");
  }
  return all;
}

MailboxName slashed(std::string name) {
  for (char& c : name) c = c == '/' ? '\0' : c;
  return mailbox(name);
}

}  // namespace

TEST_CASE("mailboxes come and go, and keep odd names") {
  Scratch scratch;
  MailboxId odd{};
  const std::string name = "a\0\xff'\"%\n&AOk-"s;
  {
    Store store(scratch.path(), "db", true);
    store.createSchema();
    Transaction transaction = store.begin();
    odd = store.addMailbox(mailbox(name), true);
    MailboxId b = store.addMailbox(mailbox("b"), false);
    CHECK(odd != b);
    CHECK_THROWS_AS(store.addMailbox(mailbox(name), false), Failure);
    store.setSubscribed(b, true);
    store.setSubscribed(odd, false);
    transaction.commit("add");
  }
  Store store(scratch.path(), "db", false);
  auto found = store.mailboxes();
  REQUIRE(found.size() == 2);
  CHECK(found[0].id == odd);
  CHECK(found[0].name.bytes() == name);
  CHECK_FALSE(found[0].subscribed);
  CHECK(found[1].subscribed);

  Transaction transaction = store.begin();
  store.putState(odd, {{1}, {1}, {1}}, {{1}, {1}, {1}});
  store.map(odd, uid(1), uid(1), flags("x"));
  store.intend(odd, Side::local, UidNext{1}, {{{uid(4), Identity{}, {}}}});
  store.refuse(odd, Side::local, uid(3), Refusal::empty, "");
  store.removeMailbox(odd);
  MailboxId next = store.addMailbox(mailbox(name), false);
  CHECK(next.value > found[1].id.value);  // never the same again
  CHECK_FALSE(store.state(next, Side::local));
  CHECK(store.count(odd) == 0);
  CHECK_FALSE(store.base(odd, uid(1)));
  CHECK(store.withJournal().empty());
  CHECK(store.withRefused().empty());
  transaction.commit("replace");
  CHECK(store.check() == "ok");
}

TEST_CASE("a mailbox is renamed with those under it") {
  struct {
    const char *from, *to;
    std::size_t changed;
    const char* after;
  } table[] = {
      {"a", "x", 3, "a.b ab x x/b x/b/c "},         {"a/b", "x", 2, "a a.b ab x x/c "},
      {"a", "a/b", 3, "a.b a/b a/b/b a/b/b/c ab "}, {"a/b", "b", 2, "a a.b ab b b/c "},
      {"nothing", "x", 0, "a a.b a/b a/b/c ab "},   {"ab", "a/b/c/d", 1, "a a.b a/b a/b/c a/b/c/d "},
  };
  for (const auto& row : table) {
    CAPTURE(row.from);
    CAPTURE(row.to);
    Scratch scratch;
    Store store(scratch.path(), "db", true);
    store.createSchema();
    Transaction transaction = store.begin();
    for (const char* name : {"a", "a/b", "a/b/c", "ab", "a.b"}) store.addMailbox(slashed(name), false);
    CHECK(store.rename(slashed(row.from), slashed(row.to)) == row.changed);
    std::string after = names(store);
    std::string expected = row.after;
    auto sorted = [](std::string text) {
      std::vector<std::string> words;
      for (std::size_t at = 0, end; (end = text.find(' ', at)) != std::string::npos; at = end + 1)
        words.push_back(text.substr(at, end - at));
      std::sort(words.begin(), words.end());
      return words;
    };
    CHECK(sorted(after) == sorted(expected));
  }
}

TEST_CASE("a rename onto something known is refused") {
  Scratch scratch;
  Store store(scratch.path(), "db", true);
  store.createSchema();
  {
    Transaction transaction = store.begin();
    for (const char* name : {"a", "a/b", "b/b"}) store.addMailbox(slashed(name), false);
    transaction.commit("add");
  }
  {
    Transaction transaction = store.begin();
    CHECK_THROWS_AS(store.rename(slashed("a"), slashed("b")), Failure);
    CHECK_THROWS_AS(store.rename(slashed("a"), mailbox(std::string(MailboxName::kLongest, 'x'))), Failure);
  }
  CHECK(names(store) == "a a/b b/b ");
}

TEST_CASE("the state of both sides, with the largest numbers there are") {
  Scratch scratch;
  SideState local{{0xffffffffU}, {0x100000000U}, {0x8000000000000005U}}, remote{{1}, {0}, {0}};
  MailboxId id{};
  {
    Store store(scratch.path(), "db", true);
    store.createSchema();
    Transaction transaction = store.begin();
    id = store.addMailbox(mailbox("INBOX"), true);
    CHECK_FALSE(store.state(id, Side::local));
    CHECK_FALSE(store.hasBase(id));
    store.putState(id, remote, local);
    store.putState(id, local, remote);
    CHECK(store.hasBase(id));
    CHECK_THROWS_AS(store.putState(id, {{0}, {1}, {1}}, remote), Failure);
    transaction.commit("state");
  }
  CHECK(scratch.sql("SELECT * FROM local; SELECT * FROM remote") ==
        "1|4294967295|4294967296|-9223372036854775803\n1|1|0|0\n");
  {
    Store store(scratch.path(), "db", false);
    CHECK(store.state(id, Side::local) == local);
    CHECK(store.state(id, Side::remote) == remote);
    CHECK(store.hasBase(id));
    Transaction transaction = store.begin();
    store.dropBase(id);
    CHECK_FALSE(store.hasBase(id));
    transaction.commit("drop");
  }
  scratch.sql("UPDATE local SET UIDNEXT = 4294967297; UPDATE remote SET UIDNEXT = -1");
  Store store(scratch.path(), "db", false);
  CHECK_THROWS_AS(store.state(id, Side::local), Failure);
  CHECK_THROWS_AS(store.state(id, Side::remote), Failure);
}
