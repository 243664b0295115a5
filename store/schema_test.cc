// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "store/schema.h"

#include <doctest/doctest.h>

#include "store/scratch.h"
#include "store/store.h"

using namespace interimap;
using namespace interimap::store;

namespace {

// Version 0 differs from version 1 in one word.
constexpr const char* kAncestor =
    "CREATE TABLE mailboxes (idx INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, mailbox TEXT NOT NULL CHECK "
    "(mailbox != '') UNIQUE, subscribed BOOLEAN NOT NULL);"
    "CREATE TABLE local (idx INTEGER NOT NULL PRIMARY KEY REFERENCES mailboxes(idx), UIDVALIDITY UNSIGNED "
    "INT "
    "NOT NULL CHECK (UIDVALIDITY > 0), UIDNEXT UNSIGNED INT NOT NULL, HIGHESTMODSEQ UNSIGNED BIGINT NOT "
    "NULL);"
    "CREATE TABLE remote (idx INTEGER NOT NULL PRIMARY KEY REFERENCES mailboxes(idx), UIDVALIDITY UNSIGNED "
    "INT "
    "NOT NULL CHECK (UIDVALIDITY > 0), UIDNEXT UNSIGNED INT NOT NULL, HIGHESTMODSEQ UNSIGNED BIGINT NOT "
    "NULL);"
    "CREATE TABLE mapping (idx INTEGER NOT NULL REFERENCES mailboxes(idx), lUID UNSIGNED INT NOT NULL CHECK "
    "(lUID > 0), rUID UNSIGNED INT NOT NULL CHECK (rUID > 0), PRIMARY KEY (idx,lUID), UNIQUE (idx,rUID));"
    "INSERT INTO mailboxes VALUES (1,'INBOX',1),(3,'a.b/c.d',0);"
    "INSERT INTO local VALUES (3,7,10,-5);INSERT INTO remote VALUES (3,8,20,6);"
    "INSERT INTO mapping VALUES (3,1,2),(3,5,4);";

void createNew(const Scratch& scratch) { Store(scratch.path(), "db", true).createSchema(); }

}  // namespace

// What `PRAGMA` says of a database made by interimap 0.5.7.
TEST_CASE("the reference's tables are as it makes them") {
  Scratch scratch;
  createNew(scratch);
  const std::string side =
      "0|idx|INTEGER|1||1\n"
      "1|UIDVALIDITY|UNSIGNED INT|1||0\n"
      "2|UIDNEXT|UNSIGNED INT|1||0\n"
      "3|HIGHESTMODSEQ|UNSIGNED BIGINT|1||0\n"
      "0|0|mailboxes|idx|idx|NO ACTION|NO ACTION|NONE\n";
  struct {
    const char* pragmas;
    std::string expected;
  } table[] = {
      {"PRAGMA user_version; PRAGMA journal_mode; PRAGMA encoding; PRAGMA auto_vacuum;",
       "1\ndelete\nUTF-8\n0\n"},
      {"PRAGMA table_info(mailboxes); PRAGMA index_list(mailboxes); PRAGMA foreign_key_list(mailboxes);",
       "0|idx|INTEGER|1||1\n"
       "1|mailbox|BLOB|1||0\n"
       "2|subscribed|BOOLEAN|1||0\n"
       "0|sqlite_autoindex_mailboxes_1|1|u|0\n"},
      {"PRAGMA table_info(local); PRAGMA foreign_key_list(local); PRAGMA index_list(local);", side},
      {"PRAGMA table_info(remote); PRAGMA foreign_key_list(remote); PRAGMA index_list(remote);", side},
      {"PRAGMA table_info(mapping); PRAGMA foreign_key_list(mapping); PRAGMA index_list(mapping);",
       "0|idx|INTEGER|1||1\n"
       "1|lUID|UNSIGNED INT|1||2\n"
       "2|rUID|UNSIGNED INT|1||0\n"
       "0|0|mailboxes|idx|idx|NO ACTION|NO ACTION|NONE\n"
       "0|sqlite_autoindex_mapping_2|1|u|0\n"
       "1|sqlite_autoindex_mapping_1|1|pk|0\n"},
      {"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'ours!_%' ESCAPE '!' ORDER BY "
       "1;",
       "local\nmailboxes\nmapping\nremote\nsqlite_sequence\n"},
      {"SELECT count(*) FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%';", "1\n"},
      {"SELECT count(*) FROM sqlite_master WHERE name LIKE 'ours!_%' ESCAPE '!' AND sql LIKE '%REFERENCES%';",
       "0\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.pragmas);
    CHECK(scratch.sql(row.pragmas) == row.expected);
  }
}

TEST_CASE("the constraints of the reference hold") {
  Scratch scratch;
  createNew(scratch);
  scratch.sql("INSERT INTO mailboxes VALUES (1,x'61',0); INSERT INTO mapping VALUES (1,1,1);");
  for (const char* refused : {
           "INSERT INTO mailboxes VALUES (2,x'61',0)",
           "INSERT INTO mailboxes VALUES (2,'',0)",
           "INSERT INTO mailboxes VALUES (2,NULL,0)",
           "INSERT INTO mailboxes VALUES (2,x'62',NULL)",
           "INSERT INTO local VALUES (1,0,1,1)",
           "INSERT INTO remote VALUES (1,0,1,1)",
           "INSERT INTO local VALUES (1,1,NULL,1)",
           "INSERT INTO mapping VALUES (1,0,2)",
           "INSERT INTO mapping VALUES (1,2,0)",
           "INSERT INTO mapping VALUES (1,1,2)",
           "INSERT INTO mapping VALUES (1,2,1)",
           "PRAGMA foreign_keys = ON; INSERT INTO local VALUES (9,1,1,1)",
           "PRAGMA foreign_keys = ON; INSERT INTO mapping VALUES (9,1,1)",
       }) {
    CAPTURE(refused);
    CHECK(scratch.sql(refused).find("constraint failed") != std::string::npos);
  }
}

TEST_CASE("a new database is empty of tables") {
  Scratch scratch;
  {
    Store store(scratch.path(), "db", true);
    CHECK(store.isNew());
    CHECK(store.version() == 0);
  }
  Store store(scratch.path(), "db", false);
  CHECK(store.isNew());
  store.createSchema();
  CHECK_FALSE(store.isNew());
  CHECK(store.version() == 1);
  CHECK(store.mailboxes().empty());
  CHECK(store.check() == "ok");
  CHECK_THROWS_AS(store.createSchema(), std::logic_error);
  CHECK_THROWS_AS(store.migrate('/'), std::logic_error);
}

TEST_CASE("what is not ours is refused and stays as it is") {
  struct {
    const char *sql, *says;
  } table[] = {
      {"CREATE TABLE bookmarks(url); INSERT INTO bookmarks VALUES (1)", "not a database of interimap"},
      {"CREATE TABLE mailboxes(idx, mailbox, subscribed)", "there is no local.idx"},
      {"PRAGMA user_version = 2", "database version 2 is not known"},
      {"PRAGMA user_version = -1", "database version -1 is not known"},
      {"PRAGMA user_version = 1", "not a database of interimap"},
      {"PRAGMA journal_mode = WAL; CREATE TABLE bookmarks(url)", "not a database of interimap"},
      {"CREATE VIEW mailboxes AS SELECT 1 AS idx", "not a database of interimap"},
  };
  for (const auto& row : table) {
    CAPTURE(row.sql);
    Scratch scratch;
    scratch.sql(row.sql);
    std::string before = scratch.run("cksum db");
    try {
      Store store(scratch.path(), "db", true);
      CHECK_MESSAGE(false, "opened");
    } catch (const Failure& failure) {
      CHECK(failure.status == ExitStatus::data);
      CHECK(std::string(failure.what()).find(row.says) != std::string::npos);
    }
    CHECK(scratch.run("cksum db") == before);
  }
}

TEST_CASE("version 0 is migrated") {
  struct {
    std::optional<char> delimiter;
    std::string name;
  } table[] = {
      {'.', std::string("a\0b/c\0d", 7)}, {'/', std::string("a.b\0c.d", 7)}, {std::nullopt, "a.b/c.d"}};
  for (const auto& row : table) {
    CAPTURE(row.name);
    Scratch scratch;
    scratch.sql(kAncestor);
    {
      Store store(scratch.path(), "db", false);
      CHECK_FALSE(store.isNew());
      REQUIRE(store.version() == 0);
      store.migrate(row.delimiter);
      CHECK(store.version() == 1);
      auto mailboxes = store.mailboxes();
      REQUIRE(mailboxes.size() == 2);
      CHECK(mailboxes[0].name == mailbox("INBOX"));
      CHECK(mailboxes[0].subscribed);
      CHECK(mailboxes[1].name == mailbox(row.name));
      CHECK(mailboxes[1].id == MailboxId{3});
      CHECK_FALSE(mailboxes[1].subscribed);
      CHECK(store.partner(MailboxId{3}, Side::local, uid(5)) == uid(4));
      CHECK(store.state(MailboxId{3}, Side::local)->highestModSeq == ModSeq{0xfffffffffffffffbU});
      CHECK(store.check() == "ok");
      CHECK(store.hasBase(MailboxId{3}) == false);
    }
    CHECK(scratch.sql("PRAGMA user_version; SELECT count(*) FROM mailboxes WHERE typeof(mailbox) != 'blob'; "
                      "SELECT type FROM pragma_table_info('mailboxes') WHERE name = 'mailbox'; "
                      "SELECT DISTINCT \\\"table\\\" FROM pragma_foreign_key_list('mapping');") ==
          "1\n0\nBLOB\nmailboxes\n");
    Store again(scratch.path(), "db", false);
    CHECK(again.version() == 1);
  }
}

TEST_CASE("a migration that cannot be done changes nothing") {
  Scratch scratch;
  scratch.sql(std::string(kAncestor) + "INSERT INTO mapping VALUES (99,1,1)");
  std::string before = scratch.sql(".dump");
  {
    Store store(scratch.path(), "db", false);
    try {
      store.migrate('/');
      CHECK_MESSAGE(false, "migrated");
    } catch (const Failure& failure) {
      CHECK(failure.status == ExitStatus::data);
      CHECK(std::string(failure.what()).find("Broken referential integrity!") != std::string::npos);
    }
    CHECK(store.version() == 0);
  }
  CHECK(scratch.sql(".dump") == before);
}
