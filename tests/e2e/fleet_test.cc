// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Many accounts from one template and a list: --all and --instance.
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <ctime>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using namespace std::chrono_literals;
using interimap::ExitStatus;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// Users of the same names on both servers.
struct FleetBed : Bed {
  explicit FleetBed(const std::string& more = "accounts = accounts\n") { configureAs(more, "%{password}"); }

  void configureAs(const std::string& more, const std::string& password) {
    auto section = [&](std::uint16_t port) {
      return "type = imap\nhost = 127.0.0.1\nport = " + std::to_string(port) +
             "\nSTARTTLS = NO\nusername = %i\npassword = " + password + "\n";
    };
    program.configure(more + "[local]\n" + section(local.imap()) + "[remote]\n" + section(remote.imap()));
  }

  fs::path database(const std::string& user) const {
    return directory / "program/data/interimap" / user / "state.db";
  }
  fs::path listFile() const { return directory / "program/config/interimap/accounts"; }
  void list(const std::string& text, mode_t mode = 0600) const { writeFile(listFile(), text, mode); }
  // Those whose password is not the right one are named.
  void listUsers(const std::vector<std::string>& users, const std::vector<std::string>& wrong = {}) const {
    std::string text = "name;password\n";
    for (const std::string& user : users)
      text += user + (std::ranges::find(wrong, user) == wrong.end() ? ";sekrit\n" : ";wr0ng\n");
    list(text);
  }

  void checkEqualFor(const std::string& user) const {
    CAPTURE(user);
    checkEqual(Snapshot::of(local.client(user)), Snapshot::of(remote.client(user)));
  }
  std::size_t messages(const std::string& user) const { return Snapshot::of(remote.client(user)).messages(); }
};

std::vector<std::string> users(int count) {
  std::vector<std::string> all;
  for (int i = 1; i <= count; ++i) all.push_back((i < 10 ? "u0" : "u") + std::to_string(i));
  return all;
}

// Some mail on each side.
void fillAll(const FleetBed& bed, const std::vector<std::string>& all, std::size_t messages) {
  unsigned seed = 1;
  for (const std::string& user : all) {
    Corpus corpus(seed++);
    ImapClient here = bed.local.client(user), there = bed.remote.client(user);
    fill(here, corpus, {"INBOX", "work"}, messages);
    fill(there, corpus, {"INBOX"}, messages);
  }
}

}  // namespace

TEST_CASE(
    "fleet: two wrong passwords and a locked database stop none of the others; then the rest is resumed") {
  NOT_THE_REFERENCE();
  FleetBed bed;
  const auto all = users(12);
  bed.listUsers(all, {"u03", "u07"});
  requireDone(bed.program.run({"--instance=u05"}));
  fillAll(bed, all, 2);
  Run run;
  {
    Locked locked(bed.database("u05"));
    run = bed.program.run({"--all", "--jobs=4"});
  }
  checkStatus(run, ExitStatus::data);
  INFO(run.output);
  INFO(run.log());
  CHECK(run.output.starts_with("12 accounts: 9 done, 3 failed\n  u03  77  "));
  CHECK(run.output.find("\n  u05  75  ") != std::string::npos);
  CHECK(run.output.find(" (3 attempts)\n  u07  77  ") != std::string::npos);
  CHECK(count(run.output, "\n") == 4);
  CHECK(count(run.log(), ": Done in ") == 9);
  CHECK(run.says("u05: WARNING: ended with status 75; will be tried again: "));
  CHECK(run.says("u01: local(INBOX): "));
  for (const std::string& user : all) {
    CAPTURE(user);
    const bool failed = user == "u03" || user == "u05" || user == "u07";
    if (!failed) bed.checkEqualFor(user);
    CHECK((failed || fs::exists(bed.database(user))));
  }

  bed.listUsers(all);
  Run rest = bed.program.run({"--all", "--resume", "--log-format=json"});
  checkStatus(rest, ExitStatus::ok);
  INFO(rest.output);
  CHECK(rest.output.find(R"("done":3,"doneBefore":9,"failed":0,"left":0,"exitStatus":0})") !=
        std::string::npos);
  CHECK(rest.says(R"("instance":"u07","component":"local","mailbox":"INBOX")"));
  for (const std::string& user : all) bed.checkEqualFor(user);
  Run nothing = bed.program.run({"--all", "--resume"});
  checkStatus(nothing, ExitStatus::ok);
  CHECK(nothing.says("12 accounts: 0 done, 12 done before"));
  Run again = bed.program.run({"--all", "--quiet"});
  checkStatus(again, ExitStatus::ok);
  CHECK(again.output + again.log() == "");
}

TEST_CASE("fleet: killed in the middle and resumed, all are equal, and nothing is doubled") {
  NOT_THE_REFERENCE();
  FleetBed bed;
  const auto all = users(12);
  bed.listUsers(all);
  fillAll(bed, all, 15);
  auto log = [&] { return readFile(bed.program.directory() / "stderr"); };
  std::size_t before = 0;
  for (std::size_t atLeast : {2u, 5u}) {
    BackgroundProcess process = bed.program.runInBackground({"--all", "--jobs=3", "--resume"});
    REQUIRE(eventually([&] { return count(log(), ": Done in ") >= atLeast; }));
    SUBCASE("all at once") { process.end(); }
    SUBCASE("the supervisor alone") {
      process.signal(SIGKILL);
      process.wait(10s);
    }
    before = count(log(), ": Done in ");
  }
  // Those that were told to stop by its end hold their databases for a moment.
  Run run = bed.program.run({"--all", "--resume"});
  checkStatus(run, ExitStatus::ok);
  INFO(run.log());
  CHECK(count(run.log(), ": Done in ") <= all.size() - before);
  for (const std::string& user : all) bed.checkEqualFor(user);
}

TEST_CASE("fleet: signals end all of it in order; what is left is told") {
  NOT_THE_REFERENCE();
  FleetBed bed;
  const auto all = users(6);
  bed.listUsers(all);
  fillAll(bed, all, 40);
  auto log = [&] { return readFile(bed.program.directory() / "stderr"); };
  int number = 0, status = 0;
  SUBCASE("SIGTERM") { number = SIGTERM, status = 75; }
  SUBCASE("SIGINT") { number = SIGINT, status = 1; }
  BackgroundProcess process = bed.program.runInBackground({"--all", "--jobs=2"});
  REQUIRE(eventually([&] { return log().find("local(INBOX): ") != std::string::npos; }));
  process.signal(number);
  Outcome outcome = process.wait(30s);
  INFO(log());
  CHECK(outcome.exitStatus == status);
  CHECK(log().find(" left") != std::string::npos);
  CHECK(log().find("killed by") == std::string::npos);
  requireDone(bed.program.run({"--all", "--resume"}));
  for (const std::string& user : all) bed.checkEqualFor(user);
}

TEST_CASE("fleet: one instance of the list, of a command, and of neither") {
  NOT_THE_REFERENCE();
  FleetBed bed;
  bed.listUsers({"u01", "u02"});
  fillAll(bed, {"u01", "u02"}, 2);
  SUBCASE("the list") {}
  SUBCASE("a command") {
    bed.configureAs("accounts-command = printf '%s\\n' u01 u02\n", "sekrit");
    fs::remove(bed.listFile());
  }
  SUBCASE("a name alone") {
    bed.configureAs("", "sekrit");
    fs::remove(bed.listFile());
  }
  Run run = bed.program.run({"--instance=u01"});
  requireDone(run);
  CHECK(run.says("u01: local(INBOX): "));
  bed.checkEqualFor("u01");
  CHECK(bed.messages("u02") == 2);
  CHECK(fs::exists(bed.database("u01")));
  CHECK_FALSE(fs::exists(bed.database("u02")));
  checkStatus(bed.program.run({"--instance=u01", "--status"}), ExitStatus::ok);
  checkStatus(bed.program.run({"--instance=../u01"}), ExitStatus::usage);
}

TEST_CASE("fleet: what is wrong with a list or a template is said once, with its line") {
  NOT_THE_REFERENCE();
  FleetBed bed;
  const std::string l = bed.listFile(), f = bed.listFile().parent_path() / "config";
  std::vector<std::string> arguments = {"--all"};
  std::string error;
  bed.listUsers({"u01", "u02"});
  SUBCASE("two equal names") {
    bed.list("name;password\na;b\na;c\n");
    error = l + ":3: the account a is there twice, first in line 2";
  }
  SUBCASE("an empty list") {
    bed.list("name;password\n");
    error = l + ": there is no account in it";
  }
  SUBCASE("a column that is missing") {
    bed.list("name;user\nu01;u01\n");
    error = f + ":8: Invalid option password: there is no such column in " + l + ", but name, user";
  }
  SUBCASE("a line with a control character") {
    bed.list("name;password\nu01;sek\rrit\n");
    error = l + ":2: a control character is in it";
  }
  SUBCASE("no such list") {
    fs::remove(l);
    error = "No such list of accounts " + l;
  }
  SUBCASE("a list with passwords that anybody can read") {
    bed.list("name;password\nu01;sekrit\n", 0644);
    error = l + " holds a password and can be read by anybody; run: chmod 600 " + l;
  }
  SUBCASE("neither a list nor a command") {
    bed.configureAs("", "%{password}");
    error = f + ": Missing option accounts or accounts-command";
  }
  SUBCASE("both") {
    bed.configureAs("accounts = accounts\naccounts-command = echo u01\n", "x");
    error = f + ":2: accounts and accounts-command exclude each other";
  }
  SUBCASE("one database for all") {
    bed.configureAs("accounts = accounts\ndatabase = all.db\n", "x");
    error = f + ":2: Invalid option database: without %i all accounts had the same one";
  }
  SUBCASE("a password with a percent sign") {
    bed.configureAs("accounts = accounts\n", "s3cret%");
    error = f +
            ":8: Invalid option password: a % is %%, unless it stands for something of the account: %i, %u, "
            "%h, %{COLUMN}";
  }
  SUBCASE("many accounts, and none is named") {
    arguments = {};
    error = f + ": a configuration of many accounts; add --all, or --instance=NAME for one of them";
  }
  SUBCASE("no such account") {
    arguments = {"--instance=u03"};
    error = "There is no account u03 in " + l;
  }
  Run run = bed.program.run(arguments);
  checkStatus(run, ExitStatus::config);
  CHECK(run.log() == error + "\n");
  CHECK(run.output == "");
}

TEST_CASE("fleet: the sample of a template is one") {
  NOT_THE_REFERENCE();
  FleetBed bed;
  const std::string sample = readFile("dist/interimap-all.sample");
  REQUIRE(sample != "");
  writeFile(bed.listFile().parent_path() / "all", sample);
  writeFile(bed.listFile().parent_path() / "all.list",
            "name;user;host\nalice;alice@example.org;h\nbob;b;h\n");
  Run run = bed.program.run({"--config=all", "--all", "--status"});
  checkStatus(run, ExitStatus::ok);
  INFO(run.output);
  CHECK(count(run.output, ": Nothing has been done yet: there is no ") == 2);
}

TEST_CASE("metrics: of each account a file, whose totals go on") {
  NOT_THE_REFERENCE();
  FleetBed bed;
  const fs::path place = makeDirectory(bed.directory / "metrics");
  bed.configureAs("accounts = accounts\nmetrics = " + place.string() + "/%i.prom\n", "%{password}");
  bed.listUsers({"u01", "u02"}, {"u02"});
  auto value = [&](const std::string& user, const std::string& name, const std::string& label = "") {
    const std::string text = readFile(place / (user + ".prom"));
    const std::string series = "\ninterimap_" + name + "{account=\"" + user + "\"" + label + "} ";
    auto at = text.find(series);
    if (at == text.npos) return std::string("none");
    at += series.size();
    return text.substr(at, text.find('\n', at) - at);
  };
  unsigned seed = 1;
  auto append = [&](std::size_t count) {
    Corpus corpus(seed++);
    bed.local.client("u01").append("INBOX", corpus.smallMessages(count));
  };
  append(3);
  CHECK(bed.program.run({"--all", "--dry-run"}).exitStatus == 65);
  CHECK(value("u01", "mailboxes") == "none");
  const auto began = time(nullptr);
  checkStatus(bed.program.run({"--all"}), ExitStatus::data);
  CHECK(value("u01", "last_run_exit_status") == "0");
  CHECK(value("u01", "messages_copied_total", ",to=\"remote\"") == "3");
  CHECK(value("u01", "waiting") == "0");
  const std::string success = value("u01", "last_success_timestamp_seconds");
  REQUIRE(success != "none");
  CHECK(std::stoll(success) >= began);
  CHECK(value("u02", "last_run_exit_status") == "77");
  CHECK(value("u02", "last_success_timestamp_seconds") == "none");

  BackgroundProcess process = bed.program.runInBackground({"--all", "--notify"});
  CHECK(eventually([&] { return value("u01", "waiting") == "1"; }));
  append(2);
  CHECK(eventually([&] { return value("u01", "messages_copied_total", ",to=\"remote\"") == "5"; }));
  process.signal(SIGTERM);
  CHECK(process.wait(30s).exitStatus == 0);
  CHECK(value("u01", "waiting") == "0");
  CHECK(value("u01", "messages_copied_total", ",to=\"remote\"") == "5");
  fs::permissions(place, fs::perms(0500));
  Run unwritten = bed.program.run({"--instance=u01"});
  requireDone(unwritten);
  CHECK(unwritten.says("u01: WARNING: Can't write " + place.string() + "/u01.prom: Permission denied"));
  fs::permissions(place, fs::perms(0700));
}

TEST_CASE("fleet: what is wrong with one account is that account's") {
  NOT_THE_REFERENCE();
  FleetBed bed;
  bed.configureAs("accounts = accounts\n", "sekrit\ncommand = %u");
  std::string list = "u01;$(exit)\nu02;x\nu03;y\n";
  SUBCASE("the first") {}
  SUBCASE("the last") { list = "u02;x\nu03;y\nu01;$(exit)\n"; }
  bed.list(list);
  Run run = bed.program.run({"--all"});
  checkStatus(run, ExitStatus::data);
  INFO(run.output);
  CHECK(run.output.starts_with("3 accounts: 2 done, 1 failed\n  u01  78  "));
  CHECK(run.says("u01: ERROR: "));
  Run rest = bed.program.run({"--all", "--resume"});
  checkStatus(rest, ExitStatus::data);
  CHECK(rest.output.starts_with("3 accounts: 0 done, 2 done before, 1 failed\n  u01  78  "));
}

TEST_CASE("fleet: --status, --check and --dry-run of all accounts") {
  NOT_THE_REFERENCE();
  FleetBed bed("accounts-command = printf '%s\\n' u01 u02\n");
  bed.configureAs("accounts-command = printf '%s\\n' u01 u02\n", "sekrit");
  fillAll(bed, {"u01", "u02"}, 2);
  Run dry = bed.program.run({"--all", "--dry-run"});
  checkStatus(dry, ExitStatus::ok);
  CHECK_FALSE(fs::exists(bed.database("u01")));
  requireDone(bed.program.run({"--instance=u01"}));
  Run status = bed.program.run({"--all", "--status", "--jobs=1"});
  checkStatus(status, ExitStatus::ok);
  INFO(status.output);
  CHECK(
      status.output.starts_with("u01: In all: 2 mailboxes, 6 messages paired, 0 not, 0 on their way; 0 held "
                                "back; last successful run "));
  CHECK(status.output.find("\nu02: Nothing has been done yet: there is no ") != std::string::npos);
  CHECK(count(status.output, "\n") == 2);
  Run json = bed.program.run({"--all", "--status", "--log-format=json"});
  CHECK(json.output.find(R"({"instance":"u01","findings":[{)") != std::string::npos);
  CHECK(json.output.find(R"({"accounts":[{"instance":"u01","exitStatus":0,)") != std::string::npos);
  Run check = bed.program.run({"--all", "--check"});
  checkStatus(check, ExitStatus::ok);
  INFO(check.output);
  for (const char* user : {"u01", "u02"})
    CHECK(check.output.find(std::string(user) + ": ok: remote: Logged in as " + user) != std::string::npos);
}

TEST_CASE("fleet: --notify of all accounts, which appear and vanish with the list") {
  NOT_THE_REFERENCE();
  FleetBed bed;
  bed.listUsers({"u01", "u02", "u03"}, {"u03"});
  BackgroundProcess process = bed.program.runInBackground({"--all", "--notify", "--jobs=1"});
  auto log = [&] { return readFile(bed.program.directory() / "stderr"); };
  unsigned seed = 1;
  auto arrives = [&](const std::string& user) {
    Corpus corpus(seed++);
    const std::size_t before = bed.messages(user);
    bed.local.client(user).append("INBOX", corpus.smallMessages(1));
    return eventually([&] { return bed.messages(user) == before + 1; });
  };
  INFO(log());
  CHECK(arrives("u01"));
  CHECK(arrives("u02"));
  CHECK(eventually([&] { return log().find("u03: ERROR: ended with status 77: ") != std::string::npos; }));

  bed.listUsers({"u02", "u03", "u04"});  // u01 goes, u03 has another password, u04 comes
  SUBCASE("seen by itself") {}
  SUBCASE("and told") { process.signal(SIGHUP); }
  CHECK(arrives("u04"));
  CHECK(arrives("u03"));
  CHECK(arrives("u02"));
  CHECK(log().find("u01: Is not in the list of accounts any more") != std::string::npos);
  CHECK(count(log(), "u02: ") ==
        count(log(), "u02: local") + count(log(), "u02: remote") + count(log(), "u02: database"));
  CHECK(eventually([&] { return log().find("u01: remote: IMAP traffic ") != std::string::npos; }));

  bed.list("name;password\nu02\n");
  CHECK(eventually(
      [&] { return log().find("The list that was read before still counts") != std::string::npos; }));
  CHECK(arrives("u02"));
  process.signal(SIGTERM);
  CHECK(process.wait(30s).exitStatus == 0);
  INFO(log());
  CHECK(log().find("killed by") == std::string::npos);
}
