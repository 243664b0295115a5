// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 64 and 66 to 69: the database as the Perl program makes and reads it.
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "tests/e2e/bed.h"
#include "tests/e2e/oracle.h"
#include "tests/e2e/relay.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using namespace std::chrono_literals;
using interimap::ExitStatus;

namespace {

mode_t modeOf(const fs::path& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

// The four tables as SQLite sees them: columns, keys, references.
std::string schema(const fs::path& database) {
  std::string text = sql(database, "PRAGMA user_version");
  for (const std::string table : {"mailboxes", "local", "remote", "mapping"}) {
    for (const char* what : {"table_info", "foreign_key_list"})
      text += sql(database, "PRAGMA " + std::string(what) + "(" + table + ")");
    text += sql(database, "SELECT i.origin, i.[unique], group_concat(c.name) FROM pragma_index_list('" +
                              table + "') i, pragma_index_info(i.name) c GROUP BY i.name ORDER BY 1, 3");
  }
  return text + sql(database, "SELECT name FROM sqlite_master WHERE name = 'sqlite_sequence'");
}

// What the reference stores, without row ids.
std::string content(const fs::path& database) {
  return sql(database,
             "SELECT hex(mailbox), typeof(mailbox), subscribed, l.UIDVALIDITY, l.UIDNEXT, l.HIGHESTMODSEQ, "
             "r.UIDVALIDITY, r.UIDNEXT, r.HIGHESTMODSEQ FROM mailboxes m JOIN local l USING (idx) JOIN "
             "remote r USING (idx) ORDER BY 1") +
         mappedMessages(database);
}

// As version 0 had it: names as text, with the servers' delimiter; none of our tables.
void makeVersion0(const fs::path& database, const std::string& delimiter) {
  std::string drop;
  for (const char* table : {"account", "base", "stamp", "journal", "refused", "held", "brake"})
    drop += "DROP TABLE IF EXISTS ours_" + std::string(table) + ";";
  std::string names = sql(database, "SELECT idx, replace(hex(mailbox), '00', '2F') FROM mailboxes");
  sql(database, "PRAGMA foreign_keys = OFF; BEGIN;" + drop +
                    "CREATE TABLE older (idx INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, mailbox TEXT NOT "
                    "NULL CHECK (mailbox != '') UNIQUE, subscribed BOOLEAN NOT NULL);"
                    "INSERT INTO older SELECT idx, 'x' || idx, subscribed FROM mailboxes;"
                    "DROP TABLE mailboxes; ALTER TABLE older RENAME TO mailboxes;"
                    "PRAGMA user_version = 0; COMMIT");
  for (std::size_t at = 0, end; (end = names.find('\n', at)) != std::string::npos; at = end + 1) {
    std::string line = names.substr(at, end - at);
    std::size_t bar = line.find('|');
    sql(database, "UPDATE mailboxes SET mailbox = replace(CAST(x'" + line.substr(bar + 1) +
                      "' AS TEXT), '/', '" + delimiter + "') WHERE idx = " + line.substr(0, bar));
  }
}

struct Hierarchical : Bed {
  explicit Hierarchical(char local = '/', char remote = '/')
      : Bed({.delimiter = local}, {.delimiter = remote}) {
    Corpus corpus(1);
    ImapClient first = alice();
    std::string deep{'a', local, 'b', local, 'c'};
    fill(first, corpus, {"INBOX", "a", deep}, 4);
    first.subscribe(deep);
    synchronise(*this);
  }
};

}  // namespace

TEST_CASE("scenario 64: the tables of a new database are the Perl program's") {
  Bed ours;
  Run run = ours.program.run();
  requireDone(run);
  CHECK(run.says("Creating new schema in database file " + ours.program.database().string()));
  CHECK(modeOf(ours.program.database()) == 0600);
  Bed perls;
  requireDone(perls.program.runWith(kPerl));
  CHECK(schema(ours.program.database()) == schema(perls.program.database()));
  CHECK(schema(ours.program.database()).starts_with("1\n"));
}

TEST_CASE("scenario 64: the mode of a file that is there stays") {
  Bed bed;
  writeFile(bed.program.database(), "", 0644);
  requireDone(bed.program.run());
  CHECK(modeOf(bed.program.database()) == 0644);
  CHECK(schema(bed.program.database()).starts_with("1\n"));
}

TEST_CASE("scenario 66: a second instance fails at once, before it talks to anybody") {
  Directory directory;
  FakeServer local({.user = "alice"}), remote;
  Relay first(local.port()), second(remote.port());
  Interimap program(directory / "program", cleartext(first.port(), "alice"), cleartext(second.port(), "bob"));
  requireDone(program.run());
  auto connections = first.connections().size() + second.connections().size();
  Locked locked(program.database());
  Run run = program.run();
  checkStatus(run, ExitStatus::tryAgain);
  CHECK(run.says("database is locked"));
  CHECK(run.wall.count() < 5);  // it waits a quarter of a second; the rest is for a busy machine
  CHECK(first.connections().size() + second.connections().size() == connections);
}

TEST_CASE("scenario 66: the Perl program and ours keep each other out") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 3, 1);
  requireDone(bed.program.run());
  // While one of the two is about to answer, the other one asks.
  for (bool perlFirst : {true, false}) {
    CAPTURE(perlFirst);
    Run second;
    bool asked = false;
    bed.local.on("LIST", 1, {.alsoAnswer = true, .meanwhile = [&](auto&) {
                               if (std::exchange(asked, true)) return;
                               second = perlFirst ? bed.program.run() : bed.program.runWith(kPerl);
                             }});
    Run first = perlFirst ? bed.program.runWith(kPerl) : bed.program.run();
    requireDone(first);
    REQUIRE(asked);
    INFO(second.log());
    CHECK(second.exitStatus != 0);
    CHECK(second.says("database is locked"));
    CHECK(second.commands("local").empty());
    bed.local.forget();
  }
}

TEST_CASE("scenario 67: a database of version 0 is brought up to date, as the Perl program does it") {
  Hierarchical bed;
  makeVersion0(bed.program.database(), "/");
  CHECK(sql(bed.program.database(), "SELECT mailbox FROM mailboxes ORDER BY 1") == "INBOX\na\na/b/c\n");
  fs::path copy = bed.directory / "version0.db";
  copyTree(bed.program.database(), copy);

  Run run = bed.program.run();
  requireDone(run);
  CHECK(run.says("Upgrading database version from 0"));
  CHECK(run.changes() == "");
  std::string ours = content(bed.program.database()), tables = schema(bed.program.database());
  checkNothingToDo(bed.program);

  fs::remove(bed.program.database());
  copyTree(copy, bed.program.database());
  Run perl = bed.program.runWith(kPerl);
  requireDone(perl);
  CHECK(perl.changes() == "");
  CHECK(content(bed.program.database()) == ours);
  CHECK(schema(bed.program.database()) == tables);
}

TEST_CASE("scenario 67: with two delimiters, a database of version 0 stays as it is") {
  Hierarchical bed('/', '.');
  makeVersion0(bed.program.database(), "/");
  std::string before = readFile(bed.program.database());
  for (int runs = 0; runs < 2; ++runs) {
    Run run = bed.program.run();
    checkStatus(run, ExitStatus::data);
    CHECK(run.says("refusing to update table"));
    CHECK(run.changes() == "");
    CHECK(readFile(bed.program.database()) == before);
  }
}

TEST_CASE("scenario 67: rows that belong to no mailbox stop the upgrade") {
  Hierarchical bed;
  makeVersion0(bed.program.database(), "/");
  sql(bed.program.database(), "PRAGMA foreign_keys = OFF; INSERT INTO mapping VALUES (4711, 1, 1)");
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(run.says("Broken referential integrity!"));
  CHECK(sql(bed.program.database(), "PRAGMA user_version") == "0\n");
}

TEST_CASE("scenario 67, W44: a database of a later version is refused and stays as it is") {
  NOT_THE_REFERENCE();
  Hierarchical bed;
  sql(bed.program.database(), "PRAGMA user_version = 2");
  std::string before = readFile(bed.program.database());
  Run run = bed.program.run();
  checkStatus(run, ExitStatus::data);
  CHECK(run.says("version 2"));
  CHECK(readFile(bed.program.database()) == before);
}

TEST_CASE("scenario 68: mod-sequences of 2^63 and above") {
  constexpr std::uint64_t kHuge = (std::uint64_t{1} << 63) + 5;
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 4, 1);
  bed.remote.access([&](auto& mailboxes) { mailboxes["INBOX"].highestModSeq = kHuge; });
  requireDone(bed.program.run());
  auto stored = [&] { return sql(bed.program.database(), "SELECT HIGHESTMODSEQ FROM remote"); };
  std::uint64_t now = 0;
  auto look = [&] {
    bed.remote.access([&](auto& mailboxes) { now = mailboxes["INBOX"].highestModSeq; });
    return std::to_string(static_cast<std::int64_t>(now)) + "\n";
  };
  CHECK(stored() == look());
  CHECK(now > kHuge);
  checkNothingToDo(bed.program);
  for (bool perl : {false, true}) {
    CAPTURE(perl);
    if (perl && isReference()) break;
    bed.remote.access([](auto& mailboxes) {
      FakeMailbox& box = mailboxes["INBOX"];
      box.setFlags(box.messages[1], {"\\Flagged"});
      box.expunge(box.messages.back().uid);
      box.setFlags(box.messages[0], box.messages[0].flags.contains("\\Seen")
                                        ? std::set<std::string>{}
                                        : std::set<std::string>{"\\Seen"});
    });
    Run run = perl ? bed.program.runWith(kPerl) : bed.program.run();
    requireDone(run);
    INFO(run.log());
    CHECK(std::ranges::any_of(run.commands("remote"), [&](const std::string& command) {
      return command.find("(QRESYNC (") != std::string::npos &&
             command.find(" " + std::to_string(now) + " ") != std::string::npos;
    }));
    CHECK(stored() == look());
    checkEqual(bed.here(), bed.there());
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("scenario 69: the largest UID") {
  constexpr std::uint32_t kLargest = std::numeric_limits<std::uint32_t>::max();
  Scripted bed;
  bed.remote.access([&](auto& mailboxes) { mailboxes["INBOX"].uidNext = kLargest - 1; });
  Scripted::add(bed.remote, "INBOX", 2, 1);
  requireDone(bed.program.run());
  checkEqual(bed.here(), bed.there());
  CHECK(bed.here().messages() == 2);
  CHECK(sql(bed.program.database(), "SELECT UIDNEXT FROM remote") == "4294967296\n");
  CHECK(sql(bed.program.database(), "SELECT max(rUID) FROM mapping") == "4294967295\n");
  Run run = bed.program.run();
  requireDone(run);
  CHECK_FALSE(run.sent("UID FETCH"));
  bed.remote.access([](auto& mailboxes) {
    FakeMailbox& box = mailboxes["INBOX"];
    box.setFlags(box.messages[1], {"\\Flagged"});
  });
  requireDone(bed.program.run());
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_CASE("a database that is a symbolic link to one beside it") {
  Scripted bed;
  Scripted::add(bed.remote, "INBOX", 2, 1);
  requireDone(bed.program.run());
  fs::rename(bed.program.database(), bed.program.database().parent_path() / "real.db");
  fs::create_symlink("real.db", bed.program.database());
  Scripted::add(bed.remote, "INBOX", 2, 3);
  requireDone(bed.program.run());
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
  CHECK(fs::is_symlink(bed.program.database()));
}

TEST_CASE("a directory that turns read-only while a run is at work") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.remote, "INBOX", 2, 1);
  requireDone(bed.program.run());
  Scripted::add(bed.remote, "INBOX", 2, 3);
  fs::path directory = bed.program.database().parent_path();
  bed.remote.on("SELECT", 1, {.octets = "", .alsoAnswer = true, .meanwhile = [&](auto&) {
                                fs::permissions(directory, fs::perms(0500));
                              }});
  Run run = bed.program.run();
  fs::permissions(directory, fs::perms(0700));
  checkStatus(run, ExitStatus::io);
  INFO(run.log());
  CHECK(run.says(bed.program.database().string()));
  bed.remote.forget();
  bed.checkRecovers();
}
