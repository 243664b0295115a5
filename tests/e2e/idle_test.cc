// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/bed.h"
#include "tests/e2e/relay.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

TEST_CASE("scenario 71: a run with nothing to do selects no mailbox") {
  Bed bed;
  Corpus corpus(1);
  {
    ImapClient alice = bed.alice();
    fill(alice, corpus, {"INBOX", "a/b", "c"}, 5);
  }
  requireDone(bed.program.run());
  Run idle = bed.program.run();
  requireDone(idle);
  INFO(idle.log());
  CHECK_FALSE(idle.sent("SELECT"));
  CHECK_FALSE(idle.sent("EXAMINE"));
  CHECK(idle.changes() == "");
  for (const char* side : {"local", "remote"}) CHECK(idle.commands(side).size() >= 2);  // ENABLE, LIST
}

TEST_CASE(
    "scenario 71, W30: an idle run over imaps with TLS 1.3 takes three round trips, both servers at once") {
  Directory directory;
  Certificates certificates(directory / "certificates");
  DovecotOptions options{.certificate = certificates.server(), .key = certificates.key()};
  Dovecot local(directory / "local", options), remote(directory / "remote", options);
  Corpus corpus(2);
  {
    ImapClient alice = local.client("alice");
    fill(alice, corpus, {"INBOX", "a/b"}, 5);
  }
  constexpr auto kDelay = 100ms;
  Relay localRelay(local.imaps(), {.delay = kDelay}), remoteRelay(remote.imaps(), {.delay = kDelay});
  auto account = [&](const Relay& relay, const char* user) {
    return Account{
        .type = "imaps",
        .port = relay.port(),
        .user = user,
        .more = {"SSL_CAfile = " + certificates.authority().string(), "SSL_protocol_min = TLSv1.3"}};
  };
  Interimap program(directory / "program", account(localRelay, "alice"), account(remoteRelay, "bob"));
  requireDone(program.run());
  checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
  Run idle = program.run({"--quiet"});
  requireDone(idle);
  unsigned here = localRelay.connections().at(1).roundTrips,
           there = remoteRelay.connections().at(1).roundTrips;
  MESSAGE("round trips: local ", here, ", remote ", there, "; wall ", idle.wall.count(), " s");
  NOT_THE_REFERENCE();
  CHECK(here <= 3);
  CHECK(there <= 3);
  CHECK(idle.wall < 4 * 2 * kDelay + 600ms);  // one after the other would take 1.2 s and the processes' time
}
