// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/run_settings.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "launch/config/account.h"
#include "launch/config/data_home.h"

using namespace interimap;

namespace {

const std::string kText =
    "max-deletions = 5%\n"
    "connections = 2\n"
    "[local]\nhost = here\nusername = a\n"
    "[remote]\nhost = there\nusername = b\npassword = x\ntype = imap\nconnections = 4\n";

RunSettings made(const Arguments& arguments, const std::string& text = kText, bool ofAncestor = false) {
  Configuration configuration = Configuration::parse(text, "f");
  return runSettings(arguments, configuration, ofAncestor);
}

}  // namespace

TEST_CASE_FIXTURE(DataHome, "settings: the errand, and what it implies") {
  using settings::Errand;
  struct {
    Arguments arguments;
    Errand errand;
    unsigned interval;
  } table[] = {
      {{}, Errand::synchronise, 0},
      {{.command = Command::repair}, Errand::repair, 0},
      {{.command = Command::adopt}, Errand::synchronise, 0},
      {{.command = Command::remove}, Errand::remove, 0},
      {{.command = Command::rename}, Errand::rename, 0},
      {{.watch = 60}, Errand::watch, 60},
      {{.watch = 900, .notify = true}, Errand::notify, 900},
  };
  for (const auto& row : table) {
    RunSettings run = made(row.arguments);
    CHECK(run.sync.errand == row.errand);
    CHECK(run.sync.adopt == (row.arguments.command == Command::adopt));
    CHECK(run.sync.interval == row.interval);
    bool watching = row.interval > 0;
    CHECK(run.local.keepAlive == watching);
    CHECK(run.remote.keepAlive == watching);
  }
}

TEST_CASE_FIXTURE(DataHome, "settings: where everything comes from") {
  RunSettings run = made({.debug = 1,
                          .onLocal = false,
                          .inDatabase = false,
                          .dryRun = true,
                          .forceDeletions = true,
                          .mailboxes = {"INBOX"}});
  CHECK(run.workers.ends_with("/libexec/interimap"));
  CHECK(run.sync.databaseDirectory == std::string(path) + "/interimap");
  CHECK(run.sync.databaseName == "there.db");
  CHECK(run.sync.of.local.name == "a@here");
  CHECK(run.sync.of.remote.name == "b@there");
  CHECK_FALSE(run.sync.onLocal);
  CHECK(run.sync.onRemote);
  CHECK_FALSE(run.sync.inDatabase);
  CHECK(run.sync.dryRun);
  CHECK(run.sync.forceDeletions);
  CHECK(run.sync.maxDeletions == settings::Share{5, true});
  CHECK(run.sync.mailboxes == std::vector<std::string>{"INBOX"});
  CHECK(run.sync.of.local.connections == 2);
  CHECK(run.sync.of.remote.connections == 4);
  CHECK(run.local.debug == 1);
  CHECK(run.remote.transport == settings::Transport::imap);
  CHECK(run.remote.password.reveal() == "x");
  CHECK(run.local.password.empty());
}

TEST_CASE_FIXTURE(DataHome, "settings: null-stderr does not hide what --debug is to show") {
  const std::string text = "null-stderr = YES\n" + kText;
  CHECK(made({}, text).local.nullStderr);
  CHECK_FALSE(made({.debug = 1}, text).local.nullStderr);
}

TEST_CASE_FIXTURE(DataHome, "settings: the ancestor's database is used where it is") {
  const std::string home = path, ours = home + "/interimap", its = home + "/imapsync";
  CHECK(made({}, kText, true).sync.databaseDirectory == ours);
  std::filesystem::create_directory(its);
  std::ofstream(its + "/there.db") << "x";
  CHECK(made({}, kText, true).sync.databaseDirectory == its);
  CHECK(made({}, kText, false).sync.databaseDirectory == ours);
  CHECK(made({}, "database = other.db\n" + kText, true).sync.databaseDirectory == ours);
  CHECK(made({}, "database = " + home + "/own/x.db\n" + kText, true).sync.databaseDirectory == home + "/own");
}
