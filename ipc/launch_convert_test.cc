// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <functional>
#include <string>

#include "ipc/convert.h"
#include "ipc/launch.capnp.h"
#include "ipc/launch.h"

using namespace interimap;
using namespace std::string_literals;

namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0};

template <typename What>
What ordered(What what) {
  Order out = readOrder(pack(Order{std::move(what)}));
  REQUIRE(std::holds_alternative<What>(out.what));
  return std::get<What>(std::move(out.what));
}

template <typename What>
What reported(const What& what) {
  Report out = readReport(pack(Report{what}));
  REQUIRE(std::holds_alternative<What>(out.what));
  return std::get<What>(out.what);
}

Order withChannel(decltype(Order::what) what) {
  auto [ours, theirs] = Channel::pair();
  struct stat sent {
  }, came{};
  REQUIRE(fstat(theirs.get(), &sent) == 0);
  Order out = readOrder(pack(Order{std::move(what), std::move(theirs)}));
  REQUIRE(fstat(out.peer.get(), &came) == 0);
  CHECK(came.st_ino == sent.st_ino);
  return out;
}

}  // namespace

TEST_CASE("a channel to a delivery process or to another net comes through") {
  CHECK(std::holds_alternative<Deliverer>(withChannel(Deliverer{}).what));
  for (Side side : {Side::local, Side::remote}) {
    CHECK(std::get<AnotherNet>(withChannel(AnotherNet{side}).what).side == side);
    CHECK(std::get<IdleNet>(withChannel(IdleNet{side}).what).side == side);
  }
}

TEST_CASE("go, look and stop come through") {
  ordered(Go{});
  ordered(Look{});
  ordered(Stop{});
}

TEST_CASE("reports come through") {
  for (auto level : {LogLevel::info, LogLevel::notice, LogLevel::warning, LogLevel::error, LogLevel::debug}) {
    LogLine line = reported(LogLine{level, Component::remote, "INBOX\0\r\n"s, "text \x1b[0m\0"s});
    CHECK(line.level == level);
    CHECK(line.component == Component::remote);
    CHECK(line.mailbox == "INBOX\0\r\n"s);
    CHECK(line.text == "text \x1b[0m\0"s);
  }
  reported(Locked{});
  for (const Progress& progress : {Progress{1, kMost, kMost - 1, kMost - 2},
                                   Progress{1, kMost, kMost - 1, kMost - 2, Component::local, "INBOX\0"s}})
    CHECK(reported(progress) == progress);
  for (bool waiting : {false, true}) {
    Synchronised done =
        reported(Synchronised{1, kMost, 3, 4, kMost - 5, 6, kMost - 7, 0xffffffff, 8, waiting});
    CHECK(done.copiedToLocal == 1);
    CHECK(done.copiedToRemote == kMost);
    CHECK(done.flagsUpdated == 3);
    CHECK(done.expunged == 4);
    CHECK(done.failed == kMost - 5);
    CHECK(done.octetsToLocal == 6);
    CHECK(done.octetsToRemote == kMost - 7);
    CHECK(done.held == 8);
    CHECK(done.mailboxes == 0xffffffff);
    CHECK(done.waiting == waiting);
  }
  reported(WantsDeliverer{});
  WantsNets wants = reported(WantsNets{7, 255});
  CHECK(wants.local == 7);
  CHECK(wants.remote == 255);
  for (Side side : {Side::local, Side::remote}) CHECK(reported(WantsIdleNet{side}).side == side);
  for (bool gone : {false, true}) CHECK(reported(Waits{kLongestWait, gone}) == Waits{kLongestWait, gone});
  CHECK_THROWS_WITH_AS(reported(Waits{kLongestWait + 1}), "a wait that is too long", PeerViolation);
  for (bool waiting : {false, true}) {
    Pulled pulled = reported(Pulled{1, kMost, 3, kMost - 4, 5, 6, waiting});
    CHECK(pulled.delivered == 1);
    CHECK(pulled.deferred == kMost);
    CHECK(pulled.refused == 3);
    CHECK(pulled.unknown == kMost - 4);
    CHECK(pulled.purged == 5);
    CHECK(pulled.octets == 6);
    CHECK(pulled.waiting == waiting);
  }
  for (const std::string& octets : {""s, "\0\0\0\1\xff\r\n\0"s, std::string(60000, '\xff')})
    CHECK(reported(Exported{octets}).octets == octets);
  for (bool compressed : {false, true}) {
    Traffic traffic = reported(Traffic{1, kMost, 3, kMost - 4, compressed});
    CHECK(traffic.received == 1);
    CHECK(traffic.sent == kMost);
    CHECK(traffic.receivedCompressed == 3);
    CHECK(traffic.sentCompressed == kMost - 4);
    CHECK(traffic.compressed == compressed);
  }
}

TEST_CASE("findings come through, and no names that JSON could not take") {
  Finding finding{Component::remote, "INBOX", "text \x1b", {{"uid", kMost}, {"reply", "caf\xe9\0\""s}}};
  CHECK(reported(finding) == finding);
  CHECK(reported(Finding{}) == Finding{});
  finding.facts[1].value = std::string(5000, 'x');
  CHECK(std::get<std::string>(reported(finding).facts[1].value) == std::string(2048, 'x'));
  for (const std::string& name : {""s, "a\""s, "a b"s, "\xe9"s, "x\0y"s, std::string(33, 'a')}) {
    CAPTURE(name);
    convert::Writer writer;
    auto fact = writer.root<schema::Report>().initFinding().initFacts(1)[0];
    fact.setName(kj::StringPtr(name.c_str(), name.size()));
    CHECK_THROWS_WITH_AS(readReport(writer.packet()), "a fact of no name", PeerViolation);
  }
  finding.facts = std::vector<Finding::Fact>(kMostFacts + 1, {"a", std::uint64_t{1}});
  CHECK_THROWS_WITH_AS(reported(finding), "too many facts", PeerViolation);
}

Packet ended(std::uint8_t status) {
  convert::Writer writer;
  writer.root<schema::Report>().setEnded(status);
  return writer.packet();
}

TEST_CASE("the exit statuses of the manual come through, and that of a stale token, no other") {
  int known = 0;
  for (int n = 0; n < 256; ++n) {
    CAPTURE(n);
    Packet packet = ended(static_cast<std::uint8_t>(n));
    bool expected = n == 0 || n == 64 || n == 65 || n == 69 || n == 70 || (n >= 73 && n <= 79);
    if (expected) {
      CHECK(static_cast<int>(std::get<Ended>(readReport(std::move(packet)).what).status) == n);
      CHECK(static_cast<int>(reported(Ended{static_cast<ExitStatus>(n)}).status) == n);
      ++known;
    } else {
      CHECK_THROWS_WITH_AS(readReport(std::move(packet)), "an unknown exit status", PeerViolation);
    }
  }
  CHECK(known == 12);
}

TEST_CASE("reports that do not hold are refused") {
  using In = schema::Report::Builder;
  using Level = schema::Report::Log::Level;
  using Component = schema::Report::Component;
  auto text = [](const std::string& bytes) { return convert::bytes(bytes); };
  const std::string mailbox(4097, 'm'), line(kMostLogText + 1, 't');
  struct {
    std::string why;
    std::function<void(In)> build;
    bool withDescriptor = false;
  } const table[] = {
      {"an unknown log level", [](In in) { in.initLog().setLevel(static_cast<Level>(5)); }},
      {"an unknown log level", [](In in) { in.initLog().setLevel(static_cast<Level>(0xffff)); }},
      {"an unknown component", [](In in) { in.initLog().setComponent(static_cast<Component>(4)); }},
      {"a text that is too long", [&](In in) { in.initLog().setMailbox(text(mailbox)); }},
      {"a text that is too long", [&](In in) { in.initLog().setText(text(line)); }},
      {"a descriptor in a report", [](In in) { in.initLog(); }, true},
      {"a descriptor in a report", [](In in) { in.setLocked(); }, true},
      {"a descriptor in a report", [](In in) { in.setWantsDeliverer(); }, true},
      {"a descriptor in a report", [](In in) { in.initPulled(); }, true},
  };
  for (const auto& row : table) {
    CAPTURE(row.why);
    convert::Writer writer;
    row.build(writer.root<schema::Report>());
    Packet packet = writer.packet(row.withDescriptor ? BodyWriter().seal() : Descriptor());
    CHECK_THROWS_WITH_AS(readReport(std::move(packet)), row.why.c_str(), PeerViolation);
  }
}

TEST_CASE("orders that do not hold are refused") {
  using In = schema::Order::Builder;
  const char* const kDescriptor = "a descriptor where none is due, or none where one is";
  struct {
    const char* why;
    std::function<void(In)> build;
    bool withDescriptor = false;
  } const table[] = {
      {kDescriptor, [](In in) { in.setGo(); }, true},
      {kDescriptor, [](In in) { in.setStop(); }, true},
      {kDescriptor, [](In in) { in.setDeliverer(); }, false},
      {kDescriptor, [](In in) { in.setAnotherNet(schema::Order::Side::LOCAL); }, false},
      {"an unknown side", [](In in) { in.setAnotherNet(static_cast<schema::Order::Side>(2)); }, true},
      {kDescriptor, [](In in) { in.setIdleNet(schema::Order::Side::LOCAL); }, false},
      {"an unknown side", [](In in) { in.setIdleNet(static_cast<schema::Order::Side>(2)); }, true},
  };
  for (const auto& row : table) {
    CAPTURE(row.why);
    convert::Writer writer;
    row.build(writer.root<schema::Order>());
    Packet packet = writer.packet(row.withDescriptor ? BodyWriter().seal() : Descriptor());
    CHECK_THROWS_WITH_AS(readOrder(std::move(packet)), row.why, PeerViolation);
  }
  Packet packet = pack(Order{settings::Net{}});
  packet.descriptor = BodyWriter().seal();
  CHECK_THROWS_WITH_AS(readOrder(std::move(packet)), kDescriptor, PeerViolation);
}

TEST_CASE("log lines as long as allowed come through, longer ones are cut") {
  LogLine line{LogLevel::info, Component::database, std::string(4096, 'm'), std::string(kMostLogText, 't')};
  LogLine same = reported(line);
  CHECK(same.component == line.component);
  CHECK(same.mailbox == line.mailbox);
  CHECK(same.text == line.text);
  LogLine cut = reported(LogLine{LogLevel::info, line.component, line.mailbox + 'x', line.text + 'x'});
  CHECK(cut.component == line.component);
  CHECK(cut.mailbox == line.mailbox);
  CHECK(cut.text == line.text);
}
