// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "store/store.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "ipc/failure.h"
#include "store/scratch.h"

using namespace interimap;
using namespace interimap::store;

namespace {

mode_t mode(const std::string& path) {
  struct stat about;
  return stat(path.c_str(), &about) == 0 ? about.st_mode & 07777 : 0;
}

void checkRefused(const Scratch& scratch, bool create, ExitStatus status, const char* says) {
  try {
    Store store(scratch.path(), "db", create);
    CHECK_MESSAGE(false, "opened");
  } catch (const Failure& failure) {
    CHECK(failure.status == status);
    CHECK(std::string(failure.what()).find(says) != std::string::npos);
    CHECK(std::string(failure.what()).find(scratch.file()) != std::string::npos);
  }
}

// Runs `work` in a process that is killed at the end of it, if it gets there.
template <typename Work>
void killed(Work work) {
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      work();
    } catch (...) {
      _exit(1);
    }
    raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
}

// A mailbox with one pair, committed, and a second pair that is not; then SIGKILL.
void killedInTransaction(const Scratch& scratch) {
  killed([&] {
    Store store(scratch.path(), "db", true);
    store.createSchema();
    MailboxId id{};
    {
      Transaction transaction = store.begin();
      id = store.addMailbox(mailbox("INBOX"), true);
      store.putState(id, {{1}, {0}, {0}}, {{2}, {0}, {0}});
      store.map(id, uid(1), uid(10), flags("\\Seen"));
      transaction.commit("first");
    }
    Transaction transaction = store.begin();
    store.map(id, uid(2), uid(20));
    store.setBase(id, uid(1), Flags());
    raise(SIGKILL);
  });
}

}  // namespace

TEST_CASE("a file is created for its owner only, an existing one keeps its mode") {
  Scratch scratch;
  Store(scratch.path(), "db", true).createSchema();
  CHECK(mode(scratch.file()) == 0600);
  chmod(scratch.file().c_str(), 0640);
  {
    Store store(scratch.path(), "db", true);
    Transaction transaction = store.begin();
    store.addMailbox(mailbox("INBOX"), false);
    transaction.commit("add");
    CHECK(mode(scratch.file("db-wal")) == 0640);
    CHECK_FALSE(scratch.has("db-shm"));
  }
  CHECK(mode(scratch.file()) == 0640);
  CHECK(scratch.run("ls") == "db\n");
}

TEST_CASE("files that cannot be used") {
  {
    Scratch scratch;
    checkRefused(scratch, false, ExitStatus::cantCreate, "unable to open database file");
    CHECK_FALSE(scratch.has("db"));
  }
  {
    Scratch scratch;
    std::filesystem::create_directory(scratch.file());
    checkRefused(scratch, true, ExitStatus::cantCreate, "unable to open database file");
  }
  for (std::string content : {std::string("not a database"), std::string(8192, 'x')}) {
    Scratch scratch;
    std::ofstream(scratch.file()) << content;
    checkRefused(scratch, true, ExitStatus::data, "file is not a database");
  }
  {
    Scratch scratch;
    Store(scratch.path(), "db", true).createSchema();
    std::filesystem::resize_file(scratch.file(), 4096);  // the first page promises more
    checkRefused(scratch, false, ExitStatus::data, "database disk image is malformed");
  }
  Scratch scratch;
  CHECK_THROWS_AS(Store(scratch.file("missing"), "db", true), Failure);
}

TEST_CASE("the file is locked from the beginning to the end") {
  Scratch scratch;
  auto locked = [&] {
    return scratch.sql("SELECT count(*) FROM sqlite_master").find("database is locked") != std::string::npos;
  };
  int commits = 0;
  {
    Store store(scratch.path(), "db", true, [&](const char*, bool) {
      CHECK(locked());
      ++commits;
    });
    CHECK(locked());
    auto start = std::chrono::steady_clock::now();
    checkRefused(scratch, true, ExitStatus::tryAgain, "database is locked");
    auto waited = std::chrono::steady_clock::now() - start;
    CHECK(waited >= std::chrono::milliseconds(200));
    CHECK(waited < std::chrono::seconds(3));
    store.createSchema();
    CHECK(locked());
    CHECK(store.mailboxes().empty());
    CHECK(locked());
    { Transaction given_up = store.begin(); }
    CHECK(locked());
  }
  CHECK(commits == 2);
  CHECK_FALSE(locked());
  Store store(scratch.path(), "db", false);
  CHECK(store.mailboxes().empty());
  CHECK(locked());
}

TEST_CASE("somebody else's lock is respected") {
  Scratch scratch;
  Store(scratch.path(), "db", true).createSchema();
  // The tool tells on standard output that it has the lock, and keeps it until its input ends.
  FILE* tool = popen(("sqlite3 " + scratch.file() + " > " + scratch.file("said")).c_str(), "w");
  REQUIRE(tool);
  fputs("BEGIN IMMEDIATE; SELECT 'locked';\n", tool);
  fflush(tool);
  for (int i = 0; i < 500 && scratch.run("cat said") != "locked\n"; ++i) usleep(10000);
  checkRefused(scratch, false, ExitStatus::tryAgain, "database is locked");
  pclose(tool);
  CHECK(Store(scratch.path(), "db", false).version() == 1);
}

TEST_CASE("nothing is written outside a transaction, nor by one given up") {
  Scratch scratch;
  Store store(scratch.path(), "db", true);
  store.createSchema();
  CHECK_THROWS_AS(store.addMailbox(mailbox("INBOX"), true), std::logic_error);
  CHECK_THROWS_AS(store.setAccount(Side::local, "x"), std::logic_error);
  {
    Transaction transaction = store.begin();
    CHECK_THROWS_AS(static_cast<void>(store.begin()), std::logic_error);
    store.addMailbox(mailbox("INBOX"), true);
  }
  CHECK(store.mailboxes().empty());
  {
    Transaction transaction = store.begin();
    store.addMailbox(mailbox("INBOX"), true);
    transaction.commit("add");
    CHECK_THROWS_AS(transaction.commit("add"), std::logic_error);
  }
  CHECK(store.mailboxes().size() == 1);
}

TEST_CASE("each commit passes the seam, before and after") {
  Scratch scratch;
  std::string seen;
  bool stop = false;
  auto seam = [&](const char* what, bool after) {
    seen += std::string(what) + (after ? "+ " : "- ");
    if (stop) throw Failure(ExitStatus::internal, "stopped");
  };
  {
    Store store(scratch.path(), "db", true, seam);
    CHECK(seen == "");
    store.createSchema();
    CHECK(seen == "create schema- create schema+ ");
    stop = true;
    Transaction transaction = store.begin();
    store.addMailbox(mailbox("INBOX"), true);
    CHECK_THROWS_AS(transaction.commit("add"), Failure);
  }
  seen.clear();
  stop = false;
  Store store(scratch.path(), "db", true, seam);
  CHECK(store.mailboxes().empty());
  CHECK(seen == "");
}

TEST_CASE("accounts") {
  Scratch scratch;
  Store store(scratch.path(), "db", true);
  store.createSchema();
  CHECK_FALSE(store.account(Side::local));
  Transaction transaction = store.begin();
  store.setAccount(Side::local, "a@x");
  store.setAccount(Side::remote, "");
  store.setAccount(Side::local, "b@y");
  transaction.commit("accounts");
  CHECK(store.account(Side::local) == "b@y");
  CHECK(store.account(Side::remote) == "");
}

TEST_CASE("killed in the middle of a transaction: what was committed is there, the rest is not") {
  Scratch scratch;
  killedInTransaction(scratch);
  CHECK(scratch.has("db-wal"));
  {
    Store store(scratch.path(), "db", false);
    CHECK_FALSE(scratch.has("db-shm"));  // the sandbox allows no mapped file
    REQUIRE(store.mailboxes().size() == 1);
    MailboxId id = store.mailboxes()[0].id;
    CHECK(store.partner(id, Side::local, uid(1)) == uid(10));
    CHECK_FALSE(store.partner(id, Side::local, uid(2)));
    CHECK(store.base(id, uid(1)) == flags("\\Seen"));
    CHECK(store.check() == "ok");
  }
  CHECK(scratch.run("ls") == "db\n");
}

TEST_CASE("killed at every commit of making a database") {
  for (int at = 0; at < 2; ++at) {
    CAPTURE(at);
    Scratch scratch;
    killed([&] {
      Store(scratch.path(), "db", true, [&](const char*, bool after) {
        if (after == (at == 1)) raise(SIGKILL);
      }).createSchema();
    });
    Store store(scratch.path(), "db", true);
    CHECK(store.isNew() == (at == 0));
    if (store.isNew()) store.createSchema();
    CHECK(store.version() == 1);
    CHECK(store.check() == "ok");
  }
}

TEST_CASE("others read what a kill left behind") {
  const std::string rows = "SELECT hex(mailbox), lUID, rUID FROM mailboxes JOIN mapping USING (idx)";
  struct {
    const char* name;
    std::string command;
  } table[] = {
      {"sqlite3", "sqlite3 -separator ' ' db \"" + rows + "\""},
      // As the reference opens it.
      {"perl",
       "perl -MDBI -MDBD::SQLite::Constants=:file_open -e 'my $d = DBI->connect(\"dbi:SQLite:dbname=db\", "
       "undef, undef, {AutoCommit => 1, RaiseError => 1, sqlite_use_immediate_transaction => 1, "
       "sqlite_open_flags => SQLITE_OPEN_READWRITE}); $d->do(\"PRAGMA locking_mode = EXCLUSIVE\"); "
       "$d->begin_work; print join(\" \", @$_), \"\\n\" for @{$d->selectall_arrayref(\"" +
           rows + "\")}; $d->do(\"UPDATE local SET UIDNEXT = 5\"); $d->commit; $d->disconnect'"},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    Scratch scratch;
    if (scratch.run(std::string(row.name) + (row.name[0] == 'p' ? " -MDBD::SQLite -e 1" : " -version"))
            .find(row.name[0] == 'p' ? "Can't" : "not found") != std::string::npos) {
      MESSAGE(row.name << " is not installed");
      continue;
    }
    killedInTransaction(scratch);
    CHECK(scratch.run(row.command) == "494E424F58 1 10\n");
    Store store(scratch.path(), "db", false);
    MailboxId id = store.mailboxes().at(0).id;
    CHECK(store.partner(id, Side::remote, uid(10)) == uid(1));
    // Perl changed UIDNEXT: the base flags are not to be trusted any more.
    CHECK(store.base(id, uid(1)).has_value() == (row.name[0] == 's'));
    CHECK(store.check() == "ok");
  }
}

TEST_CASE("a database of the reference's gets our tables and loses what is stale") {
  Scratch scratch;
  MailboxId gone{}, kept{}, stale{};
  {
    Store store(scratch.path(), "db", true);
    store.createSchema();
    Transaction transaction = store.begin();
    for (auto [id, name] : {std::pair(&gone, "gone"), std::pair(&kept, "kept"), std::pair(&stale, "stale")}) {
      *id = store.addMailbox(mailbox(name), false);
      store.putState(*id, {{1}, {5}, {6}}, {{2}, {7}, {8}});
      store.map(*id, uid(1), uid(2), flags("x"));
      store.intend(*id, Side::remote, UidNext{9}, {{{uid(4), Identity{}, {}}}});
      store.refuse(*id, Side::local, uid(3), Refusal::refused, "no");
      CHECK(store.hasBase(*id));
    }
    transaction.commit("fill");
  }
  // What the reference does when a mailbox is deleted, and when another had news.
  for (const char* table : {"mapping", "local", "remote", "mailboxes"})
    scratch.sql("DELETE FROM " + std::string(table) + " WHERE idx = " + std::to_string(gone.value));
  scratch.sql("UPDATE remote SET HIGHESTMODSEQ = 9 WHERE idx = " + std::to_string(stale.value));
  std::string commits;
  {
    Store store(scratch.path(), "db", false, [&](const char* what, bool) { commits += what; });
    CHECK(commits == "adoptadopt");
    CHECK(store.hasBase(kept));
    CHECK(store.base(kept, uid(1)) == flags("x"));
    CHECK_FALSE(store.hasBase(stale));
    CHECK_FALSE(store.base(stale, uid(1)));
    CHECK(store.partner(stale, Side::local, uid(1)) == uid(2));
    CHECK(store.withJournal() == std::vector{kept, stale});
    CHECK(store.withRefused() == std::vector{kept, stale});
    CHECK(store.check() == "ok");
  }
  commits.clear();
  std::string before = scratch.run("cksum db");
  CHECK(Store(scratch.path(), "db", false, [&](const char* what, bool) { commits += what; }).version() == 1);
  CHECK(commits == "");
  CHECK(scratch.run("cksum db") == before);  // a run without news writes nothing
  scratch.sql(
      "DROP TABLE ours_base; DROP TABLE ours_stamp; DROP TABLE ours_intents; DROP TABLE ours_refused; "
      "DROP TABLE ours_account");
  Store store(scratch.path(), "db", false, [&](const char* what, bool) { commits += what; });
  CHECK(commits == "create tablescreate tables");
  CHECK_FALSE(store.hasBase(kept));
  CHECK(store.count(kept) == 1);
}

TEST_CASE("a database that is looked at is not written to, whoever made it") {
  Scratch scratch;
  {
    Store store(scratch.path(), "db", true);
    store.createSchema();
    Transaction transaction = store.begin();
    MailboxId id = store.addMailbox(mailbox("INBOX"), true);
    CHECK_FALSE(store.stateSince(id));
    store.putState(id, {{1}, {2}, {3}}, {{1}, {2}, {3}});
    store.map(id, uid(1), uid(2));
    store.hold(id, Side::remote, "lost");
    transaction.commit("test");
  }
  for (bool plain : {false, true}) {
    CAPTURE(plain);
    if (plain) scratch.sql("DROP TABLE ours_held; DROP TABLE ours_brake; DROP TABLE ours_since");
    const std::string before = scratch.run("cksum db");
    {
      Store store(ToLook{}, scratch.path(), "db");
      MailboxId id = store.mailboxes().at(0).id;
      CHECK(store.count(id) == 1);
      CHECK(store.held(id).has_value() == !plain);
      CHECK(store.stateSince(id).has_value() == !plain);
      CHECK_FALSE(store.brake(id, Side::local));
      CHECK_THROWS_AS(static_cast<void>(store.begin()), Failure);
    }
    CHECK(scratch.run("cksum db") == before);
  }
  scratch.run("rm db && touch db");
  CHECK_THROWS_AS(Store(ToLook{}, scratch.path(), "db"), Failure);
}

TEST_CASE("a mailbox that is held stays so when its table gets a column, and speaks of a side") {
  Scratch scratch;
  MailboxId id{1};
  {
    Store store(scratch.path(), "db", true, {});
    store.createSchema();
    Transaction transaction = store.begin();
    id = store.addMailbox(mailbox("INBOX"), true);
    transaction.commit("test");
  }
  scratch.sql(
      "DROP TABLE ours_held; CREATE TABLE ours_held (idx INTEGER PRIMARY KEY, reason BLOB NOT NULL); "
      "INSERT INTO ours_held VALUES (" +
      std::to_string(id.value) + ", 'lost')");
  Store store(scratch.path(), "db", false, {});
  REQUIRE(store.held(id));
  CHECK(store.held(id)->reason == "lost");
  CHECK(store.held(id)->side == Side::local);
  {
    Transaction transaction = store.begin();
    store.hold(id, Side::remote, "lost again");
    transaction.commit("hold");
  }
  CHECK(store.held(id)->reason == "lost again");
  CHECK(store.held(id)->side == Side::remote);
}

TEST_CASE("forgetting pairs leaves nothing that hangs on them") {
  Scratch scratch;
  Store store(scratch.path(), "db", true);
  store.createSchema();
  Transaction transaction = store.begin();
  MailboxId id = store.addMailbox(*MailboxName::of("INBOX"), false),
            another = store.addMailbox(*MailboxName::of("a"), false);
  for (MailboxId each : {id, another}) {
    store.putState(each, {{1}, {5}, {6}}, {{2}, {7}, {8}});
    store.map(each, uid(1), uid(2), Flags());
    store.intend(each, Side::local, UidNext{3}, UidSet::single(uid(4)));
    store.refuse(each, Side::local, uid(9), Refusal::empty, "");
    store.hold(each, Side::remote, "why");
    store.setBrake(each, Side::local, Brake{17, UidSet::range(3, 5)});
    store.setUnlike(each, UidValidity{1}, UidValidity{2}, "found");
  }
  CHECK(store.unlike(id, UidValidity{1}, UidValidity{2}) == "found");
  CHECK_FALSE(store.unlike(id, UidValidity{1}, UidValidity{3}));
  CHECK_FALSE(store.unlike(id, UidValidity{2}, UidValidity{2}));
  store.forgetPairs(id);
  CHECK(store.count(id) == 0);
  CHECK_FALSE(store.base(id, uid(1)));
  CHECK(store.journal(id, Side::local).intents.empty());
  CHECK_FALSE(store.held(id));
  CHECK_FALSE(store.brake(id, Side::local));
  CHECK(store.withBrake() == std::vector{another});
  CHECK(store.brake(another, Side::local) == Brake{17, UidSet::range(3, 5)});
  CHECK_FALSE(store.brake(another, Side::remote));
  CHECK_FALSE(store.unlike(id, UidValidity{1}, UidValidity{2}));
  CHECK(store.refusedUids(id, Side::local).size() == 1);
  CHECK(store.state(id, Side::local)->uidNext.value == 5);
  CHECK(store.count(another) == 1);
  CHECK(store.held(another));
  CHECK(store.unlike(another, UidValidity{1}, UidValidity{2}));
  store.removeMailbox(another);
  CHECK_FALSE(store.unlike(another, UidValidity{1}, UidValidity{2}));
  transaction.commit("test");
}

TEST_CASE("a database in memory") {
  Store store(Seam{});
  CHECK(store.isNew());
  store.createSchema();
  Transaction transaction = store.begin(Lasting::throughPowerLoss);
  MailboxId id = store.addMailbox(*MailboxName::of("INBOX"), true);
  transaction.commit("test");
  CHECK(store.mailboxes().size() == 1);
  CHECK(store.mailboxes()[0].id == id);
  CHECK(store.check() == "ok");
}

TEST_CASE("how many messages there were is known until the reference has been at work") {
  Scratch scratch;
  MailboxId id{1};
  const SideState here{UidValidity{7}, UidNext{12}, ModSeq{0}, 11},
      there{UidValidity{8}, UidNext{3}, ModSeq{40}};
  {
    Store store(scratch.path(), "db", true, {});
    store.createSchema();
    scratch.sql(
        "DROP TABLE ours_stamp; CREATE TABLE ours_stamp (idx INTEGER PRIMARY KEY, lUIDNEXT INTEGER NOT NULL, "
        "lMODSEQ INTEGER NOT NULL, rUIDNEXT INTEGER NOT NULL, rMODSEQ INTEGER NOT NULL)");
  }
  {
    Store store(scratch.path(), "db", false, {});
    Transaction transaction = store.begin();
    id = store.addMailbox(mailbox("INBOX"), true);
    store.putState(id, here, there);
    transaction.commit("test");
    CHECK(store.state(id, Side::local) == here);
    CHECK(store.state(id, Side::remote) == there);
    CHECK(store.hasBase(id));
  }
  scratch.sql("UPDATE remote SET HIGHESTMODSEQ = 41");
  CHECK_FALSE(Store(scratch.path(), "db", false, {}).state(id, Side::local)->messages);
}

TEST_CASE("marks that are taken off are remembered by side, and go with the mailbox") {
  Scratch scratch;
  Store store(scratch.path(), "db", true, {});
  store.createSchema();
  Transaction transaction = store.begin();
  MailboxId id = store.addMailbox(mailbox("INBOX"), true);
  Marked marked{UidValidity{7}, 12, *UidSet::parse("3,5:9")};
  CHECK(store.withMarked().empty());
  store.setMarked(id, Side::remote, marked);
  CHECK(store.marked(id, Side::remote) == marked);
  CHECK_FALSE(store.marked(id, Side::local));
  CHECK(store.withMarked() == std::vector{id});
  store.setMarked(id, Side::remote, Marked{UidValidity{7}, 13, {}});
  CHECK(store.marked(id, Side::remote) == Marked{UidValidity{7}, 13, {}});
  store.setMarked(id, Side::remote, std::nullopt);
  CHECK(store.withMarked().empty());
  store.setMarked(id, Side::local, marked);
  store.forgetPairs(id);
  CHECK(store.withMarked().empty());
  transaction.commit("test");
}

TEST_CASE("what was looked up and is not there is found as soon as it is written") {
  Store store{Seam()};
  store.createSchema();
  MailboxId id{};
  {
    Transaction transaction = store.begin();
    id = store.addMailbox(mailbox("INBOX"), true);
    Intent intent{.source = uid(3), .identity = Identity{}, .flags = {}};
    store.intend(id, Side::remote, {90}, std::span(&intent, 1));
    transaction.commit("test");
  }
  struct {
    const char* what;
    bool (*found)(const Store&, MailboxId);
    void (*write)(Store&, MailboxId);
  } table[] = {
      {"refused", [](const Store& in, MailboxId of) { return !in.refused(of).empty(); },
       [](Store& in, MailboxId of) { in.refuse(of, Side::local, uid(7), Refusal::refused, "no"); }},
      {"held", [](const Store& in, MailboxId of) { return in.held(of).has_value(); },
       [](Store& in, MailboxId of) { in.hold(of, Side::local, "lost"); }},
      {"brake", [](const Store& in, MailboxId of) { return in.brake(of, Side::local).has_value(); },
       [](Store& in, MailboxId of) {
         in.setBrake(of, Side::local, Brake{7, {}});
       }},
      {"marked", [](const Store& in, MailboxId of) { return in.marked(of, Side::local).has_value(); },
       [](Store& in, MailboxId of) {
         in.setMarked(of, Side::local, Marked{{7}, 12, {}});
       }},
      {"strays", [](const Store& in, MailboxId of) { return !in.strays(of, Side::remote).empty(); },
       [](Store& in, MailboxId of) { in.disown(of, Side::remote); }},
      {"hangups", [](const Store& in, MailboxId) { return !in.hangups().empty(); },
       [](Store& in, MailboxId of) {
         Hangup hangup;
         hangup.mailbox = of;
         in.addHangup(hangup);
       }},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    CHECK_FALSE(row.found(store, id));
    {
      Transaction transaction = store.begin();
      row.write(store, id);
      CHECK(row.found(store, id));
    }  // given up
    CHECK_FALSE(row.found(store, id));
    Transaction transaction = store.begin();
    row.write(store, id);
    transaction.commit("test");
    CHECK(row.found(store, id));
  }
}
