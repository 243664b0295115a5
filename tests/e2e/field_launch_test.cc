// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the field found about who may see what, and about words at the start: numbers 26 to 31, and 17.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "tests/e2e/eventually.h"
#include "tests/e2e/oracle.h"
#include "tests/e2e/pull_scripted.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/workers.h"

using namespace interimap::bed;
using namespace std::chrono_literals;
using interimap::ExitStatus;

namespace {

std::string logOf(const Interimap& program) { return readFile(program.directory() / "stderr"); }

bool comesToSay(const Interimap& program, const std::string& text) {
  return eventually([&] { return logOf(program).find(text) != std::string::npos; });
}

std::map<std::string, pid_t> workersOnceThere(const BackgroundProcess& program, std::size_t count) {
  std::map<std::string, pid_t> workers;
  REQUIRE(eventually([&] {
    workers = workersOf(program.pid());
    return workers.size() >= count;
  }));
  return workers;
}

// Empty where only root may look and this is not root.
std::string target(pid_t process, int fd) {
  std::error_code error;
  return fs::read_symlink("/proc/" + std::to_string(process) + "/fd/" + std::to_string(fd), error);
}

long linesWith(const std::string& text, const std::string& what) {
  std::istringstream lines(text);
  long count = 0;
  for (std::string line; std::getline(lines, line);) count += line.find(what) != std::string::npos;
  return count;
}

void refuseLogins(FakeServer& server) {
  server.on("AUTHENTICATE", 0, {.octets = "{tag} NO [AUTHENTICATIONFAILED] go away\r\n"});
}

// The first attempt is over, and its connection is lost: the next one is refused.
void loseAndRefuse(FakeServer& server) {
  refuseLogins(server);
  server.on("DONE|NOOP|LIST|IDLE|SELECT|EXAMINE|STATUS", 0, {.octets = "", .close = true});
}

// Of the last attempt that is announced.
long secondsOfPause(const std::string& log) {
  const std::string phrase = "trying again in ";
  auto at = log.rfind(phrase);
  return at == std::string::npos ? -1 : std::stol(log.substr(at + phrase.size()));
}

}  // namespace

TEST_CASE("field 17: interimap --watch tries a refused login again, slowly, once it had been let in") {
  NOT_THE_REFERENCE();
  Scripted bed;
  requireDone(bed.program.run());
  std::size_t before = bed.remote.commands().size();
  BackgroundProcess watcher = bed.program.runInBackground({"--watch=1"});
  REQUIRE(eventually([&] { return bed.remote.commands().size() > before + 1; }));  // it is let in
  loseAndRefuse(bed.remote);
  CHECK(comesToSay(bed.program, "[AUTHENTICATIONFAILED] go away"));
  CHECK(eventually([&] { return linesWith(logOf(bed.program), "trying again in ") == 2; }));
  std::string log = logOf(bed.program);
  INFO(log);
  CHECK(secondsOfPause(log) >= 60);
  CHECK(secondsOfPause(log) <= 120);
  CHECK(watcher.running());
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(15s).exitStatus == 0);
}

TEST_CASE("field 17: at the first attempt a refused login is final") {
  NOT_THE_REFERENCE();
  Scripted bed;
  requireDone(bed.program.run());
  refuseLogins(bed.remote);
  Run run = bed.program.run({"--watch=60"});
  checkStatus(run, ExitStatus::noPermission);
  CHECK_FALSE(run.says("trying again"));
}

TEST_CASE("field 17: a section of pullimap --idle outlives a refused login") {
  NOT_THE_REFERENCE();
  PullScripted bed;
  requireDone(bed.program.run());
  std::size_t before = bed.server.commands().size();
  BackgroundProcess watcher = bed.program.runInBackground({"--idle=1", "work"});
  REQUIRE(eventually([&] { return bed.server.commands().size() > before + 1; }));
  loseAndRefuse(bed.server);
  CHECK(eventually([&] { return linesWith(bed.program.log(), "trying again in ") == 2; }));
  std::string log = bed.program.log();
  INFO(log);
  CHECK(log.find("[AUTHENTICATIONFAILED] go away") != std::string::npos);
  CHECK(secondsOfPause(log) >= 60);
  CHECK(watcher.running());
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(20s).exitStatus == 0);
}

TEST_CASE("field 26: no worker holds the terminal, or whatever else standard error is") {
  NOT_THE_REFERENCE();
  Scripted bed;
  requireDone(bed.program.run());
  BackgroundProcess watcher = bed.program.runInBackground({"--watch=60"});
  for (const auto& [role, pid] : workersOnceThere(watcher, 3)) {
    CAPTURE(role);
    std::string end = target(pid, STDERR_FILENO);
    if (geteuid() != 0 && end.empty()) continue;
    CHECK(end.starts_with("pipe:["));
    CHECK(target(pid, STDIN_FILENO) == "/dev/null");
    CHECK(target(pid, STDOUT_FILENO) == "/dev/null");
  }
}

TEST_CASE("field 26: what a tunnel's command says on standard error is shown, without control characters") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Account account =
      tunnel("printf '\\033]0;title\\007one\\ntwo' >&2; printf '* BYE enough\\r\\n'; exec cat >/dev/null");
  fs::path log = bed.directory / "log";
  Interimap it(bed.directory / "tunnelled", cleartext(bed.local.port(), "alice"), account,
               {"logfile = " + log.string()});
  Run run = it.run({"--quiet"});
  INFO(run.log());
  CHECK(run.exitStatus != 0);
  CHECK(run.log().find('\033') == std::string::npos);
  for (const std::string& text : {run.log(), readFile(log)}) {
    CHECK(text.find("]0;title") != std::string::npos);
    CHECK(text.find("remote: two\n") != std::string::npos);
  }
}

TEST_CASE("field 27: workers get nothing of the environment but what they need") {
  NOT_THE_REFERENCE();
  Directory directory;
  Dovecot local(directory / "local"), remote(directory / "remote");
  const fs::path script = directory / "tunnel", seen = directory / "seen";
  writeFile(script, "#!/bin/sh\nenv >" + seen.string() + "\n" + remote.tunnelCommand("bob") + "\n", 0755);
  Account alice = cleartext(local.imap(), "alice");
  alice.password.clear();
  Interimap it(directory / "program", alice, tunnel(script.string()));
  std::string text = it.configuration();
  const std::string name = "username = alice\n";
  text.replace(text.find(name), name.size(), name + "password-command = printf %s \"$ALICE_PASSWORD\"\n");
  it.configure(text);

  Command command = it.command(programPath(), {"--watch=60"});
  for (const char* variable : {"ALICE_PASSWORD=sekrit", "OTHER_TOKEN=t0ken", "TZ=UTC"})
    command.environment.push_back(variable);
  requireDone(it.run({}, {"ALICE_PASSWORD=sekrit"}));
  BackgroundProcess watcher(command, it.directory() / "stderr");
  auto workers = workersOnceThere(watcher, 3);
  REQUIRE(eventually([&] { return readFile(seen).find("OTHER_TOKEN=t0ken\n") != std::string::npos; }));
  CHECK(readFile(seen).find("ALICE_PASSWORD=sekrit\n") != std::string::npos);
  for (const auto& [role, pid] : workers) {
    CAPTURE(role);
    auto environment = [&] { return readFile("/proc/" + std::to_string(pid) + "/environ"); };
    // The net with the tunnel had it until that was started.
    CHECK(eventually([&] { return environment().find("OTHER_TOKEN") == std::string::npos; }, 10s));
    CHECK(environment().find("PASSWORD") == std::string::npos);
    if (role == "sync" && geteuid() == 0) CHECK(environment().find("TZ=UTC") != std::string::npos);
  }
  CHECK(watcher.running());
}

TEST_CASE("field 28: alerts without end do not fill the log; the rest is counted") {
  NOT_THE_REFERENCE();
  Scripted bed;
  std::string alerts;
  for (int i = 0; i < 5000; ++i)
    alerts += "* OK [ALERT] " + std::to_string(i) + ' ' + std::string(900, 'A') + "\r\n";
  bed.remote.on("AUTHENTICATE", 1, {.octets = alerts, .alsoAnswer = true});
  fs::path log = bed.directory / "log";
  bed.program.configure("logfile = " + log.string() + "\n" + bed.program.configuration());
  Run run = bed.program.run({"--quiet"});
  CHECK(run.exitStatus == 0);
  CHECK(fs::file_size(log) < 1'000'000);
  CHECK(linesWith(run.log(), "AAAA") >= 10);
  CHECK(linesWith(run.log(), "AAAA") <= 100);
  // The rest is told at the end at the latest.
  long told = 0;
  const std::string phrase = " more of this kind: [ALERT]";
  const std::string text = run.log();
  for (auto at = text.find(phrase); at != std::string::npos; at = text.find(phrase, at + 1))
    told += std::stol(text.substr(text.rfind(' ', at - 1) + 1));
  CHECK(told + linesWith(text, "AAAA") == 5000);
}

TEST_CASE("field 29: as root, pairs with another user each share a directory, and see no other database") {
  NOT_THE_REFERENCE();
  if (geteuid() != 0) {
    MESSAGE("skipped: not root");
    return;
  }
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 3, 1);
  FakeServer third({.user = "bob"});
  const std::string text = bed.program.configuration();
  auto second = [&](const std::string& user) {
    std::string other = text;
    for (auto [from, to] :
         {std::pair<std::string, std::string>("bed.db", "second.db"),
          {"port = " + std::to_string(bed.remote.port()), "port = " + std::to_string(third.port())}})
      other.replace(other.find(from), from.size(), to);
    writeFile(bed.program.directory() / "config/interimap/second", "user = " + user + "\n" + other);
  };
  second("root");
  bed.program.startAsRoot();
  const fs::path shared = bed.program.database().parent_path();
  fs::permissions(shared, fs::perms(0700));
  requireDone(bed.program.run());
  requireDone(bed.program.run({"--config=second"}));
  requireDone(bed.program.run());
  requireDone(bed.program.run({"--config=second"}));

  for (const auto& [config, name] : {std::pair("config", "bed.db"), std::pair("second", "second.db")}) {
    CAPTURE(config);
    BackgroundProcess watcher =
        bed.program.runInBackground({"--watch=60", std::string("--config=") + config});
    pid_t sync = workersOnceThere(watcher, 3)["sync"];
    fs::path own = shared / (std::string(name) + ".d");
    auto root = [&] {
      std::error_code error;
      return fs::read_symlink("/proc/" + std::to_string(sync) + "/root", error);
    };
    CHECK(eventually([&] { return root() == own; }, 10s));
    watcher.signal(SIGTERM);
    CHECK(watcher.wait(15s).exitStatus == 0);
  }
  // Where the Perl program looks for it.
  for (const char* name : {"bed.db", "second.db"})
    CHECK(readFile(shared / name).starts_with("SQLite format 3"));
}

TEST_CASE("field 30: a limit of open files that is too low is named") {
  NOT_THE_REFERENCE();
  for (const char* limit : {"24", "12", "63"}) {
    CAPTURE(limit);
    Scripted bed;
    Scripted::add(bed.local, "INBOX", 3, 1);
    Command command = bed.program.command(programPath(), {});
    command.arguments = {"sh", "-c", "ulimit -n " + std::string(limit) + " && exec \"$0\"", programPath()};
    Run run{interimap::bed::run(command)};
    checkStatus(run, ExitStatus::tryAgain);
    INFO(run.log());
    CHECK(
        run.says("ERROR: Only " + std::string(limit) + " descriptors for each process: Too many open files"));
    CHECK(run.says("ulimit -n"));
  }
}

TEST_CASE("field 30: with few descriptors mail is copied, or it is said what is missing") {
  NOT_THE_REFERENCE();
  Scripted bed;
  for (int n = 0; n < 40; ++n)
    Scripted::add(bed.local, "box" + std::to_string(n), 2, 100U + static_cast<unsigned>(n));
  for (const char* limit : {"-n 64", "-Sn 20"}) {
    CAPTURE(limit);
    Command command = bed.program.command(programPath(), {});
    command.arguments = {"sh", "-c", "ulimit " + std::string(limit) + " && exec \"$0\"", programPath()};
    Run run{interimap::bed::run(command)};
    INFO(run.log());
    if (run.exitStatus != 0) {
      checkStatus(run, ExitStatus::tryAgain);
      CHECK(run.says("Too many open files"));
    }
  }
  bed.checkRecovers();
}

TEST_CASE("field 31: what is wrong with the configuration is said at the start, with its line") {
  NOT_THE_REFERENCE();
  Directory directory;
  Account fine = cleartext(9, "alice"), bare{.type = "imaps", .port = 9, .user = "bob"};
  struct {
    std::string from, to, says;
  } table[] = {
      {"port = 9\nusername = bob", "port = 91549\nusername = bob", "Invalid option port = 91549 (1 to 65535"},
      {"username = bob\n", "", "[remote]: Missing option username"},
      {"username = bob\npassword = sekrit\n", "username = bob\n", "[remote]: Missing option password"},
      {"username = bob\n", "username = bob\nauth = PLAN\n", "Invalid option auth = PLAN (PLAIN, LOGIN"},
      {"username = bob\n", "username = bob\nSSL_CAfile = /no/ca\n",
       "Invalid option SSL_CAfile = /no/ca: No such"},
      {"username = bob\n", "username = bob\nSSL_fingerprint = abcd\n", "sha256 has 64 digits, this 4"},
  };
  for (const auto& row : table) {
    CAPTURE(row.to);
    Interimap it(directory / "program", fine, bare);
    std::string text = it.configuration();
    text.replace(text.find(row.from), row.from.size(), row.to);
    it.configure(text);
    Run run = it.run({});
    checkStatus(run, ExitStatus::config);
    INFO(run.log());
    CHECK(run.says(row.says));
    CHECK(run.says("config/interimap/config:"));
  }
}

TEST_CASE("field 31: a server in clear that wants a login where there is none to give") {
  NOT_THE_REFERENCE();
  Scripted bed;
  std::string text = bed.program.configuration();
  const std::string login = "username = bob\npassword = sekrit\n";
  bed.program.configure(text.erase(text.find(login), login.size()));
  Run run = bed.program.run({});
  checkStatus(run, ExitStatus::config);
  INFO(run.log());
  CHECK(run.says("remote: ERROR: Missing option username"));
  for (const std::string& command : bed.remote.commands()) CHECK_FALSE(command.starts_with("AUTH"));
}

TEST_CASE("field 31: no home, relative directories, no name: said plainly") {
  NOT_THE_REFERENCE();
  Scripted bed;
  auto with = [&](std::vector<std::string> variables, std::vector<std::string> arguments = {}) {
    Command command = bed.program.command(programPath(), std::move(arguments));
    std::erase_if(command.environment, [](const std::string& variable) {
      return variable.starts_with("XDG_") || variable.starts_with("HOME=");
    });
    command.arguments.insert(command.arguments.begin(), {"env", "-u", "HOME"});
    for (const std::string& variable : variables)
      command.arguments.insert(command.arguments.begin() + 3, variable);
    return Run{interimap::bed::run(command)};
  };
  Run run = with({});
  checkStatus(run, ExitStatus::config);
  INFO(run.log());
  CHECK(run.says("neither HOME nor XDG_CONFIG_HOME is set"));
  run = with({"HOME=/", "XDG_CONFIG_HOME=some/where"});
  checkStatus(run, ExitStatus::config);
  CHECK(run.says("Insecure some/where: XDG_CONFIG_HOME has to be an absolute path"));
  run = bed.program.run({"--config="});
  checkStatus(run, ExitStatus::config);
  CHECK(run.says("--config is empty"));
  const std::string config = "--config=" + (bed.program.directory() / "config/interimap/config").string();
  run = with({}, {config});
  checkStatus(run, ExitStatus::cantCreate);
  CHECK(run.says("neither HOME nor XDG_DATA_HOME is set"));
}

TEST_CASE("field 31: the database's directory is made below the XDG directories, and named elsewhere") {
  NOT_THE_REFERENCE();
  Scripted bed;
  const std::string text = bed.program.configuration(), key = "database = bed.db\n";
  auto named = [&](const std::string& path) {
    std::string other = text;
    other.replace(other.find(key), key.size(), "database = " + path + "\n");
    bed.program.configure(other);
  };
  named("deep/er/bed.db");
  requireDone(bed.program.run());
  const fs::path made = bed.program.database().parent_path() / "deep";
  CHECK(fs::exists(made / "er/bed.db"));
  CHECK(fs::status(made).permissions() == fs::perms(0700));
  CHECK(fs::status(made / "er").permissions() == fs::perms(0700));
  const std::string missing = (bed.directory / "no/such").string();
  named(missing + "/bed.db");
  Run run = bed.program.run({});
  checkStatus(run, ExitStatus::cantCreate);
  INFO(run.log());
  CHECK(run.says("No such directory: " + missing));
}
