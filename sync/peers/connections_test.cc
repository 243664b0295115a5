// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/connections.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"

using namespace interimap;

namespace {

constexpr std::uint64_t kMiB = 1 << 20;
const ExtensionSet kAll{Extension::enable, Extension::qresync, Extension::uidPlus, Extension::listExtended,
                        Extension::listStatus};

// launch, and the ends of nets at which nobody sits.
struct Scene {
  explicit Scene(Both<unsigned> most) : connections({&local, &remote}, most, exchange, reporter, seam) {}

  std::optional<Report> told() {
    auto packet = launch.receive();
    if (!packet) return std::nullopt;
    return readReport(std::move(*packet));
  }
  // The net's end of another connection, and what it is asked first.
  Channel comes(Side side) {
    auto [ours, theirs] = Channel::pair();
    connections.admit(side, std::move(theirs));
    Channel net(std::move(ours));
    auto packet = net.receive();
    REQUIRE(packet);
    REQUIRE(std::holds_alternative<request::Enable>(readRequest(std::move(*packet)).what));
    return net;
  }
  void logsIn(Channel& net) {
    net.send(pack(Answer{1, answer::Ready{kAll, true, ""}, {}}));
    net.send(pack(Answer{1, answer::Done{}, {}}));
    exchange.turn();
  }

  std::pair<Descriptor, Descriptor> toLaunch = Channel::pair(), toLocal = Channel::pair(),
                                    toRemote = Channel::pair();
  Channel launch{std::move(toLaunch.first)};
  Reporter reporter{Channel(std::move(toLaunch.second))};
  Exchange exchange{reporter};
  Seam seam{0, false};
  Server local{Side::local, Channel(std::move(toLocal.first)), exchange, seam},
      remote{Side::remote, Channel(std::move(toRemote.first)), exchange, seam};
  Connections connections;
};

}  // namespace

TEST_CASE("connections: more are wanted where there is much to copy, in several mailboxes") {
  struct {
    Both<unsigned> most;
    std::size_t mailboxes;
    std::uint64_t octets;  // of each
    Both<unsigned> wanted;
  } table[] = {
      {{1, 1}, 100, kMiB, {0, 0}},    {{4, 2}, 100, kMiB, {3, 1}}, {{1, 8}, 100, kMiB, {0, 7}},
      {{8, 8}, 3, 20 * kMiB, {2, 2}}, {{8, 8}, 32, kMiB, {0, 0}},  {{8, 8}, 1, 1000 * kMiB, {0, 0}},
  };
  for (const auto& row : table) {
    CAPTURE(row.mailboxes);
    Scene scene(row.most);
    for (std::size_t n = 0; n < row.mailboxes; ++n) scene.connections.expect(row.octets);
    scene.connections.want();
    auto report = scene.told();
    CHECK(scene.connections.pairs() == 1 + std::max(row.wanted.local, row.wanted.remote));
    REQUIRE(report.has_value() == (scene.connections.pairs() > 1));
    if (!report) continue;
    CHECK(std::get<WantsNets>(report->what).local == row.wanted.local);
    CHECK(std::get<WantsNets>(report->what).remote == row.wanted.remote);
    scene.connections.want();  // they are on their way
    CHECK_FALSE(scene.told());
  }
}

TEST_CASE("connections: a pair is there when both have logged in, and not when one is lost") {
  Scene scene({2, 3});
  CHECK_THROWS_AS(scene.connections.admit(Side::local, Channel::pair().first), PeerViolation);
  for (int n = 0; n < 3; ++n) scene.connections.expect(20 * kMiB);
  scene.connections.want();
  CHECK(scene.connections.pair(0));
  CHECK_FALSE(scene.connections.pair(1));
  std::optional<Channel> here = scene.comes(Side::local), there = scene.comes(Side::remote);
  scene.logsIn(*here);
  CHECK_FALSE(scene.connections.pair(1));
  scene.logsIn(*there);
  auto pair = scene.connections.pair(1);
  REQUIRE(pair);
  CHECK(pair->local != &scene.local);
  CHECK(pair->remote != &scene.remote);
  CHECK_FALSE(scene.connections.pair(2));
  Channel third = scene.comes(Side::remote);
  scene.logsIn(third);
  REQUIRE(scene.connections.pair(2));
  CHECK(scene.connections.pair(2)->local == &scene.local);  // it has two

  auto reply = pair->remote->simple(request::Simple::Verb::noop);
  there.reset();
  scene.exchange.turn();
  CHECK(pair->remote->isLost());
  CHECK_FALSE(reply.ready());
  CHECK_FALSE(scene.connections.pair(1));
  CHECK(scene.connections.pair(2));

  scene.connections.letGo();
  CHECK(scene.connections.pairs() == 1);
  CHECK_THROWS_AS(third.receive(), PeerGone);
  for (int n = 0; n < 3; ++n) scene.connections.expect(20 * kMiB);
  while (scene.told()) continue;
  scene.connections.want();  // one was lost: not again
  CHECK_FALSE(scene.told());
}

TEST_CASE("connections: what launch sends too late is let go at once") {
  Scene scene({2, 1});
  for (int n = 0; n < 3; ++n) scene.connections.expect(20 * kMiB);
  scene.connections.want();
  scene.connections.letGo();
  auto [ours, theirs] = Channel::pair();
  scene.connections.admit(Side::local, std::move(theirs));
  CHECK_THROWS_AS(Channel(std::move(ours)).receive(), PeerGone);
}

TEST_CASE("connections: the first of a side is not to be lost") {
  Scene scene({1, 1});
  scene.toLocal.second = {};
  CHECK_THROWS_AS(scene.exchange.turn(), PeerGone);
}
