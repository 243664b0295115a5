// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 1 to 16 and 65: command line and configuration, as users of the Perl program know
// them. Then what it did not have.
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <regex>
#include <sstream>
#include <thread>

#include "tests/e2e/bed.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/port.h"

using namespace interimap::bed;
using namespace std::chrono_literals;
using interimap::ExitStatus;

namespace {

using Words = std::vector<std::string>;

// A configuration that is good, for accounts that are not.
struct NoServers {
  Directory directory;
  Interimap program{directory / "program", tunnel("exec false"), tunnel("exec false")};

  fs::path config() const { return program.directory() / "config/interimap/config"; }
  fs::path data() const { return program.directory() / "data/interimap"; }
};

// Two servers whose users have such passwords as a test wants.
struct Fakes {
  Directory directory;
  FakeServer local, remote;
  Interimap program{directory / "program", cleartext(local.port(), "alice"), cleartext(remote.port(), "bob")};

  explicit Fakes(const std::string& localUser = "alice", const std::string& localPassword = "sekrit",
                 const std::string& remotePassword = "sekrit")
      : local({.user = localUser, .password = localPassword}), remote({.password = remotePassword}) {}

  static std::string account(const FakeServer& server) {
    return "type = imap\nSTARTTLS = NO\nhost = 127.0.0.1\nport = " + std::to_string(server.port()) + "\n";
  }
  // `more` belongs to the remote account.
  void configure(const std::string& defaults, const std::string& more) const {
    program.configure(defaults + "\n[local]\n" + account(local) + "username = alice\npassword = sekrit\n" +
                      "[remote]\n" + account(remote) + "username = bob\n" + more + "\n");
  }
};

void checkUsage(const Run& run) {
  checkStatus(run, ExitStatus::usage);
  INFO(run.log());
  CHECK(run.says("--help"));
}

// A mailbox was asked for that neither server has. The Perl program says nothing.
void checkAbsent(const Run& run) {
  INFO(run.log());
  CHECK(run.exitStatus == (isReference() ? 0 : static_cast<int>(ExitStatus::data)));
}

// Whatever happens next, the command line was understood.
void checkUnderstood(const Run& run) {
  INFO(run.log());
  CHECK(run.exitStatus != static_cast<int>(ExitStatus::usage));
  CHECK_FALSE(run.says("--help"));
}

bool listed(const Run& run, const std::string& mailbox) {
  return std::ranges::any_of(run.commands("local"), [&](const std::string& command) {
    return command.starts_with("LIST ") && command.find(mailbox) != std::string::npos;
  });
}

mode_t modeOf(const fs::path& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

void setVariable(Command& command, const std::string& name, const std::string& value) {
  std::erase_if(command.environment, [&](const std::string& each) { return each.starts_with(name + "="); });
  command.environment.push_back(name + "=" + value);
}

std::string integrity(const fs::path& database) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open_v2(database.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
  std::string result;
  auto take = [](void* to, int, char** values, char**) {
    *static_cast<std::string*>(to) += values[0];
    return 0;
  };
  sqlite3_exec(handle, "PRAGMA integrity_check", take, &result, nullptr);
  sqlite3_close(handle);
  return result;
}

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds patience = 20s) {
  for (auto end = std::chrono::steady_clock::now() + patience; std::chrono::steady_clock::now() < end;) {
    if (holds()) return true;
    std::this_thread::sleep_for(50ms);
  }
  return holds();
}

}  // namespace

TEST_CASE_FIXTURE(NoServers, "scenario 1: help goes to standard error, the version to standard output") {
  for (const char* option : {"-h", "--help", "-qh"}) {
    Run run = program.run({option});
    CHECK(run.exitStatus == 0);
    CHECK(run.output == "");
    for (const char* form : {"interimap [OPTIONS] [MAILBOX", "--repair", "--delete", "--rename"})
      CHECK(run.says(form));
  }
  Run run = program.run({"--version"});
  CHECK(run.exitStatus == 0);
  CHECK(std::regex_search(run.output, std::regex("interimap version [0-9]+\\.[0-9.]+\n")));
}

TEST_CASE_FIXTURE(NoServers, "scenario 2: no abbreviations, no case folding") {
  for (const char* option : {"--conf=x", "--ver", "--de", "--Quiet", "-v", "--no-quiet"}) {
    CAPTURE(option);
    Run run = program.run({option});
    checkUsage(run);
    CHECK(run.says("Unknown option: "));
  }
}

TEST_CASE("scenario 3: posix ordering for interimap, options anywhere for pullimap") {
  Bed bed;
  Run run = bed.program.run({"--debug", "INBOX", "--quiet"});
  checkAbsent(run);
  CHECK(listed(run, "--quiet"));
  CHECK(run.says("IMAP traffic"));  // so it was not taken for the option

  Command pullimap = bed.program.command((fs::path(programPath()).parent_path() / "pullimap").string(),
                                         {"section", "--version"});
  if (fs::exists(pullimap.arguments[0]))
    CHECK(interimap::bed::run(pullimap).output.find("pullimap version ") != std::string::npos);
}

TEST_CASE_FIXTURE(NoServers, "scenario 4: commands exclude each other, and what does not go with them") {
  for (const Words& words :
       {Words{"--repair", "--delete", "x"}, Words{"--delete"}, Words{"--rename", "a"},
        Words{"--rename", "a", "b", "c"}, Words{"--repair", "--watch"}, Words{"--delete", "--notify", "x"},
        Words{"--target=local"}, Words{"--target=local", "--repair"}}) {
    CAPTURE(words);
    checkUsage(program.run(words));
  }
}

TEST_CASE_FIXTURE(NoServers, "scenario 5: the argument of --watch") {
  // A watcher tries again for ever; one without a place for its database ends.
  program.configure("database = " + (directory / "missing/a.db").string() + "\n" +
                    std::regex_replace(program.configuration(), std::regex("(^|\n)database = [^\n]*"), ""));
  for (const Words& words : {Words{"--watch"}, Words{"--watch=0"}, Words{"--watch="}, Words{"--notify"},
                             Words{"--watch", "7"}, Words{"--watch", "foo"}, Words{"--watch=007"}})
    checkUnderstood(program.run(words));
  for (const char* wrong : {"--watch=abc", "--watch=0x1", "--watch=1k"}) {
    Run run = program.run({wrong});
    checkUsage(run);
    CHECK(run.says("invalid for option watch (number expected)"));
  }
  if (!isReference()) checkUsage(program.run({"--watch=-5"}));
}

TEST_CASE("scenario 6: a mailbox argument") {
  NoServers none;
  for (const char* wrong : {"", "caf\xE9"}) {
    Run run = none.program.run({wrong});
    checkStatus(run, ExitStatus::usage);
    CHECK(run.says("Invalid mailbox name"));
  }
  Bed bed;
  Run run = bed.program.run({"--debug", "inbox"});
  requireDone(run);
  CHECK(listed(run, "INBOX"));
  CHECK_FALSE(listed(run, "inbox"));
  run = bed.program.run({"--debug", "inbox/Sub"});
  checkAbsent(run);
  CHECK(listed(run, "inbox/Sub"));
  if (isReference()) return;
  run = bed.program.run({"--debug", "Entw\xC3\xBCrfe"});  // this one speaks UTF-8, too
  checkAbsent(run);
  CHECK(listed(run, "Entw&APw-rfe"));
}

TEST_CASE("scenario 7: the list of targets") {
  Bed bed;
  ImapClient alice = bed.alice();
  for (const char* mailbox : {"one", "two", "three"}) alice.create(mailbox);
  synchronise(bed);
  auto there = [&](const char* mailbox) { return bed.there().mailboxes.contains(mailbox); };
  auto here = [&](const char* mailbox) { return bed.here().mailboxes.contains(mailbox); };

  Run run = bed.program.run({"--target=elsewhere", "--delete", "one"});
  checkStatus(run, ExitStatus::usage);
  CHECK(run.says("Invalid target elsewhere"));
  requireDone(bed.program.run({"--target=", "--delete", "one"}));
  CHECK((here("one") && there("one")));
  requireDone(bed.program.run({"--target=local,remote,", "--target", "database", "--delete", "one"}));
  CHECK_FALSE((here("one") || there("one")));
  requireDone(bed.program.run({"--delete", "two"}));
  CHECK_FALSE((here("two") || there("two")));
  requireDone(bed.program.run({"--target=remote", "--delete", "three"}));
  CHECK((here("three") && !there("three")));
}

TEST_CASE_FIXTURE(NoServers, "scenario 8: the XDG directories") {
  const fs::path& d = program.directory();
  Run run = program.run({"--config=other"});
  checkStatus(run, ExitStatus::config);
  CHECK(run.says("No such config file"));
  CHECK(run.says((d / "config/interimap/other").string()));

  fs::rename(config(), d / "elsewhere");
  run = program.run({"--config=" + (d / "elsewhere").string()});
  CHECK_FALSE(run.says("No such"));
  CHECK(fs::exists(data() / "bed.db"));

  fs::remove_all(d / "config/interimap");
  fs::remove_all(data());
  CHECK(program.run().exitStatus != 0);
  CHECK(modeOf(d / "config/interimap") == 0700);
  program.run({"--config=" + (d / "elsewhere").string()});
  CHECK(modeOf(data()) == 0700);

  Command command = program.command(programPath(), {});
  setVariable(command, "XDG_CONFIG_HOME", "relative");
  Run refused{interimap::bed::run(command)};
  checkStatus(refused, ExitStatus::config);
  setVariable(command, "XDG_CONFIG_HOME", (d / "nowhere").string());
  refused = Run{interimap::bed::run(command)};
  checkStatus(refused, ExitStatus::config);
  CHECK(refused.says("No such directory"));
  refused = program.run({"--config="});
  checkStatus(refused, ExitStatus::config);
  CHECK(refused.says("Insecure"));
}

TEST_CASE("scenario 9: the grammar of the configuration") {
  Fakes fakes("alice", "a#b;c=d");
  const std::string good =
      "# a comment\r\n; another\r\n\r\n[local]\r\n  username=nobody\r\nusername = alice\r\n" +
      Fakes::account(fakes.local) + "[other]\nnonsense\t=\t1\n[ remote ]\n" + Fakes::account(fakes.remote) +
      "username = bob\npassword = sekrit ; not part of it\n"
      "[local]\npassword = a#b;c=d\ncompress = No\n";
  fakes.program.configure(good);
  requireDone(fakes.program.run());

  struct {
    std::string line, message;
  } table[] = {
      {"Type = imap", "Invalid option Type"},
      {"whatever = 1", "Invalid option whatever"},
      {"compress = true", "Invalid option compress = true"},
      {"compress =", "Invalid option compress"},
      {"just text", isReference() ? "No such section" : ": neither a [section]"},
  };
  for (const auto& row : table) {
    CAPTURE(row.line);
    fakes.program.configure(good + row.line + "\n");
    Run run = fakes.program.run();
    checkStatus(run, ExitStatus::config);
    CHECK(run.says(row.message));
  }
}

TEST_CASE("scenario 10: the default section is inherited") {
  Fakes fakes("bob");
  fakes.program.configure("username = bob\npassword = sekrit\nlist-reference =\n[local]\n" +
                          Fakes::account(fakes.local) + "[remote]\n" + Fakes::account(fakes.remote) +
                          "database = ignored.db\n");
  requireDone(fakes.program.run());
  const fs::path data = fakes.program.directory() / "data/interimap";
  CHECK(fs::exists(data / "127.0.0.1.db"));
  CHECK_FALSE(fs::exists(data / "ignored.db"));
}

TEST_CASE_FIXTURE(NoServers, "scenario 11: the database's name") {
  const std::string nobody = std::to_string(freePort());
  struct {
    std::string remote, name;
  } table[] = {
      {"type = tunnel\ncommand = exec false\n", "localhost.db"},
      {"host = 127.0.0.1\nport = " + nobody + "\nusername = x\npassword = x\n", "127.0.0.1.db"},
      {"host = [::1]\nport = " + nobody + "\nusername = x\npassword = x\n", "[::1].db"},
      {"host = imap.invalid\ntype = tunnel\ncommand = exec false\n", "imap.invalid.db"},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    program.configure("[local]\ntype = tunnel\ncommand = exec false\n[remote]\n" + row.remote);
    CHECK(program.run().exitStatus != 0);
    CHECK(fs::exists(data() / row.name));
  }
}

TEST_CASE_FIXTURE(NoServers, "scenario 12: what a tunnel command finds in its environment") {
  fs::path seen = directory / "seen";
  // The other tunnel stays until the first has written, as the run ends with whichever ends first.
  program.configure("[local]\ntype = tunnel\ncommand = env > " + seen.string() + ".part && mv " +
                    seen.string() + ".part " + seen.string() +
                    "\n[remote]\ntype = tunnel\ncommand = for i in $(seq 200); do [ -e " + seen.string() +
                    " ] && break; sleep .05; done\n");
  Run run = program.run({}, {"IFS=x", "CDPATH=/x", "ENV=/x", "BASH_ENV=/x", "KEPT=yes"});
  CHECK(run.exitStatus != 0);
  for (int i = 0; i < 200 && !fs::exists(seen); ++i) poll(nullptr, 0, 50);
  const std::string environment = "\n" + readFile(seen);
  CHECK(environment.find("\nPATH=/usr/bin:/bin\n") != std::string::npos);
  CHECK(environment.find("\nKEPT=yes\n") != std::string::npos);
  for (const char* name : {"\nIFS=", "\nCDPATH=", "\nENV=", "\nBASH_ENV="}) {
    CAPTURE(name);
    CHECK(environment.find(name) == std::string::npos);
  }
}

TEST_CASE("scenario 13: the prefix of log lines") {
  struct {
    std::string prefix, head;
  } table[] = {
      {"", "local(INBOX): Added "},
      {"log-prefix =", "Added "},
      {"log-prefix = %%|%?m?<%m%?n?/%n&?>&\\?\\&\\\\?|", "%|<INBOX/local>|Added "},
      {"log-prefix = %?n?[%n] ?", "[local] Added "},
  };
  for (const auto& row : table) {
    CAPTURE(row.prefix);
    Bed bed({}, {}, row.prefix.empty() ? Words{} : Words{row.prefix});
    bed.bob().append("INBOX", Corpus(1).smallMessages(2));
    Run run = bed.program.run({});
    requireDone(run);
    std::string found;
    std::istringstream lines(run.log());
    for (std::string line; std::getline(lines, line);)
      if (line.find("Added ") != std::string::npos) found = line;
    CHECK(found.substr(0, row.head.size()) == row.head);
  }
}

TEST_CASE("scenario 14: the logfile") {
  Directory where;
  const std::string path = where / "log";
  Bed bed({}, {}, {"logfile = " + path});
  Run run = bed.program.run({"--debug"});
  requireDone(run);
  CHECK(run.says("IMAP traffic"));
  CHECK_FALSE(run.says("C: "));
  const std::string first = readFile(path);
  CHECK(first.find("local: C: ") != std::string::npos);
  CHECK(first.find("IMAP traffic") != std::string::npos);
  std::istringstream lines(first);
  const std::regex stamp("[A-Z][a-z]{2} [ 123][0-9] [0-9:]{8}\\.[0-9]{1,6} .*");
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(std::regex_match(line, stamp));
  }
  requireDone(bed.program.run({}));
  const std::string both = readFile(path);
  CHECK(both.starts_with(first));
  CHECK(both.size() > first.size());
  CHECK(both.substr(first.size()).find("C: ") == std::string::npos);
  if (!isReference()) CHECK(modeOf(path) == 0600);
}

TEST_CASE("scenario 15: what --quiet does not say") {
  Bed bed;
  ImapClient alice = bed.alice();
  Corpus corpus(1);
  fill(alice, corpus, {"INBOX", "other"}, 3);
  Run run = bed.program.run({"--quiet"});
  requireDone(run);
  checkEqual(bed.here(), bed.there());
  for (const char* silent : {"Added", "IMAP traffic", "remote: Created", "Subscribe"}) {
    CAPTURE(silent);
    CHECK_FALSE(run.says(silent));
  }
  CHECK(run.says("database: Created mailbox other"));
  bed.remote.stop();
  CHECK(bed.program.run({"-q"}).says("ERROR: "));
}

TEST_CASE("scenario 16: SIGTERM ends a watcher with 0, SIGINT with 1") {
  struct {
    int signal, status;
  } table[] = {{SIGTERM, 0}, {SIGINT, 1}};
  Bed bed;
  requireDone(bed.program.run());
  for (const auto& row : table) {
    CAPTURE(row.signal);
    BackgroundProcess watcher = bed.program.runInBackground({"--watch=1"});
    bed.alice().append("INBOX", Corpus(static_cast<unsigned>(row.signal)).smallMessages(1));
    CHECK(eventually([&] { return bed.here() == bed.there(); }));
    watcher.signal(row.signal);
    Outcome outcome = watcher.wait(15s);
    INFO(readFile(bed.program.directory() / "stderr"));
    CHECK(outcome.exitStatus == row.status);
    CHECK(integrity(bed.program.database()) == "ok");
    checkNothingToDo(bed.program);  // the lock is free
  }
  if (isReference()) return;  // says so only where it happened to wait
  CHECK(readFile(bed.program.directory() / "stderr").find("Interrupted (Ctrl-C)") != std::string::npos);
}

TEST_CASE("scenario 65, field 32: a watcher creates its database, as a run does") {
  for (const char* option : {"--watch=1", "--notify"}) {
    CAPTURE(option);
    Bed bed;
    if (isReference()) {  // it has to exist there
      checkStatus(bed.program.run({option}), ExitStatus::cantCreate);
      continue;
    }
    Corpus corpus(65);
    ImapClient client = bed.alice();
    fill(client, corpus, {"INBOX", "a"}, 2);
    BackgroundProcess watcher = bed.program.runInBackground({option});
    CHECK(eventually([&] {
      return difference(bed.here(), bed.there()) == "" && !bed.there().mailboxes.at("INBOX").messages.empty();
    }));
    watcher.signal(SIGTERM);
    CHECK(watcher.wait(15s).exitStatus == 0);
    CHECK(integrity(bed.program.database()) == "ok");
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("passwords from a file, a command, and the service manager") {
  NOT_THE_REFERENCE();
  const std::string password = "caf\xC3\xA9 ; \xE9\"\\ # ";  // nothing that the configuration could hold
  Fakes fakes("alice", "sekrit", password);
  fs::path file = fakes.directory / "remote.password";
  writeFile(file, password + "\nurl: imap.example.net\n");

  struct {
    std::string line, environment;
  } good[] = {
      {"password-file = " + file.string(), ""},
      {"password-command = cat " + file.string(), ""},
      {"", "CREDENTIALS_DIRECTORY=" + fakes.directory.path().string()},
  };
  for (const auto& row : good) {
    CAPTURE(row.line);
    fakes.configure("database = bed.db", row.line);
    Run run = fakes.program.run({"--debug"}, row.environment.empty() ? Words{} : Words{row.environment});
    requireDone(run);
    CHECK_FALSE(run.says("caf"));
  }

  struct {
    std::string line;
    ExitStatus status;
    std::string message;
  } wrong[] = {
      {"password-command = false", ExitStatus::noPermission,
       "[remote]: password-command ended with exit status 1"},
      {"password-command = true", ExitStatus::noPermission, "no password in its first line"},
      {"password-command = printf 'a\\000b'", ExitStatus::noPermission, "cannot hold NUL or CR"},
      {"password-file = /nonexistent/p", ExitStatus::config, "/nonexistent/p: No such file or directory"},
      {"password = x\npassword-file = /p", ExitStatus::config,
       "password and password-file exclude each other"},
  };
  for (const auto& row : wrong) {
    CAPTURE(row.line);
    fakes.configure("database = bed.db", row.line);
    Run run = fakes.program.run({});
    checkStatus(run, row.status);
    CHECK(run.says(row.message));
  }
}

TEST_CASE("a password that others can read is refused, with what to do about it") {
  NOT_THE_REFERENCE();
  Fakes fakes;
  const fs::path config = fakes.program.directory() / "config/interimap/config",
                 file = fakes.directory / "password";
  writeFile(file, "sekrit\n", 0644);
  fakes.program.configure("[local]\n" + Fakes::account(fakes.local) + "username = alice\npassword-file = " +
                          file.string() + "\n[remote]\n" + Fakes::account(fakes.remote) +
                          "username = bob\npassword-file = " + file.string() + "\n");
  fs::permissions(config, fs::perms(0644));  // it holds none
  Run run = fakes.program.run({});
  checkStatus(run, ExitStatus::config);
  CHECK(run.says("run: chmod 600 " + file.string()));
  fs::permissions(file, fs::perms(0640));
  run = fakes.program.run({});
  requireDone(run);
  CHECK(run.says("WARNING: " + file.string() + " holds a password and can be read by its group"));

  fakes.configure("", "password = sekrit");
  fs::permissions(config, fs::perms(0644));
  run = fakes.program.run({});
  checkStatus(run, ExitStatus::config);
  CHECK(run.says("run: chmod 600 " + config.string()));
  fs::permissions(config, fs::perms(0640));
  run = fakes.program.run({});
  requireDone(run);
  CHECK(run.says("can be read by its group"));
  fs::permissions(config, fs::perms(0600));
  CHECK_FALSE(fakes.program.run({}).says("can be read"));
}

TEST_CASE("--log-format=json: every line an object, the last one a summary") {
  NOT_THE_REFERENCE();
  Bed bed;
  bed.bob().append("INBOX", Corpus(1).smallMessages(3));
  Run run = bed.program.run({"--log-format=json", "--debug"});
  requireDone(run);
  std::istringstream lines(run.log());
  std::string last;
  for (std::string line; std::getline(lines, line); last = line) {
    CHECK(line.starts_with("{\"time\":\"20"));
    CHECK(line.ends_with("}"));
  }
  CHECK(last.find(R"("level":"summary","exitStatus":0,)") != std::string::npos);
  CAPTURE(last);
  CHECK(last.find(R"("copiedToLocal":3,"copiedToRemote":0,)") != std::string::npos);
  run = bed.program.run({"--log-format=json", "--config=nowhere"});
  checkStatus(run, ExitStatus::config);
  CHECK(run.log().starts_with("{\"time\":\"20"));
  CHECK(run.says(R"("level":"summary","exitStatus":78,)"));
}

TEST_CASE("scenario 91: a watcher survives that a server is restarted") {
  NOT_THE_REFERENCE();
  Bed bed;
  requireDone(bed.program.run());
  BackgroundProcess watcher = bed.program.runInBackground({"--watch=1"});
  auto log = [&] { return readFile(bed.program.directory() / "stderr"); };
  bed.alice().append("INBOX", Corpus(1).smallMessages(1));
  CHECK(eventually([&] { return bed.here() == bed.there(); }));
  bed.remote.stop();
  CHECK(eventually([&] { return log().find("trying again in ") != std::string::npos; }));
  bed.alice().append("INBOX", Corpus(2).smallMessages(1));
  bed.remote.restart();
  CHECK(eventually([&] { return bed.there().messages() == 2; }));
  CHECK(watcher.running());
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(15s).exitStatus == 0);
  INFO(log());
  checkEqual(bed.here(), bed.there());
}

TEST_CASE("the ancestor's configuration and database are understood") {
  NOT_THE_REFERENCE();
  Fakes fakes;
  const fs::path d = fakes.program.directory();
  for (const char* base : {"config/imapsync", "data/imapsync"}) makeDirectory(d / base);
  fakes.configure("", "password = sekrit\nSSL_verify_trusted_peer = NO\nSSL_cipher_list = HIGH");
  checkStatus(fakes.program.run({}), ExitStatus::config);  // here these keys never were

  const fs::path config = d / "config/imapsync/config", database = "127.0.0.1.db";
  fs::rename(d / "config/interimap/config", config);
  Run run = fakes.program.run({"--config=" + config.string()});
  requireDone(run);
  CHECK(run.says("WARNING: " + config.string() +
                 ": deprecated: SSL_verify_trusted_peer is SSL_verify now, SSL_cipher_list is SSL_cipherlist "
                 "now\n"));
  fs::rename(d / "data/interimap" / database, d / "data/imapsync" / database);
  requireDone(fakes.program.run({"--config=" + config.string()}));
  CHECK_FALSE(fs::exists(d / "data/interimap" / database));
}
