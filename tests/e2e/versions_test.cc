// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Between Dovecot 2.3 and others: Cyrus 3.6, and the servers of Debian 13, Dovecot 2.4 and Cyrus 3.10.
#include <poll.h>
#include <signal.h>

#include <chrono>
#include <functional>

#include "tests/e2e/bed.h"
#include "tests/e2e/cyrus.h"
#include "tests/e2e/debian13.h"
#include "tests/e2e/dovecot24.h"

using namespace interimap::bed;

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::seconds(30);

#define DEBIAN_13_OR_RETURN(debian)                                                            \
  std::optional<Debian13> debian = Debian13::find();                                           \
  if (!debian) {                                                                               \
    MESSAGE("skipped: no Debian 13 here (standard error says why): its servers are untested"); \
    return;                                                                                    \
  }                                                                                            \
  static_assert(true)

#define CYRUS_36_OR_RETURN(programs)                                 \
  std::optional<fs::path> programs = Cyrus::programs();              \
  if (!programs) {                                                   \
    MESSAGE("skipped: no Cyrus 3.6 here (standard error says why)"); \
    return;                                                          \
  }                                                                  \
  static_assert(true)

// Where servers of a Debian 13 can be, and others.
Directory placeFor(const Debian13& debian) { return Directory(debian.servers()); }
Directory placeFor(const fs::path&) { return Directory(); }

// A Dovecot 2.3 with mail, another server with other mail, and the program between them.
template <typename Server>
struct Between {
  template <typename Programs>
  explicit Between(const Programs& programs)
      : place(placeFor(programs)),
        local(directory / "local"),
        remote(programs, place / "remote"),
        program(directory / "program", cleartext(local.imap(), "alice"), cleartext(remote.imap(), "bob")) {
    ImapClient alice = this->alice(), bob = this->bob();
    for (const char* mailbox : {"Archive/2023/Q1", "with blank"}) alice.create(mailbox);
    for (const char* mailbox : {"Entw&APw-rfe", "Sent"}) bob.create(mailbox);
    for (const char* mailbox : {"INBOX", "Archive/2023/Q1", "with blank"}) {
      alice.append(mailbox, corpus.messages(30));
    }
    for (const char* mailbox : {"INBOX", "Entw&APw-rfe", "Sent"}) bob.append(mailbox, corpus.messages(30));
    alice.subscribe("with blank");
    bob.subscribe("Sent");
  }

  ImapClient alice() const { return local.client("alice"); }
  ImapClient bob() const { return remote.client("bob"); }

  // Cyrus makes the parents of a mailbox, Dovecot only lists them: what the first run made needs a second.
  void firstSync() {
    requireDone(program.run());
    requireDone(program.run());
    check();
    CHECK(Snapshot::of(alice()).messages() == 180);
  }

  void check() const {
    checkEqual(Snapshot::of(alice()), Snapshot::of(bob()));
    checkNothingToDo(program);
  }

  void change() {
    ImapClient clients[] = {alice(), bob()};
    for (ImapClient& client : clients) {
      for (const char* mailbox : {"INBOX", "Sent"}) {
        client.append(mailbox, corpus.smallMessages(4));
        client.select(mailbox);
        std::vector<std::uint32_t> uids = client.uids();
        auto any = [&] { return std::to_string(uids[corpus.below(uids.size())]); };
        client.store(any(), "+FLAGS (\\Flagged later)");
        client.store(any(), "-FLAGS (\\Seen)");
        client.expunge(any());
        client.command("UNSELECT");
      }
    }
  }

  // Until both sides are equal and have so many messages.
  void settle(const std::string& what, std::size_t messages) const {
    for (auto begin = Clock::now();; poll(nullptr, 0, 50)) {
      std::string differing;
      try {
        Snapshot here = Snapshot::of(alice()), there = Snapshot::of(bob());
        differing = difference(here, there);
        if (differing.empty() && here.messages() == messages) return;
      } catch (const std::runtime_error& gone) {  // expunged while we looked
        differing = gone.what();
      }
      INFO(what << ": " << differing << "\n" << readFile(program.directory() / "stderr"));
      REQUIRE(Clock::now() - begin < kPatience);
    }
  }

  Directory directory, place;
  Dovecot local;
  Server remote;
  Interimap program;
  Corpus corpus{13};
};

template <typename Server, typename Programs>
void synchroniseAndChange(const Programs& programs) {
  Between<Server> bed(programs);
  bed.firstSync();
  for (int round = 0; round < 3; ++round) {
    bed.change();
    std::string mailbox = "new " + std::to_string(round);
    ImapClient maker = round % 2 == 0 ? bed.alice() : bed.bob();
    maker.create(mailbox);
    maker.subscribe(mailbox);
    maker.append(mailbox, bed.corpus.smallMessages(2));
    requireDone(bed.program.run());
    bed.check();
    CHECK(Snapshot::of(bed.alice()).mailboxes.at(mailbox).messages.size() == 2);
  }
}

template <typename Server, typename Programs>
void watch(const Programs& programs, std::vector<std::string> how) {
  CAPTURE(how.front());
  how.push_back("--debug");
  Between<Server> bed(programs);
  bed.firstSync();
  BackgroundProcess process = bed.program.runInBackground(how);
  std::size_t messages = 180;
  for (int round = 0; round < 3; ++round) {
    bed.alice().append("INBOX", bed.corpus.smallMessages(1));
    bed.settle("new mail at Dovecot 2.3", ++messages);
    bed.bob().append("Sent", bed.corpus.smallMessages(1));
    bed.settle("new mail at the other server", ++messages);
  }
  ImapClient bob = bed.bob();
  bob.select("INBOX");
  bob.store("3", "+FLAGS (\\Flagged later)");
  bob.expunge("2");
  bob.command("UNSELECT");
  bed.settle("flags and an expunge at the other server", --messages);
  process.signal(SIGTERM);
  CHECK(process.wait(kPatience).exitStatus == 0);
  CHECK(readFile(bed.program.directory() / "stderr").find("refused") == std::string::npos);
}

// The database is lost, and what both have is paired; and a few kills among changes on both sides.
template <typename Server, typename Programs>
void adoptAndKill(const Programs& programs) {
  Between<Server> bed(programs);
  bed.firstSync();
  fs::remove(bed.program.database());
  Run again = bed.program.run();
  requireDone(again);
  CHECK_FALSE(again.sent("APPEND"));
  bed.check();
  for (int write = 1; write < 40; write += 7) {
    CAPTURE(write);
    bed.change();
    Run killed = bed.program.run({"--debug"}, {"INTERIMAP_STOP_AT_WRITE=" + std::to_string(write)});
    if (killed.exitStatus == 0) break;
    requireDone(bed.program.run());
    bed.check();
  }
}

}  // namespace

TEST_CASE("Dovecot 2.3 and 2.4: first sync, changes on both sides, nothing to do") {
  NOT_THE_REFERENCE();
  DEBIAN_13_OR_RETURN(debian);
  synchroniseAndChange<Dovecot24>(*debian);
}

TEST_CASE("Dovecot 2.3 and Cyrus 3.10: first sync, changes on both sides, nothing to do") {
  NOT_THE_REFERENCE();
  DEBIAN_13_OR_RETURN(debian);
  synchroniseAndChange<Cyrus>(*debian);
}

TEST_CASE("Dovecot 2.3 and 2.4, watched") {
  NOT_THE_REFERENCE();
  DEBIAN_13_OR_RETURN(debian);
  watch<Dovecot24>(*debian, {"--watch=1"});
  watch<Dovecot24>(*debian, {"--notify"});
}

TEST_CASE("Dovecot 2.3 and Cyrus 3.10, watched") {
  NOT_THE_REFERENCE();
  DEBIAN_13_OR_RETURN(debian);
  watch<Cyrus>(*debian, {"--watch=1"});
  watch<Cyrus>(*debian, {"--notify"});
}

TEST_CASE("Dovecot 2.3 and Cyrus 3.6: first sync, changes on both sides, nothing to do") {
  NOT_THE_REFERENCE();
  CYRUS_36_OR_RETURN(programs);
  synchroniseAndChange<Cyrus>(*programs);
}

TEST_CASE("Dovecot 2.3 and Cyrus 3.6, watched") {
  NOT_THE_REFERENCE();
  CYRUS_36_OR_RETURN(programs);
  watch<Cyrus>(*programs, {"--watch=1"});
  watch<Cyrus>(*programs, {"--notify", "--watch=5"});  // without NOTIFY: IDLE on INBOX, the others are polled
}

TEST_CASE("Dovecot 2.3 and 2.4: paired, and killed at some writes") {
  NOT_THE_REFERENCE();
  DEBIAN_13_OR_RETURN(debian);
  adoptAndKill<Dovecot24>(*debian);
}

TEST_CASE("Dovecot 2.3 and Cyrus 3.10: paired, and killed at some writes") {
  NOT_THE_REFERENCE();
  DEBIAN_13_OR_RETURN(debian);
  adoptAndKill<Cyrus>(*debian);
}

TEST_CASE("Dovecot 2.3 and Cyrus 3.6: paired, and killed at some writes") {
  NOT_THE_REFERENCE();
  CYRUS_36_OR_RETURN(programs);
  adoptAndKill<Cyrus>(*programs);
}
