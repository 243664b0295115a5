// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/server.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "ipc/channel.h"
#include "ipc/failure.h"

namespace interimap {
namespace {

// A server whose net says what the test says.
struct Told {
  std::pair<Descriptor, Descriptor> toLaunch = Channel::pair(), toNet = Channel::pair();
  Channel launch{std::move(toLaunch.second)}, net{std::move(toNet.second)};
  Reporter reporter{Channel(std::move(toLaunch.first))};
  Exchange exchange{reporter};
  Seam seam{0, false};
  Server server{Side::remote, Channel(std::move(toNet.first)), exchange, seam};

  void answer(RequestId id, decltype(Answer::what) what) {
    net.send(pack(Answer{id, std::move(what), {}}));
    net.flush();
  }
};

answer::Messages aMessage(std::uint32_t uid) {
  answer::Message message{*Uid::of(uid), {}, {}, {}, 0, {}, {}};
  message.flags = Flags();
  return {{message}};
}

TEST_CASE("answers come to who asked, in the order of the requests") {
  Told told;
  std::vector<std::uint32_t> seen;
  auto keep = [&](const answer::Message& message) { seen.push_back(message.uid.value()); };
  auto selected = told.server.select({"INBOX"}, std::nullopt, {}, {});
  auto listed = told.server.fetch(UidSet::from({1}), request::Fetch::Items::sizes, keep);
  told.answer(1, answer::Selected{.uidValidity = {7}, .uidNext = {9}});
  told.answer(1, answer::Done{});
  told.answer(2, aMessage(3));
  told.answer(2, answer::Done{});
  CHECK(listed.done().ok());
  CHECK(selected.ready());
  CHECK(selected.get().uidValidity == UidValidity{7});
  CHECK(seen == std::vector<std::uint32_t>{3});
}

// What takes an answer may wait for what was asked before it: each one that overtakes would be taken within
// the one before it, until the stack is full.
TEST_CASE("field 10: an answer to anything but the oldest request is a violation") {
  Told told;
  auto selected = told.server.select({"INBOX"}, std::nullopt, {}, {});
  unsigned depth = 0, deepest = 0;
  auto listed =
      told.server.fetch(UidSet::from({1}), request::Fetch::Items::sizes, [&](const answer::Message&) {
        deepest = std::max(deepest, ++depth);
        selected.get();
        --depth;
      });
  SUBCASE("messages before the mailbox is selected") {
    for (std::uint32_t uid = 1; uid <= 20; ++uid) told.answer(2, aMessage(uid));
    for (RequestId id : {1, 2}) told.answer(id, answer::Done{});
  }
  SUBCASE("the end before the mailbox is selected") { told.answer(2, answer::Done{}); }
  SUBCASE("to what was answered") {
    told.answer(1, answer::Done{});
    told.answer(1, answer::Done{});
  }
  SUBCASE("to what was never asked") { told.answer(3, answer::Done{}); }
  CHECK_THROWS_AS(listed.get(), PeerViolation);
  CHECK(deepest == 0);
}

}  // namespace
}  // namespace interimap
