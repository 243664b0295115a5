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

// Nothing in it is what it is by default, and no two texts are alike. `bit` turns one of the booleans.
settings::Net net(int bit = -1) {
  settings::Net net;
  net.transport = settings::Transport::tunnel;
  net.host = "host";
  net.port = "port";
  net.proxy = "socks5h://proxy";
  net.command = "ssh \"host\" \0 \xff"s;
  net.nullStderr = bit != 0;
  net.startTls = bit == 1;
  net.compress = bit == 2 ? settings::Compress::ifItPays : settings::Compress::yes;
  net.tls.verify = bit == 3;
  net.tls.caFile = "/ca/file";
  net.tls.caPath = "/ca/path";
  net.tls.fingerprints = {"sha256$00", "sha256$ff", ""};
  net.tls.hostname = "sni";
  net.tls.protocolMin = "TLSv1.2";
  net.tls.protocolMax = "TLSv1.3";
  net.tls.protocols = {"!SSLv3"};
  net.tls.cipherList = "HIGH";
  net.tls.cipherSuites = "TLS_AES_128_GCM_SHA256";
  net.auth = {"PLAIN", "LOGIN"};
  net.username = "user\xc3\xa9";
  net.password = Secret("pass\0word"s);
  net.keepAlive = bit != 5;
  net.maxMessageSize = kMost;
  net.debug = 2;
  net.user = "nobody";
  return net;
}

void checkSame(const settings::Tls& a, const settings::Tls& b) {
  CHECK(a.verify == b.verify);
  CHECK(a.caFile == b.caFile);
  CHECK(a.caPath == b.caPath);
  CHECK(a.fingerprints == b.fingerprints);
  CHECK(a.hostname == b.hostname);
  CHECK(a.protocolMin == b.protocolMin);
  CHECK(a.protocolMax == b.protocolMax);
  CHECK(a.protocols == b.protocols);
  CHECK(a.cipherList == b.cipherList);
  CHECK(a.cipherSuites == b.cipherSuites);
}

void checkSame(const settings::Net& a, const settings::Net& b) {
  CHECK(a.transport == b.transport);
  CHECK(a.host == b.host);
  CHECK(a.port == b.port);
  CHECK(a.proxy == b.proxy);
  CHECK(a.command == b.command);
  CHECK(a.nullStderr == b.nullStderr);
  CHECK(a.startTls == b.startTls);
  CHECK(a.compress == b.compress);
  checkSame(a.tls, b.tls);
  CHECK(a.auth == b.auth);
  CHECK(a.username == b.username);
  CHECK(a.password.reveal() == b.password.reveal());
  CHECK(a.keepAlive == b.keepAlive);
  CHECK(a.maxMessageSize == b.maxMessageSize);
  CHECK(a.debug == b.debug);
  CHECK(a.user == b.user);
}

settings::Sync sync(int bit = -1) {
  settings::Sync sync;
  sync.databaseDirectory = "/var/lib";
  sync.databaseName = "state.db";
  sync.createDatabase = bit == 0;
  sync.mailboxes = {"a", "b\0c"s};
  sync.patterns = {"*", "%\0"s, ""};
  sync.selectionOptions = {"SUBSCRIBED"};
  sync.ignore = "^Trash$";
  sync.localReference = "local.";
  sync.remoteReference = "remote/";
  sync.localAccount = "me@here";
  sync.remoteAccount = "me@there";
  sync.debug = 255;
  sync.user = "nobody";
  sync.stopAtWrite = 0xffffffff;
  sync.stopAfterWrite = bit != 1;
  sync.errand = settings::Errand::rename;
  sync.interval = 0xfffffffe;
  sync.onLocal = bit == 2;
  sync.onRemote = bit == 3;
  sync.inDatabase = bit == 4;
  sync.dryRun = bit != 5;
  sync.forceDeletions = bit != 2;
  sync.adopt = bit == 1;
  sync.byMessageId = bit == 4;
  sync.maxDeletionsPercent = bit == 3;
  sync.maxDeletions = bit == 3 ? 100 : kMost;
  sync.localConnections = 8;
  sync.remoteConnections = 255;
  return sync;
}

void checkSame(const settings::Sync& a, const settings::Sync& b) {
  CHECK(a.databaseDirectory == b.databaseDirectory);
  CHECK(a.databaseName == b.databaseName);
  CHECK(a.createDatabase == b.createDatabase);
  CHECK(a.mailboxes == b.mailboxes);
  CHECK(a.patterns == b.patterns);
  CHECK(a.selectionOptions == b.selectionOptions);
  CHECK(a.ignore == b.ignore);
  CHECK(a.localReference == b.localReference);
  CHECK(a.remoteReference == b.remoteReference);
  CHECK(a.localAccount == b.localAccount);
  CHECK(a.remoteAccount == b.remoteAccount);
  CHECK(a.debug == b.debug);
  CHECK(a.user == b.user);
  CHECK(a.stopAtWrite == b.stopAtWrite);
  CHECK(a.stopAfterWrite == b.stopAfterWrite);
  CHECK(a.errand == b.errand);
  CHECK(a.interval == b.interval);
  CHECK(a.onLocal == b.onLocal);
  CHECK(a.onRemote == b.onRemote);
  CHECK(a.inDatabase == b.inDatabase);
  CHECK(a.dryRun == b.dryRun);
  CHECK(a.forceDeletions == b.forceDeletions);
  CHECK(a.adopt == b.adopt);
  CHECK(a.byMessageId == b.byMessageId);
  CHECK(a.maxDeletions == b.maxDeletions);
  CHECK(a.maxDeletionsPercent == b.maxDeletionsPercent);
  CHECK(a.localConnections == b.localConnections);
  CHECK(a.remoteConnections == b.remoteConnections);
}

settings::Delivery delivery(int bit = -1) {
  settings::Delivery delivery;
  delivery.lmtp = bit != 0;
  delivery.host = "/run/lmtp\0"s;
  delivery.port = "24";
  delivery.ehlo = "ehlo";
  delivery.security = settings::Delivery::Security::implicit;
  delivery.tls = net(bit + 2).tls;
  delivery.username = "user\xc3\xa9";
  delivery.password = Secret("pass\0word"s);
  delivery.debug = 2;
  delivery.user = "nobody";
  return delivery;
}

void checkSame(const settings::Delivery& a, const settings::Delivery& b) {
  CHECK(a.lmtp == b.lmtp);
  CHECK(a.host == b.host);
  CHECK(a.port == b.port);
  CHECK(a.ehlo == b.ehlo);
  CHECK(a.security == b.security);
  checkSame(a.tls, b.tls);
  CHECK(a.username == b.username);
  CHECK(a.password.reveal() == b.password.reveal());
  CHECK(a.debug == b.debug);
  CHECK(a.user == b.user);
}

settings::Pull pull(int bit = -1) {
  settings::Pull pull;
  pull.stateDirectory = "/var/lib";
  pull.stateName = "state";
  pull.createState = bit == 0;
  pull.errand = settings::Pull::Errand::exportState;
  pull.interval = 0xfffffffe;
  pull.mailboxes = {"INBOX", "b\xff"};
  pull.forwardPaths = {"me", "\"a b\"@c"};
  pull.deliver = bit == 1;
  pull.retryRefused = bit != 2;
  if (bit != 3) pull.purgeAfter = 0xffffffff;
  if (bit == 4) pull.purgeAfter = 0;
  pull.account = "me@there";
  pull.debug = 255;
  pull.user = "nobody";
  pull.stopAtWrite = 0xffffffff;
  pull.stopAfterWrite = bit != 5;
  return pull;
}

void checkSame(const settings::Pull& a, const settings::Pull& b) {
  CHECK(a.stateDirectory == b.stateDirectory);
  CHECK(a.stateName == b.stateName);
  CHECK(a.createState == b.createState);
  CHECK(a.errand == b.errand);
  CHECK(a.interval == b.interval);
  CHECK(a.mailboxes == b.mailboxes);
  CHECK(a.forwardPaths == b.forwardPaths);
  CHECK(a.deliver == b.deliver);
  CHECK(a.retryRefused == b.retryRefused);
  CHECK(a.purgeAfter == b.purgeAfter);
  CHECK(a.account == b.account);
  CHECK(a.debug == b.debug);
  CHECK(a.user == b.user);
  CHECK(a.stopAtWrite == b.stopAtWrite);
  CHECK(a.stopAfterWrite == b.stopAfterWrite);
}

}  // namespace

TEST_CASE("settings come through, each field and each default") {
  for (int bit = -1; bit < 6; ++bit) {
    CAPTURE(bit);
    checkSame(ordered(net(bit)), net(bit));
    checkSame(ordered(sync(bit)), sync(bit));
    checkSame(ordered(delivery(bit)), delivery(bit));
    checkSame(ordered(pull(bit)), pull(bit));
  }
  checkSame(ordered(settings::Net{}), settings::Net{});
  checkSame(ordered(settings::Sync{}), settings::Sync{});
  checkSame(ordered(settings::Delivery{}), settings::Delivery{});
  checkSame(ordered(settings::Pull{}), settings::Pull{});
  for (auto transport :
       {settings::Transport::imap, settings::Transport::imaps, settings::Transport::tunnel}) {
    settings::Net in;
    in.transport = transport;
    CHECK(ordered(std::move(in)).transport == transport);
  }
  using settings::Errand;
  for (auto errand :
       {Errand::synchronise, Errand::watch, Errand::notify, Errand::repair, Errand::remove, Errand::rename}) {
    settings::Sync in;
    in.errand = errand;
    CHECK(ordered(std::move(in)).errand == errand);
  }
  using Pull = settings::Pull::Errand;
  for (auto errand : {Pull::once, Pull::idle, Pull::exportState}) {
    settings::Pull in;
    in.errand = errand;
    CHECK(ordered(std::move(in)).errand == errand);
  }
  using settings::Delivery;
  for (auto security : {Delivery::Security::none, Delivery::Security::startTls, Delivery::Security::required,
                        Delivery::Security::implicit}) {
    Delivery in;
    in.security = security;
    CHECK(ordered(std::move(in)).security == security);
  }
}

TEST_CASE("a text that is absent and one that is empty differ") {
  settings::Net some;
  some.tls.hostname = "";
  some.tls.cipherSuites = "";
  settings::Net out = ordered(std::move(some));
  CHECK(out.tls.hostname == "");
  CHECK(out.tls.cipherSuites == "");
  settings::Sync sync;
  CHECK_FALSE(ordered(sync).ignore);
  sync.ignore = "";
  CHECK(ordered(sync).ignore == "");
}

namespace {

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
  for (Side side : {Side::local, Side::remote})
    CHECK(std::get<AnotherNet>(withChannel(AnotherNet{side}).what).side == side);
}

TEST_CASE("go and stop come through") {
  ordered(Go{});
  ordered(Stop{});
}

TEST_CASE("reports come through") {
  for (auto level : {LogLevel::info, LogLevel::notice, LogLevel::warning, LogLevel::error, LogLevel::debug}) {
    LogLine line = reported(LogLine{level, "remote", "INBOX\0\r\n"s, "text \x1b[0m\0"s});
    CHECK(line.level == level);
    CHECK(line.component == "remote");
    CHECK(line.mailbox == "INBOX\0\r\n"s);
    CHECK(line.text == "text \x1b[0m\0"s);
  }
  reported(Locked{});
  Progress progress = reported(Progress{"Sent", 1, kMost, kMost - 1});
  CHECK(progress.mailbox == "Sent");
  CHECK(progress.messages == 1);
  CHECK(progress.ofMessages == kMost);
  CHECK(progress.octets == kMost - 1);
  for (bool waiting : {false, true}) {
    Synchronised done = reported(Synchronised{1, kMost, 3, 4, kMost - 5, 6, 0xffffffff, waiting});
    CHECK(done.copiedToLocal == 1);
    CHECK(done.copiedToRemote == kMost);
    CHECK(done.flagsUpdated == 3);
    CHECK(done.expunged == 4);
    CHECK(done.failed == kMost - 5);
    CHECK(done.octets == 6);
    CHECK(done.mailboxes == 0xffffffff);
    CHECK(done.waiting == waiting);
  }
  reported(WantsDeliverer{});
  WantsNets wants = reported(WantsNets{7, 255});
  CHECK(wants.local == 7);
  CHECK(wants.remote == 255);
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

TEST_CASE("the exit statuses of the manual come through, no other") {
  int known = 0;
  for (int n = 0; n < 256; ++n) {
    CAPTURE(n);
    convert::Writer writer;
    writer.root<schema::Report>().setEnded(static_cast<std::uint8_t>(n));
    bool expected = n == 0 || n == 64 || n == 65 || n == 69 || n == 70 || (n >= 73 && n <= 78);
    Packet packet = writer.packet();
    if (expected) {
      CHECK(static_cast<int>(std::get<Ended>(readReport(std::move(packet)).what).status) == n);
      CHECK(static_cast<int>(reported(Ended{static_cast<ExitStatus>(n)}).status) == n);
      ++known;
    } else {
      CHECK_THROWS_WITH_AS(readReport(std::move(packet)), "an unknown exit status", PeerViolation);
    }
  }
  CHECK(known == 11);
}

TEST_CASE("reports that do not hold are refused") {
  using In = schema::Report::Builder;
  using Level = schema::Report::Log::Level;
  auto text = [](const std::string& bytes) { return convert::bytes(bytes); };
  const std::string component(65, 'c'), mailbox(4097, 'm'), line(kMostLogText + 1, 't');
  struct {
    std::string why;
    std::function<void(In)> build;
    bool withDescriptor = false;
  } const table[] = {
      {"an unknown log level", [](In in) { in.initLog().setLevel(static_cast<Level>(5)); }},
      {"an unknown log level", [](In in) { in.initLog().setLevel(static_cast<Level>(0xffff)); }},
      {"a text that is too long", [&](In in) { in.initLog().setComponent(text(component)); }},
      {"a text that is too long", [&](In in) { in.initLog().setMailbox(text(mailbox)); }},
      {"a text that is too long", [&](In in) { in.initLog().setText(text(line)); }},
      {"a text that is too long", [&](In in) { in.initProgress().setMailbox(text(mailbox)); }},
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
      {"an unknown transport",
       [](In in) { in.initNet().setTransport(static_cast<schema::Order::Net::Transport>(3)); }},
      {"an unknown way to compress",
       [](In in) { in.initNet().setCompress(static_cast<schema::Order::Net::Compress>(3)); }},
      {"an unknown errand",
       [](In in) { in.initSync().setErrand(static_cast<schema::Order::Sync::Errand>(6)); }},
      {"an unknown errand",
       [](In in) { in.initPull().setErrand(static_cast<schema::Order::Pull::Errand>(3)); }},
      {"an unknown kind of security",
       [](In in) { in.initDelivery().setSecurity(static_cast<schema::Order::Delivery::Security>(4)); }},
      {kDescriptor, [](In in) { in.setGo(); }, true},
      {kDescriptor, [](In in) { in.setStop(); }, true},
      {kDescriptor, [](In in) { in.initNet(); }, true},
      {kDescriptor, [](In in) { in.initPull(); }, true},
      {kDescriptor, [](In in) { in.initDelivery(); }, true},
      {kDescriptor, [](In in) { in.setDeliverer(); }, false},
      {kDescriptor, [](In in) { in.setAnotherNet(schema::Order::Side::LOCAL); }, false},
      {"an unknown side", [](In in) { in.setAnotherNet(static_cast<schema::Order::Side>(2)); }, true},
  };
  for (const auto& row : table) {
    CAPTURE(row.why);
    convert::Writer writer;
    row.build(writer.root<schema::Order>());
    Packet packet = writer.packet(row.withDescriptor ? BodyWriter().seal() : Descriptor());
    CHECK_THROWS_WITH_AS(readOrder(std::move(packet)), row.why, PeerViolation);
  }
}

TEST_CASE("log lines as long as allowed come through, longer ones are cut") {
  LogLine line{LogLevel::info, std::string(64, 'c'), std::string(4096, 'm'), std::string(kMostLogText, 't')};
  LogLine same = reported(line);
  CHECK(same.component == line.component);
  CHECK(same.mailbox == line.mailbox);
  CHECK(same.text == line.text);
  LogLine cut = reported(LogLine{LogLevel::info, line.component + 'x', line.mailbox + 'x', line.text + 'x'});
  CHECK(cut.component == line.component);
  CHECK(cut.mailbox == line.mailbox);
  CHECK(cut.text == line.text);
}
