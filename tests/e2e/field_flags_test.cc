// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Flags: what is said of them, and how often. And mailboxes that are made anew just before something is
// expunged in them.
#include <chrono>

#include "tests/e2e/oracle.h"
#include "tests/e2e/relay.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;
using namespace std::chrono_literals;

namespace {

std::size_t times(const Run& run, std::string_view text) {
  std::size_t times = 0;
  const std::string log = run.log();
  for (auto at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++times;
  return times;
}

}  // namespace

TEST_CASE("field 33: --repair after the Perl program says nothing where nothing was missed") {
  NOT_THE_REFERENCE();
  for (bool missed : {false, true}) {
    CAPTURE(missed);
    Bed bed;
    Corpus corpus(33);
    ImapClient client = bed.alice();
    fill(client, corpus, {"INBOX"}, 6);
    client.select("INBOX");
    client.command("UID STORE 2:4 +FLAGS (\\Seen)");
    requireDone(bed.program.runWith(kPerl));
    requireDone(bed.program.runWith(kPerl));
    if (missed) {  // what came after counts as known
      client.command("UID STORE 5 +FLAGS (\\Flagged)");
      sql(bed.program.database(), "UPDATE local SET HIGHESTMODSEQ = HIGHESTMODSEQ + 1");
    }
    Run run = bed.program.run({"--debug", "--repair"});
    INFO(run.log());
    CHECK(times(run, "Missed flag update") == (missed ? 1 : 0));
    checkEqual(bed.here(), bed.there());
  }
}

TEST_CASE("field 33: messages that are recognised with other flags are one warning for their mailbox") {
  NOT_THE_REFERENCE();
  Scripted bed;
  for (const char* name : {"INBOX", "b"}) {
    Scripted::add(bed.local, name, 5, 7);
    Scripted::add(bed.remote, name, 5, 7);
  }
  bed.local.access([](auto& boxes) {
    for (auto& [_, box] : boxes)
      for (auto& message : box.messages) box.setFlags(message, {"\\Seen"});
  });
  bed.remote.access([](auto& boxes) {
    for (auto& [_, box] : boxes)
      for (auto& message : box.messages) box.setFlags(message, {"\\Flagged"});
  });
  Run run = bed.program.run({"--quiet"});
  INFO(run.log());
  CHECK(run.exitStatus == 0);
  CHECK(times(run, "WARNING") == 2);
  CHECK(times(run, "Conflicting flag update in") == 2);
  checkEqual(bed.here(), bed.there());
  CHECK(bed.here().mailboxes.at("INBOX").messages.size() == 5);
  checkNothingToDo(bed.program);
}

TEST_CASE("field 35: a mailbox that is made anew in any moment loses nothing to UIDs of the old one") {
  NOT_THE_REFERENCE();
  for (unsigned when : {1, 2, 3, 4, 5, 6}) {
    CAPTURE(when);
    Scripted bed;
    for (const char* name : {"a", "b", "c"}) Scripted::add(bed.local, name, 5, name[0]);
    requireDone(bed.program.run());
    bed.local.access([](auto& boxes) {
      for (const char* name : {"a", "b", "c"}) boxes[name].expunge(2);
    });
    bed.remote.on("SELECT \"?a\"?", when,
                  {.alsoAnswer = true, .meanwhile = [](auto& boxes) {
                     std::uint32_t validity = boxes["a"].uidValidity;
                     boxes["a"] = {};
                     boxes["a"].uidValidity = validity + 50;
                     for (int n = 0; n < 5; ++n)
                       boxes["a"].add("Subject: new " + std::to_string(n) + "\r\n\r\nx\r\n");
                   }});
    Run run = bed.program.run();
    INFO(run.log());
    bed.remote.access([&](auto& boxes) {
      bool anew = boxes["a"].uidValidity % 100 >= 50 || boxes["a"].messages.size() == 5;
      CHECK(boxes["a"].messages.size() == (anew ? 5 : 4));
      for (const FakeMessage& message : boxes["a"].messages) CHECK(!message.flags.contains("\\Deleted"));
      CHECK(boxes["b"].messages.size() == 4);
      CHECK(boxes["c"].messages.size() == 4);
    });
  }
}

TEST_CASE("field 35: to expunge in many mailboxes costs no round trip for each of them") {
  NOT_THE_REFERENCE();
  constexpr std::size_t kMailboxes = 40;
  Bed bed;
  Corpus corpus(35);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kMailboxes; ++i) names.push_back("m" + std::to_string(i));
  {
    ImapClient client = bed.alice();
    fill(client, corpus, names, 3);
  }
  requireDone(bed.program.run());
  {
    ImapClient client = bed.alice();
    for (const std::string& name : names) {
      client.select(name);
      client.expunge("2");
    }
  }
  Relay relay(bed.remote.imap(), {.delay = 30ms});
  bed.program.configure([&] {
    std::string text = bed.program.configuration();
    const std::string port = std::to_string(bed.remote.imap());
    return text.replace(text.rfind(port), port.size(), std::to_string(relay.port()));
  }());
  requireDone(bed.program.run());
  checkEqual(bed.here(), bed.there());
  CHECK(bed.there().messages() == 2 * kMailboxes);
  unsigned trips = 0;
  for (const RelayedConnection& connection : relay.connections()) trips += connection.roundTrips;
  CHECK(trips < kMailboxes / 2);
}
