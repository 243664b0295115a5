// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/hangups.h"

#include <doctest/doctest.h>

#include <functional>
#include <memory>

#include "ipc/failure.h"
#include "ipc/hang_up.h"
#include "store/scratch.h"

namespace interimap {
namespace {

using Kind = store::Hangup::Asked;
using Items = request::Fetch::Items;

Uid uid(std::uint32_t n) { return *Uid::of(n); }
UidSet uids(const char* text) { return *UidSet::parse(text); }

// Two mailboxes on two servers, one of which is about to hang up.
struct Losing {
  explicit Losing(store::Store& store) : store(store), hangups({&local, &remote}, store, log) {
    if (store.mailboxes().empty()) {
      store::Transaction transaction = store.begin();
      for (const char* name : {"a", "b"}) store.addMailbox(store::mailbox(name), true);
      transaction.commit("mailboxes");
    }
    for (const store::KnownMailbox& known : store.mailboxes())
      mailboxes.push_back({known.name, known.id, {{known.name.bytes()}, {known.name.bytes()}}});
  }
  void answer(RequestId id, decltype(Answer::what) what) { net.send(pack(Answer{id, std::move(what), {}})); }
  void came(RequestId id, std::uint32_t number) {
    answer::Message message{uid(number), {}, {}, {}, 0, {}, {}};
    message.flags = Flags();
    answer(id, answer::Messages{{message}});
  }
  void hangUp(RequestId id) {
    answer(id, answer::Done{answer::Done::Completion::no, answer::kHungUp, "BYE"});
    net = Channel(std::move(another.first));
    CHECK_THROWS_AS(remote.receive(), PeerGone);
    CHECK(remote.isLost());
  }
  // "b 3 1x": which mailbox, what, UIDs, how often alone.
  std::string written() const {
    std::string all;
    for (const store::Hangup& it : store.hangups())
      all += (all.empty() ? "" : "; ") + std::string(it.mailbox == mailboxes[0].id ? "a " : "b ") +
             std::to_string(static_cast<int>(it.asked)) + " " + it.uids.text() + " " +
             std::to_string(it.alone);
    return all;
  }

  std::pair<Descriptor, Descriptor> toLaunch = Channel::pair(), toLocal = Channel::pair(),
                                    toRemote = Channel::pair(), another = Channel::pair();
  Channel net{std::move(toRemote.second)};
  Reporter reporter{Channel(std::move(toLaunch.first))};
  Exchange exchange{reporter};
  Seam seam{0, false};
  Log log{reporter};
  Server local{Side::local, Channel(std::move(toLocal.first)), exchange, seam};
  Server remote{Side::remote, Channel(std::move(toRemote.first)), exchange, seam};
  store::Store& store;
  Hangups hangups;
  std::vector<Mailbox> mailboxes;
};

struct Remembering {
  Remembering() { store.createSchema(); }
  store::Store store{store::Seam()};
};

TEST_CASE("field 11: what is suspected when a connection is lost") {
  struct {
    const char* name;
    std::function<RequestId(Losing&)> ask;  // what is the oldest by then
    const char* written;
  } table[] = {
      {"nothing asked that could be left out",
       [](Losing& it) {
         it.remote.simple(request::Simple::Verb::noop);
         return 1;
       },
       ""},
      {"a mailbox, the first",
       [](Losing& it) {
         for (const char* name : {"a", "b"}) it.remote.select({name}, {}, {}, {});
         return 1;
       },
       "a 0  0"},
      {"a mailbox whose messages are listed",
       [](Losing& it) {
         it.remote.select({"b"}, {}, {}, {});
         it.remote.fetch(UidSet::from({4}), Items::sizes, {});
         it.answer(1, answer::Done{});
         return 2;
       },
       "b 0  0"},
      {"the first message that did not come",
       [](Losing& it) {
         it.remote.select({"b"}, {}, {}, {});
         it.remote.fetch(uids("4:9"), Items::identity, {});
         it.remote.fetch(uids("1:3"), Items::flags, {});
         it.answer(1, answer::Done{});
         for (std::uint32_t n : {4, 5}) it.came(2, n);
         return 2;
       },
       "b 1 6 0"},
      {"flags",
       [](Losing& it) {
         it.remote.select({"a"}, {}, {}, {});
         it.remote.store(uids("2,5"), request::Store::Change::add, Flags(), {});
         it.answer(1, answer::Done{});
         return 2;
       },
       "a 3 2,5 0"},
      {"expunges",
       [](Losing& it) {
         it.remote.select({"a"}, {}, {}, {});
         it.remote.expunge(uids("2"));
         it.answer(1, answer::Done{});
         return 2;
       },
       "a 4 2 0"},
      {"a mailbox that is none of those",
       [](Losing& it) {
         it.remote.select({"c"}, {}, {}, {});
         return 1;
       },
       ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    Remembering remembering;
    Losing losing(remembering.store);
    losing.hangUp(row.ask(losing));
    CHECK_FALSE(losing.hangups.record(losing.mailboxes, nullptr));
    CHECK(losing.written() == row.written);
  }
}

TEST_CASE("field 11: what is lost again and again is suspected in ever larger pieces") {
  Remembering remembering;
  for (const char* written : {"b 1 1 0", "b 1 1 0; b 1 2:4 0", "b 1 1 0; b 1 2:4 0; b 1 5:16 0"}) {
    Losing losing(remembering.store);
    UidSet left = uids("1:40");
    for (const store::Hangup& known : remembering.store.hangups()) left.remove(known.uids);
    losing.remote.select({"b"}, {}, {}, {});
    losing.remote.fetch(left, Items::identity, {});
    losing.answer(1, answer::Done{});
    losing.hangUp(2);
    losing.hangups.record(losing.mailboxes, nullptr);
    CHECK(losing.written() == written);
  }
}

TEST_CASE("field 11: only what is lost twice while nothing else is asked for is left out") {
  Remembering remembering;
  auto lose = [&](const char* of, bool alone) {
    Losing losing(remembering.store);
    losing.remote.select({"b"}, {}, {}, {});
    losing.remote.store(uids(of), request::Store::Change::add, Flags(), {});
    losing.answer(1, answer::Done{});
    losing.hangUp(2);
    std::vector<store::Hangup> due = losing.hangups.due(losing.mailboxes);
    CHECK(losing.hangups.record(losing.mailboxes, alone ? &due.at(0) : nullptr) == alone);
    return losing.written();
  };
  CHECK(lose("1:4", false) == "b 3 1:4 0");
  CHECK(lose("1:4", true) == "b 3 1:2 0; b 3 3:4 0");
  CHECK(lose("1:2", true) == "b 3 1 0; b 3 3:4 0; b 3 2 0");
  CHECK(lose("1", true) == "b 3 1 1; b 3 3:4 0; b 3 2 0");
  CHECK(lose("2", true) == "b 3 1 1; b 3 3:4 0; b 3 2 1");  // what was lost least is the first
  Losing losing(remembering.store);
  for (const store::Hangup& hangup : losing.hangups.due(losing.mailboxes))
    if (hangup.alone == 0 || hangup.uids == uids("2")) losing.hangups.acquit(hangup);
  CHECK(lose("1", true) == "b 3 1 2");
  Losing last(remembering.store);
  CHECK(last.hangups.due(last.mailboxes).empty());
}

}  // namespace
}  // namespace interimap
