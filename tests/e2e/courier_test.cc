// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Courier IMAP, a server of RFC 3501 and UIDPLUS: all mailboxes below INBOX, no UIDNEXT in SELECT, no
// mod-sequences, literals one by one. It speaks through a tunnel; what is in its maildir the tests see, and
// change, by a Dovecot that has the same one.
#include <signal.h>
#include <unistd.h>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/unpacked.h"

using namespace interimap::bed;

namespace {

constexpr const char* kPackages =
    "courier-imap courier-authlib courier-base libcourier-unicode4 libgamin0 libltdl7 libidn12";

// Of Debian 12: later ones have other libraries. Nothing, and why on stderr, where it cannot be run.
std::optional<fs::path> courier() {
  if (debianRelease() != "12") return std::nullopt;
  std::optional<fs::path> root = unpacked(kPackages);
  if (root && access((*root / "usr/bin/imapd").c_str(), X_OK) == 0) return root;
  return std::nullopt;
}

#define COURIER_OR_RETURN(programs)                                                        \
  NOT_THE_REFERENCE();                                                                     \
  std::optional<fs::path> programs = courier();                                            \
  if (!programs) {                                                                         \
    MESSAGE("skipped: no Courier of Debian 12 here (standard error says why, if at all)"); \
    return;                                                                                \
  }                                                                                        \
  static_assert(true)

// alice of a Dovecot, and bob of a Courier.
struct Between {
  explicit Between(const fs::path& root)
      : local(directory / "local"),
        remote(directory / "remote", {.delimiter = '.'}),
        program(directory / "program", cleartext(local.imap(), "alice"), tunnel(script(root).string())) {
    bob().create("lists.announce");  // the maildir is Dovecot's
    fill();
  }

  // Without the locks, for each of which it would look for a file monitor that is not there, for a second.
  fs::path script(const fs::path& root) {
    const fs::path home = makeDirectory(remote.home("bob")), script = directory / "courier";
    writeFile(script,
              "#!/bin/sh\ncd " + home.string() + " && exec env -i " + libraryPath(root) + ":" +
                  (root / "usr/lib").string() +
                  " AUTHENTICATED=bob AUTHADDR=bob PROTOCOL=IMAP HOME=" + home.string() +
                  " IMAP_KEYWORDS=1 IMAP_ACL=1 IMAP_IDLE_TIMEOUT=1 IMAP_USELOCKS=0 IMAP_UMASK=022 "
                  "TCPREMOTEIP=127.0.0.1 IMAP_CAPABILITY='IMAP4rev1 UIDPLUS CHILDREN NAMESPACE QUOTA IDLE' " +
                  (root / "usr/bin/imapd").string() + " Maildir 2>/dev/null\n",
              0755);
    return script;
  }

  ImapClient alice() const { return local.client("alice"); }
  ImapClient bob() const { return remote.client("bob"); }

  // Without keywords, which the two servers of one maildir keep in places of their own.
  static void add(ImapClient client, const std::string& mailbox, unsigned seed, std::size_t count) {
    client.append(mailbox, Corpus(seed, Keywords::none).smallMessages(count));
  }
  static void change(ImapClient client, const char* flagged, const char* read, const char* expunged) {
    client.select("INBOX");
    client.store(flagged, "+FLAGS (\\Flagged)");
    client.store(read, "-FLAGS (\\Seen)");
    client.expunge(expunged);
    client.command("UNSELECT");
  }
  void fill() {
    add(alice(), "INBOX", 1, 6);
    alice().create("work/2026");
    add(alice(), "work/2026", 2, 3);
    add(bob(), "INBOX", 3, 5);
    add(bob(), "lists.announce", 4, 4);
  }
  void changeBothSides(unsigned seed) {
    change(alice(), "1", "2", "3");
    change(bob(), "4", "5", "6");
    add(alice(), "work/2026", seed, 2);
    add(bob(), "INBOX", seed + 1, 1);
    add(bob(), "lists.announce", seed + 2, 1);
  }
  bool equal() const {
    try {
      return difference(Snapshot::of(alice()), Snapshot::of(bob())).empty();
    } catch (const std::runtime_error&) {  // expunged while we looked
      return false;
    }
  }
  void checkInSync(std::size_t messages) const {
    requireDone(program.run());
    checkEqual(Snapshot::of(alice()), Snapshot::of(bob()));
    CHECK(Snapshot::of(bob()).messages() == messages);
    checkNothingToDo(program);
  }

  Directory directory;
  Dovecot local, remote;
  Interimap program;
};

}  // namespace

TEST_CASE("Courier: first sync, changes both ways, a client in between, and nothing left to do") {
  COURIER_OR_RETURN(root);
  Between bed(*root);
  Run first = bed.program.run();
  requireDone(first);
  CHECK(first.says("remote: S: * PREAUTH"));
  CHECK(bed.alice().select("lists/announce") == 4);
  bed.checkInSync(18);
  bed.changeBothSides(11);
  bed.checkInSync(20);
  // On Courier's side alone, and as many as before.
  Between::change(bed.bob(), "2", "1", "5");
  Between::add(bed.bob(), "INBOX", 21, 1);
  bed.checkInSync(20);
  ImapClient alice = bed.alice();
  alice.select("INBOX");
  alice.expunge(std::to_string(alice.uids().front()));
  alice.command("UNSELECT");
  bed.checkInSync(19);
}

TEST_CASE("Courier: two filled accounts are paired, not copied") {
  COURIER_OR_RETURN(root);
  Between bed(*root);
  requireDone(bed.program.run());
  fs::remove(bed.program.database());
  Between::change(bed.bob(), "1", "2", "3");
  Run again = bed.program.run();
  requireDone(again);
  CHECK_FALSE(again.sent("APPEND \"?lists"));
  checkEqual(Snapshot::of(bed.alice()), Snapshot::of(bed.bob()));
  checkNothingToDo(bed.program);
}

TEST_CASE("Courier: killed at some writes, nothing is lost or doubled") {
  COURIER_OR_RETURN(root);
  for (int write = 1; write < 40; write += 6) {
    CAPTURE(write);
    Between bed(*root);
    requireDone(bed.program.run());
    bed.changeBothSides(11);
    Run killed = bed.program.run({"--debug"}, {"INTERIMAP_STOP_AT_WRITE=" + std::to_string(write)});
    if (killed.exitStatus == 0) break;
    bed.checkInSync(20);
  }
}

TEST_CASE("Courier: watched") {
  COURIER_OR_RETURN(root);
  for (const char* how : {"--watch=1", "--notify"}) {
    CAPTURE(how);
    Between bed(*root);
    requireDone(bed.program.run());
    BackgroundProcess watcher = bed.program.runInBackground({how, "--debug"});
    Between::add(bed.bob(), "INBOX", 31, 1);
    CHECK(eventually([&] { return bed.equal(); }));
    Between::change(bed.alice(), "1", "2", "3");
    CHECK(eventually([&] { return bed.equal(); }));
    watcher.signal(SIGTERM);
    CHECK(watcher.wait(std::chrono::seconds(20)).exitStatus == 0);
    INFO(readFile(bed.program.directory() / "stderr"));
    CHECK(bed.equal());
  }
}
