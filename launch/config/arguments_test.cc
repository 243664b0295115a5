// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/arguments.h"

#include <doctest/doctest.h>

using namespace interimap;

namespace {

using Words = std::vector<std::string_view>;

Arguments good(const Words& words) {
  auto parsed = parseArguments(words);
  REQUIRE(std::holds_alternative<Arguments>(parsed));
  return std::get<Arguments>(parsed);
}

std::string errors(const Words& words) {
  auto parsed = parseArguments(words);
  if (!std::holds_alternative<UsageError>(parsed)) return "none";
  std::string text;
  for (const auto& line : std::get<UsageError>(parsed).lines) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("arguments: errors, as users know them") {
  struct {
    Words words;
    std::string_view lines;
  } table[] = {
      {{"--foo", "--bar=1", "INBOX"}, "Unknown option: foo\nUnknown option: bar\n"},
      {{"--conf=x"}, "Unknown option: conf\n"},
      {{"--ver"}, "Unknown option: ver\n"},
      {{"--de"}, "Unknown option: de\n"},
      {{"--Config", "x"}, "Unknown option: Config\n"},
      {{"--no-quiet"}, "Unknown option: no-quiet\n"},
      {{"-x"}, "Unknown option: x\n"},
      {{"-qx"}, "Unknown option: x\n"},
      {{"-q=1"}, "Unknown option: =\nUnknown option: 1\n"},
      {{"---"}, "Unknown option: -\n"},
      {{"--=foo"}, "Unknown option: =foo\n"},
      {{"--config"}, "Option config requires an argument\n"},
      {{"--quiet=1"}, "Option quiet does not take an argument\n"},
      {{"--debug="}, "Option debug does not take an argument\n"},
      {{"--notify=1"}, "Option notify does not take an argument\n"},
      {{"--watch=abc"}, "Value \"abc\" invalid for option watch (number expected)\n"},
      {{"--watch=0x1"}, "Value \"0x1\" invalid for option watch (number expected)\n"},
      {{"--watch=-5"}, "Value \"-5\" invalid for option watch (number expected)\n"},
      {{"--watch", "-5"}, "Value \"-5\" invalid for option watch (number expected)\n"},
      {{"--watch=99999999999999999999"},
       "Value \"99999999999999999999\" invalid for option watch (number expected)\n"},
      {{"--jobs=0", "--all"}, "Value \"0\" invalid for option jobs (1 to 10000 expected)\n"},
      {{"--jobs=10001", "--all"}, "Value \"10001\" invalid for option jobs (1 to 10000 expected)\n"},
      {{"--jobs=4x", "--all"}, "Value \"4x\" invalid for option jobs (1 to 10000 expected)\n"},
      {{"--jobs", "-4", "--all"}, "Value \"-4\" invalid for option jobs (1 to 10000 expected)\n"},
      {{"--jobs=4"}, ""},
      {{"--resume"}, ""},
      {{"--import=mutt", "f"}, "Value \"mutt\" invalid for option import (mbsync or offlineimap expected)\n"},
      {{"--import=mbsync"}, ""},
      {{"--import=mbsync", ""}, ""},
      {{"--import=mbsync", "a", "b", "c"}, ""},
      {{"--import=mbsync", "--dry-run", "a"}, ""},
      {{"--import=mbsync", "--status", "a"}, ""},
      {{"--import=mbsync", "--watch", "a"}, ""},
      {{"--import=mbsync", "--all", "a"}, ""},
      {{"--instance"}, "Option instance requires an argument\n"},
      {{"--all", "--instance=a"}, ""},
      {{"--all", "--delete", "x"}, ""},
      {{"--all", "--rename", "x", "y"}, ""},
      {{"--all", "--resume", "--repair"}, ""},
      {{"--all", "--resume", "--dry-run"}, ""},
      {{"--all", "--resume", "--watch"}, ""},
      {{"--all", "--resume", "--notify"}, ""},
      {{"--all", "--resume", "INBOX"}, ""},
      {{"--repair", "--delete", "x"}, ""},
      {{"--delete"}, ""},
      {{"--rename", "a"}, ""},
      {{"--rename", "a", "b", "c"}, ""},
      {{"--repair", "--watch"}, ""},
      {{"--status", "--watch"}, ""},
      {{"--status", "--repair"}, ""},
      {{"--status", "--dry-run"}, ""},
      {{"--status", "INBOX"}, ""},
      {{"--adopt", "--repair"}, ""},
      {{"--adopt", "--notify"}, ""},
      {{"--target=local", "--adopt"}, ""},
      {{"--delete", "--notify", "x"}, ""},
      {{"--target=local"}, ""},
      {{"--target=local", "--repair"}, ""},
      {{"--target=nowhere", "--delete", "x"}, "Invalid target nowhere\n"},
      {{""}, "Invalid mailbox name \n"},
      {{"caf\xE9"}, "Invalid mailbox name caf\xE9\n"},
      {{"--dry-run", "--watch"}, ""},
      {{"--dry-run", "--notify"}, ""},
      {{"--force-deletions", "--rename", "a", "b"}, ""},
      {{"--dry-run=yes"}, "Option dry-run does not take an argument\n"},
      {{"--progress"}, "Option progress requires an argument\n"},
      {{"--progress=yes"},
       "Value \"yes\" invalid for option progress (auto, always, never or mailboxes expected)\n"},
      {{"--log-format="}, "Value \"\" invalid for option log-format (text or json expected)\n"},
      {{"--help", "--foo"}, "Unknown option: foo\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.words);
    CHECK(errors(row.words) == row.lines);
  }
}

TEST_CASE("arguments: options end at the first mailbox, or at --") {
  CHECK(good({"INBOX", "--quiet"}).mailboxes == std::vector<std::string>{"INBOX", "--quiet"});
  CHECK(good({"--quiet", "--", "--debug"}).mailboxes == std::vector<std::string>{"--debug"});
  CHECK(good({"-"}).mailboxes == std::vector<std::string>{"-"});
  CHECK(good({"--config", "--quiet"}).config == "--quiet");
  CHECK(good({"--config", "--"}).config == "--");
  CHECK(good({"--config=a", "--config=b=c"}).config == "b=c");
  CHECK(good({"--config="}).config == "");
  CHECK(good({}).config == "config");
}

TEST_CASE("arguments: flags") {
  CHECK(good({"-qqq"}).quiet);
  CHECK(good({"-qh"}).help);
  CHECK(good({"--help", "--repair", "--delete"}).help);  // before it is asked whether the rest makes sense
  CHECK(good({"--version", "x"}).version);
  CHECK(good({}).debug == 0);
  CHECK(good({"--debug"}).debug == 1);
  CHECK(good({"--debug", "--debug", "--debug"}).debug == 2);
}

TEST_CASE("arguments: commands and targets") {
  CHECK(good({}).command == Command::synchronise);
  CHECK(good({"--repair"}).command == Command::repair);
  CHECK(good({"--status"}).command == Command::status);
  CHECK(good({"--adopt", "a"}).command == Command::adopt);
  CHECK(good({"--adopt", "message-id"}).mailboxes == std::vector<std::string>{"message-id"});
  CHECK_FALSE(good({"--adopt", "a"}).adoptByMessageId);
  CHECK(good({"--adopt=message-id", "a"}).command == Command::adopt);
  CHECK(good({"--adopt=message-id", "a"}).adoptByMessageId);
  CHECK(good({"--repair", "--repair"}).command == Command::repair);
  CHECK(good({"--delete", "x"}).command == Command::remove);
  CHECK(good({"--rename", "a", "b"}).command == Command::rename);
}

TEST_CASE("arguments: targets") {
  struct {
    Words targets;
    bool local, remote, database;
  } table[] = {
      {{}, true, true, true},
      {{"--target=local,remote,", "--target", "database"}, true, true, true},
      {{"--target=local"}, true, false, false},
      {{"--target=database", "--target=remote"}, false, true, true},
      {{"--target="}, false, false, false},
  };
  for (const auto& row : table) {
    CAPTURE(row.targets);
    Words words = row.targets;
    words.insert(words.end(), {"--delete", "x"});
    Arguments arguments = good(words);
    CHECK(arguments.onLocal == row.local);
    CHECK(arguments.onRemote == row.remote);
    CHECK(arguments.inDatabase == row.database);
  }
}

TEST_CASE("arguments: what the Perl program did not have") {
  CHECK_FALSE(good({}).dryRun);
  CHECK(good({"--dry-run", "--repair"}).dryRun);
  CHECK(good({"--dry-run", "--adopt"}).dryRun);
  CHECK(good({"--dry-run", "--delete", "x"}).dryRun);
  CHECK(good({"--force-deletions", "--watch"}).forceDeletions);
  CHECK(good({}).progress == ShowProgress::automatic);
  CHECK(good({"--progress=always", "--progress", "auto"}).progress == ShowProgress::automatic);
  CHECK(good({"--progress=always"}).progress == ShowProgress::always);
  CHECK(good({"--progress", "never"}).progress == ShowProgress::never);
  CHECK(good({"--progress=mailboxes"}).progress == ShowProgress::mailboxes);
  CHECK_FALSE(good({"--log-format=text"}).json);
  CHECK(good({"--log-format=json"}).json);
}

TEST_CASE("arguments: intervals") {
  struct {
    Words words;
    std::optional<unsigned> watch;
    std::size_t mailboxes;
  } table[] = {
      {{}, std::nullopt, 0},
      {{"--watch"}, 60, 0},
      {{"--watch="}, 60, 0},
      {{"--watch=0"}, 60, 0},
      {{"--watch", "5"}, 5, 0},
      {{"--watch=007"}, 7, 0},
      {{"--watch=+5"}, 5, 0},
      {{"--watch", "foo"}, 60, 1},
      {{"--watch", "1.5"}, 60, 1},
      {{"--watch", "--", "5"}, 60, 1},
      {{"--notify"}, 900, 0},
      {{"--notify", "--watch"}, 900, 0},
      {{"--watch=30", "--notify"}, 30, 0},
      {{"--watch=5", "--watch=6"}, 6, 0},
  };
  for (const auto& row : table) {
    CAPTURE(row.words);
    Arguments arguments = good(row.words);
    CHECK(arguments.watch == row.watch);
    CHECK(arguments.mailboxes.size() == row.mailboxes);
  }
}

TEST_CASE("arguments: mailbox names") {
  struct {
    std::string_view word;
    std::optional<std::string> name;
  } table[] = {
      {"inbox", "INBOX"},
      {"InBoX", "INBOX"},
      {"inbox/sub", "inbox/sub"},
      {"Entw&APw-rfe", "Entw&APw-rfe"},
      {"Tom & Jerry", "Tom & Jerry"},  // US-ASCII: verbatim
      {"Entw\xC3\xBCrfe", "Entw&APw-rfe"},
      {"T\xC3\xBCr & Tor", "T&APw-r &- Tor"},
      {"*", "*"},
      {"a%", "a%"},
      {"", std::nullopt},
      {"\xE9", std::nullopt},
  };
  for (const auto& row : table) {
    CAPTURE(row.word);
    CHECK(mailboxArgument(row.word) == row.name);
  }
}

TEST_CASE("arguments: another program's configuration") {
  Arguments one = good({"--import", "mbsync", "a/\xE9"});
  CHECK(one.origin == Origin::mbsync);
  CHECK(one.importFile == "a/\xE9");
  CHECK(one.importName == "");
  Arguments two = good({"--import=offlineimap", "inbox", "work"});
  CHECK(two.origin == Origin::offlineImap);
  CHECK(two.importFile == "inbox");
  CHECK(two.importName == "work");
}

TEST_CASE("arguments: many accounts") {
  Arguments one = good({"--instance=alice", "--status"});
  CHECK(one.instance == "alice");
  CHECK_FALSE(one.all);
  Arguments all = good({"--all", "--jobs=8", "--notify", "INBOX"});
  CHECK(all.all);
  CHECK(all.jobs == 8);
  CHECK_FALSE(all.resume);
  Arguments rest = good({"--resume", "--all"});
  CHECK(rest.resume);
  CHECK(rest.jobs == 4);
  for (const Words& words :
       {Words{"--all", "--status"}, Words{"--all", "--check"}, Words{"--all", "--repair"},
        Words{"--all", "--adopt"}, Words{"--all", "--dry-run"}})
    CHECK(good(words).all);
}
