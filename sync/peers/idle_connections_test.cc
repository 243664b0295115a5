// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/idle_connections.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"
#include "sync/peers/connections.h"

using namespace interimap;
using namespace std::chrono_literals;

namespace {

// launch, and the ends of nets at which nobody sits.
struct Scene {
  using Clock = IdleConnections::Clock;

  std::size_t wanted() {
    std::size_t count = 0;
    while (auto packet = launch.receive()) {
      Report report = readReport(std::move(*packet));
      if (auto* wants = std::get_if<WantsIdleNet>(&report.what)) {
        CHECK(wants->side == Side::remote);
        ++count;
      }
    }
    return count;
  }
  // How many connections are asked for.
  std::size_t keep(std::vector<const char*> mailboxes, Clock::time_point now) {
    std::vector<WireName> names;
    for (const char* mailbox : mailboxes) names.push_back({mailbox});
    idle.keep(Side::remote, names, 240s, log, now);
    return wanted();
  }
  // The net's end of one, and the mailbox that it is to wait in.
  std::pair<Channel, std::string> comes() {
    auto [ours, theirs] = Channel::pair();
    idle.admit(Side::remote, std::move(theirs));
    Channel net(std::move(ours));
    CHECK(std::holds_alternative<request::Enable>(readRequest(*net.receive()).what));
    return {std::move(net), watched(net)};
  }
  static std::string watched(Channel& net) {
    auto packet = net.receive();
    if (!packet) return "nothing";
    auto watch = std::get<request::Watch>(readRequest(std::move(*packet)).what);
    CHECK_FALSE(watch.all);
    CHECK(watch.seconds == 240);
    return watch.mailbox.bytes;
  }
  void answers(Channel& net, RequestId id) {
    if (id == 1) net.send(pack(Answer{1, answer::Ready{{Extension::idle}}, {}}));
    net.send(pack(Answer{id, answer::Done{}, {}}));
    exchange.turn();
  }

  std::pair<Descriptor, Descriptor> toLaunch = Channel::pair(), toLocal = Channel::pair(),
                                    toRemote = Channel::pair();
  Channel launch{std::move(toLaunch.first)};
  Reporter reporter{Channel(std::move(toLaunch.second))};
  Log log{reporter};
  Exchange exchange{reporter};
  Seam seam{0, false};
  Server local{Side::local, Channel(std::move(toLocal.first)), exchange, seam},
      remote{Side::remote, Channel(std::move(toRemote.first)), exchange, seam};
  Connections connections{{&local, &remote}, {1, 1}, exchange, reporter, seam};
  IdleConnections& idle = connections.idle();
  const Clock::time_point start = Clock::now();
};

}  // namespace

TEST_CASE("idle connections: one for each mailbox, and its news is told until it is taken") {
  Scene scene;
  CHECK_THROWS_AS(scene.idle.admit(Side::remote, Channel::pair().first), PeerViolation);
  CHECK(scene.keep({"a", "b"}, scene.start) == 2);
  CHECK(scene.keep({"a", "b"}, scene.start) == 0);  // they are on their way
  auto [a, inA] = scene.comes();
  auto [b, inB] = scene.comes();
  CHECK(inA == "a");
  CHECK(inB == "b");
  scene.answers(a, 1);
  CHECK_FALSE(scene.idle.haveNews());
  scene.answers(a, 2);
  CHECK(scene.idle.haveNews());
  CHECK(scene.watched(a) == "nothing");
  scene.idle.takeNews();
  CHECK_FALSE(scene.idle.haveNews());
  CHECK(scene.watched(a) == "a");
  CHECK(scene.watched(b) == "nothing");  // it waits still
}

TEST_CASE("idle connections: one that is lost is asked for again, each time after a longer while") {
  Scene scene;
  auto now = scene.start;
  CHECK(scene.keep({"a"}, now) == 1);
  for (auto pause : {30s, 60s, 120s}) {
    CAPTURE(pause.count());
    { auto closed = scene.comes(); }
    scene.exchange.turn();
    CHECK_FALSE(scene.idle.haveNews());
    CHECK(scene.keep({"a"}, now) == 0);
    CHECK(scene.keep({"a"}, now + pause - 1s) == 0);
    now += pause;
    CHECK(scene.keep({"a"}, now) == 1);
  }
  { auto closed = scene.comes(); }
  scene.exchange.turn();
  // One that lasted for hours.
  CHECK(scene.keep({"a"}, scene.start + 24h) == 1);
}

TEST_CASE("idle connections: after a sleep they are made anew at once") {
  Scene scene;
  CHECK(scene.keep({"a"}, scene.start) == 1);
  auto [a, inA] = scene.comes();
  CHECK(inA == "a");
  scene.idle.letGo();
  CHECK_THROWS_AS(a.receive(), PeerGone);
  CHECK(scene.keep({"a"}, scene.start) == 1);
}

TEST_CASE("idle connections: a mailbox that is gone takes its connection along") {
  Scene scene;
  CHECK(scene.keep({"a", "b"}, scene.start) == 2);
  auto [a, inA] = scene.comes();
  auto [b, inB] = scene.comes();
  CHECK(scene.keep({"b", "c"}, scene.start) == 1);
  CHECK_THROWS_AS(a.receive(), PeerGone);
  CHECK(scene.watched(b) == "nothing");
  // What was asked for and is not needed any more is let go at once.
  CHECK(scene.keep({}, scene.start) == 0);
  auto [ours, theirs] = Channel::pair();
  scene.idle.admit(Side::remote, std::move(theirs));
  CHECK_THROWS_AS(Channel(std::move(ours)).receive(), PeerGone);
}
