// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Scenarios 22 to 29, 32 and 33: from the greeting to the authenticated state.
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/oracle.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

using Words = std::vector<std::string>;

// All that is needed but for what the login itself may do.
constexpr const char* kExtensions =
    "IMAP4rev1 ENABLE CONDSTORE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS MULTIAPPEND UNSELECT LITERAL+";

bool isLogin(const std::string& command) {
  return command.starts_with("AUTHENTICATE") || command.starts_with("LOGIN");
}

std::string login(const FakeServer& server) {
  for (const std::string& command : server.commands())
    if (isLogin(command)) return command;
  return "";
}

// The verbs that lead to the authenticated state, in order.
std::string loginSteps(const FakeServer& server) {
  std::string steps;
  for (const std::string& command : server.commands()) {
    std::string verb = command.substr(0, command.find(' '));
    for (const char* step : {"CAPABILITY", "STARTTLS", "AUTHENTICATE", "LOGIN"})
      if (verb == step) steps += (steps.empty() ? "" : " ") + verb;
  }
  return steps;
}

// An ordinary local server, and runs that differ in the remote one.
struct Login {
  Directory directory;
  FakeServer local{{.user = "alice"}};
  unsigned runs = 0;

  Interimap program(Account account, Words options = {}) {
    return Interimap(directory / ("program" + std::to_string(runs++)), cleartext(local.port(), "alice"),
                     std::move(account), std::move(options));
  }
  static Account to(const FakeServer& remote, Words more = {}, const std::string& password = "sekrit") {
    Account account{.port = remote.port(), .user = "bob", .password = password, .more = {"STARTTLS = NO"}};
    account.more.insert(account.more.end(), more.begin(), more.end());
    return account;
  }

  // The remote password is in a file.
  std::string configuration(const FakeServer& remote, const std::string& file,
                            const std::string& auth) const {
    return "database = bed.db\n[local]\n" + cleartext(local.port(), "alice").text() +
           "[remote]\ntype = imap\nSTARTTLS = NO\nhost = 127.0.0.1\nport = " + std::to_string(remote.port()) +
           "\nusername = bob\npassword-file = " + file + "\nauth = " + auth + "\n";
  }
};

}  // namespace

TEST_CASE_FIXTURE(Login, "scenario 22: a password arrives as it is, whatever LOGIN has to quote") {
  for (const std::string password :
       {"plain", "a b\"c\\d\\\\", "*%(x)]{3}", "NIL", "+50%&'$HOME'", "\"quoted\""}) {
    for (const std::string& which : programs()) {
      if (which == kPerl && password == "NIL") continue;  // it sends the atom, which is no string at all
      CAPTURE(password);
      CAPTURE(which);
      FakeServer remote({.password = password});
      Run run = program(to(remote, {"auth = LOGIN"}, password)).runWith(which);
      requireDone(run);
      CHECK(login(remote).starts_with("LOGIN bob "));
      if (password != "NIL") CHECK_FALSE(run.says(password));  // which any response may hold
    }
  }
}

TEST_CASE_FIXTURE(Login, "scenario 22, W29: passwords that the Perl program cannot have") {
  NOT_THE_REFERENCE();
  const std::string file = directory / "remote-password";
  for (const std::string password : {"caf\xC3\xA9", " ; \tblanks and \xE9\xFF ; "}) {
    for (const std::string auth : {"LOGIN", "PLAIN"}) {
      for (bool plus : {true, false}) {
        CAPTURE(password);
        CAPTURE(auth);
        std::string capabilities = std::string(kExtensions) + " AUTH=PLAIN SASL-IR";
        if (!plus) capabilities.erase(capabilities.find(" LITERAL+"), 9);
        FakeServer remote({.capabilities = capabilities, .password = password});
        writeFile(file, password + "\n");
        Interimap it = program(to(remote));
        it.configure(configuration(remote, file, auth));
        Run run = it.run();
        requireDone(run);
        CHECK(login(remote).starts_with(auth == "LOGIN" ? "LOGIN bob " : "AUTHENTICATE PLAIN "));
        CHECK_FALSE(run.says(password));
      }
    }
  }
}

TEST_CASE_FIXTURE(Login, "scenario 23: PLAIN as initial response, or after a continuation, a bare one, too") {
  struct {
    std::string capabilities, challenge, command;
  } table[] = {
      {"SASL-IR AUTH=PLAIN", "", "AUTHENTICATE PLAIN AGJvYgBzZWtyaXQ="},
      {"AUTH=PLAIN", "+ \r\n", "AUTHENTICATE PLAIN"},
      {"AUTH=PLAIN", "+\r\n", "AUTHENTICATE PLAIN"},
      {"AUTH=PLAIN", "* OK bear with me\r\n+ go on\r\n", "AUTHENTICATE PLAIN"},
  };
  for (const auto& row : table) {
    for (const std::string& which : programs()) {
      if (which == kPerl && row.challenge.starts_with("+ go")) continue;
      CAPTURE(row.challenge);
      CAPTURE(which);
      FakeServer remote(
          {.capabilities = std::string(kExtensions) + " " + row.capabilities, .challenge = row.challenge});
      Run run = program(to(remote, {"auth = PLAIN"})).runWith(which);
      requireDone(run);
      CHECK(login(remote) == row.command);
    }
  }
}

TEST_CASE_FIXTURE(Login, "scenario 24: the first mechanism of `auth` that the server offers") {
  struct {
    std::string auth, capabilities, login, says;
    ExitStatus status;
    bool both = true;  // the Perl program does the same
  } table[] = {
      {"LOGIN PLAIN", "AUTH=PLAIN SASL-IR", "LOGIN", "", ExitStatus::ok},
      {"PLAIN LOGIN", "AUTH=PLAIN SASL-IR", "AUTHENTICATE", "", ExitStatus::ok},
      {"plain", "AUTH=PLAIN", "AUTHENTICATE", "", ExitStatus::ok},
      {"PLAIN LOGIN", "AUTH=XOAUTH2", "LOGIN", "", ExitStatus::ok},
      {"PLAIN", "AUTH=CRAM-MD5", "", "Failed to choose an authentication mechanism", ExitStatus::protocol},
      {"CRAM-MD5", "AUTH=CRAM-MD5", "", "Invalid option auth = CRAM-MD5", ExitStatus::config, false},
      {"CRAM-MD5 PLAIN", "AUTH=CRAM-MD5 AUTH=PLAIN", "", "Invalid option auth", ExitStatus::config, false},
      {"PLAIN LOGIN", "LOGINDISABLED", "", "Logins are disabled.", ExitStatus::noPermission},
      {"LOGIN", "AUTH=PLAIN LOGINDISABLED", "", "Logins are disabled.", ExitStatus::noPermission},
      {"PLAIN", "AUTH=PLAIN LOGINDISABLED", "", "Logins are disabled.", ExitStatus::noPermission},
  };
  for (const auto& row : table) {
    for (const std::string& which : programs()) {
      if (which == kPerl && !row.both) continue;
      CAPTURE(row.auth);
      CAPTURE(row.capabilities);
      CAPTURE(which);
      FakeServer remote({.inClear = std::string(kExtensions) + " " + row.capabilities});
      Run run = program(to(remote, {"auth = " + row.auth})).runWith(which);
      INFO(run.log());
      if (which == kPerl)
        CHECK((run.exitStatus == 0) == (row.status == ExitStatus::ok));
      else
        checkStatus(run, row.status);
      CHECK(login(remote).substr(0, row.login.size()) == row.login);
      if (row.login.empty()) CHECK(login(remote) == "");
      CHECK(run.says(row.says));
    }
  }
}

TEST_CASE("scenario 25: bad credentials: 77, the server's words, and nothing is synchronised") {
  Bed bed;
  Corpus corpus(1);
  bed.alice().append("INBOX", corpus.smallMessages(3));
  bed.bob().append("INBOX", corpus.smallMessages(3));
  const std::string good = bed.program.configuration();
  for (const std::string section : {"[local]", "[remote]"}) {
    for (const std::string auth : {"PLAIN", "LOGIN"}) {
      CAPTURE(section);
      std::string text = good;
      text.replace(text.find("sekrit", text.find(section)), 6, "wrong\nauth = " + auth);
      bed.program.configure(text);
      Run run = bed.program.run();
      checkStatus(run, ExitStatus::noPermission);
      CHECK(run.says((section == "[local]" ? "local" : "remote") +
                     std::string(": ERROR: NO [AUTHENTICATIONFAILED] ")));
      CHECK(run.changes() == "");
      CHECK((bed.here().messages() == 3 && bed.there().messages() == 3));
    }
  }
}

TEST_CASE_FIXTURE(Login, "scenario 25: a server that refuses for now, 75") {
  NOT_THE_REFERENCE();
  for (const std::string words : {"NO [UNAVAILABLE] the backend is down", "NO [LIMIT] too many sessions",
                                  "NO [INUSE] somebody else is at it"}) {
    FakeServer remote;
    remote.on("AUTHENTICATE", 1, {.octets = "{tag} " + words + "\r\n"});
    Run run = program(to(remote)).run();
    checkStatus(run, ExitStatus::tryAgain);
    CHECK(run.says("remote: ERROR: " + words));
  }
}

TEST_CASE_FIXTURE(
    Login, "scenario 26, W39: --debug hides what authenticates, twice shows it; the logfile is private") {
  struct {
    std::string auth, secret, shown;
  } table[] = {
      {"PLAIN", "AGJvYgBodW50ZXIy", "AUTHENTICATE PLAIN [REDACTED]"},
      {"LOGIN", "hunter2", "LOGIN [REDACTED]"},
  };
  for (const auto& row : table) {
    for (const std::string& which : programs()) {
      CAPTURE(row.auth);
      CAPTURE(which);
      FakeServer remote({.password = "hunter2"});
      remote.on("AUTHENTICATE|LOGIN", 0,
                {.octets = "* OK hello hunter2 AGJvYgBodW50ZXIy\r\n", .alsoAnswer = true});
      Interimap it = program(to(remote, {"auth = " + row.auth}, "hunter2"));
      Run once = it.runWith(which, {"--debug"});
      requireDone(once);
      CHECK(once.says(row.shown));
      CHECK_FALSE(once.says(row.secret));
      Run twice = it.runWith(which, {"--debug", "--debug"});
      requireDone(twice);
      CHECK(twice.says(row.secret));
      CHECK_FALSE(twice.says("[REDACTED]"));
      CHECK_FALSE(it.runWith(which, {}).says(row.secret));
    }
  }
  NOT_THE_REFERENCE();
  const std::string log = directory / "log";
  FakeServer remote;
  umask(0);
  requireDone(program(to(remote), {"logfile = " + log}).run({"--debug", "--debug"}));
  umask(022);
  CHECK(readFile(log).find("AGJvYgBzZWtyaXQ=") != std::string::npos);
  struct stat status {};
  REQUIRE(stat(log.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE_FIXTURE(Login,
                  "scenario 27: capabilities are asked for when the server does not tell them by itself") {
  Certificates certificates(directory / "certificates");
  const std::string trust = "SSL_CAfile = " + certificates.authority().string();
  const std::string told = "* OK [CAPABILITY {capabilities}] hi\r\n", untold = "* OK hi\r\n";
  struct {
    std::string greeting;
    bool tls, tellsAtLogin;
    std::string steps;
  } table[] = {
      {told, false, true, "AUTHENTICATE"},
      {untold, false, true, "CAPABILITY AUTHENTICATE"},
      {told, false, false, "AUTHENTICATE CAPABILITY"},
      {untold, false, false, "CAPABILITY AUTHENTICATE CAPABILITY"},
      {told, true, true, "STARTTLS CAPABILITY AUTHENTICATE"},
      {untold, true, true, "CAPABILITY STARTTLS CAPABILITY AUTHENTICATE"},
      {told, true, false, "STARTTLS CAPABILITY AUTHENTICATE CAPABILITY"},
  };
  for (const auto& row : table) {
    for (const std::string& which : programs()) {
      CAPTURE(row.steps);
      CAPTURE(which);
      FakeServer remote({.greeting = row.greeting,
                         .capabilities = std::string(kExtensions) + " SASL-IR AUTH=PLAIN",
                         .inClear = row.tls ? "IMAP4rev1 STARTTLS LOGINDISABLED" : "",
                         .tellsAtLogin = row.tellsAtLogin,
                         .certificate = certificates.server(),
                         .key = certificates.key()});
      Account account{.port = remote.port(), .user = "bob", .more = {trust}};
      if (!row.tls) account.more = {"STARTTLS = NO"};
      Run run = program(account).runWith(which);
      requireDone(run);
      CHECK(loginSteps(remote) == row.steps);
    }
  }
}

TEST_CASE_FIXTURE(Login, "scenario 27, W20: LITERAL+ counts wherever it is announced") {
  NOT_THE_REFERENCE();
  local.access([](auto& mailboxes) { mailboxes["INBOX"].add(Corpus(1).smallMessage().text); });
  for (const std::string greeting : {"* OK hi\r\n", "* OK [CAPABILITY {capabilities}] hi\r\n"}) {
    FakeServer remote({.greeting = greeting, .tellsAtLogin = false});
    Run run = program(to(remote)).run();
    requireDone(run);
    CHECK(run.sent("APPEND"));
    CHECK(run.says("+}\n"));
    FakeServer without(
        {.greeting = greeting,
         .capabilities = "IMAP4rev1 AUTH=PLAIN ENABLE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS",
         .tellsAtLogin = false});
    Run synchronising = program(to(without)).run();
    requireDone(synchronising);
    CHECK(synchronising.sent("APPEND"));
    CHECK_FALSE(synchronising.says("+}\n"));
  }
}

TEST_CASE_FIXTURE(
    Login, "scenario 28: a server without extensions is synchronised, one without IMAP4rev1 is not: 76") {
  const std::string all = FakeOptions().capabilities;
  if (!isReference())
    for (const std::string missing : {"ENABLE", "QRESYNC", "UIDPLUS"}) {
      CAPTURE(missing);
      std::string capabilities = all;
      capabilities.erase(capabilities.find(" " + missing), missing.size() + 1);
      FakeServer remote({.capabilities = capabilities});
      requireDone(program(to(remote)).run());
    }
  FakeServer old({.capabilities = "IMAP4 AUTH=PLAIN"});
  Run run = program(to(old)).run();
  checkStatus(run, ExitStatus::protocol);
  CHECK(run.says("Missing IMAP4rev1 CAPABILITY"));
  CHECK(login(old) == "");
}

TEST_CASE_FIXTURE(Login, "scenario 28: without NOTIFY and IDLE, --notify looks again after its interval") {
  NOT_THE_REFERENCE();
  FakeServer remote;
  Interimap it = program(to(remote));
  requireDone(it.run());
  BackgroundProcess watcher = it.runInBackground({"--notify", "--watch=1"});
  remote.access([](auto& mailboxes) { mailboxes["INBOX"].add(Corpus(1).smallMessage().text); });
  auto arrived = [&](std::size_t count) {
    std::size_t found = 0;
    local.access([&](auto& mailboxes) { found = mailboxes["INBOX"].messages.size(); });
    return found == count;
  };
  CHECK(eventually([&] { return arrived(1); }));
  remote.access([](auto& mailboxes) { mailboxes["INBOX"].add(Corpus(2).smallMessage().text); });
  CHECK(eventually([&] { return arrived(2); }));
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(std::chrono::seconds(15)).exitStatus == 0);
  INFO(readFile(it.directory() / "stderr"));
  for (const std::string& command : remote.commands())
    CHECK_FALSE((command.starts_with("NOTIFY") || command.starts_with("IDLE")));
}

TEST_CASE_FIXTURE(Login, "scenario 29: ENABLE that enables nothing: mod-sequences have to do") {
  NOT_THE_REFERENCE();
  local.access([](auto& mailboxes) { mailboxes["INBOX"].add(Corpus(1).smallMessage().text); });
  for (const std::string answer :
       {"{tag} OK fine\r\n", "* ENABLED\r\n{tag} OK fine\r\n", "* ENABLED CONDSTORE\r\n{tag} OK fine\r\n",
        "{tag} NO not today\r\n", "{tag} BAD what?\r\n"}) {
    CAPTURE(answer);
    FakeServer remote;
    remote.on("ENABLE", 0, {.octets = answer});
    Interimap it = program(to(remote));
    Run run = it.run();
    requireDone(run);
    CHECK(run.sent("APPEND"));
    Run again = it.run();
    requireDone(again);
    CHECK(again.changes() == "");
    for (const std::string& command : remote.commands())
      CHECK(command.find("(QRESYNC (") == std::string::npos);
  }
}

TEST_CASE_FIXTURE(Login, "scenario 32: PREAUTH where STARTTLS was due: 77, and not a word is said") {
  for (const std::string& which : programs()) {
    CAPTURE(which);
    FakeServer remote({.greeting = "* PREAUTH [CAPABILITY {capabilities}] hello\r\n"});
    Run run = program({.port = remote.port(), .user = "bob"}).runWith(which);
    if (which != kPerl) checkStatus(run, ExitStatus::noPermission);
    CHECK(run.exitStatus != 0);
    CHECK(run.says("PREAUTH greeting on plaintext connection? MiTM in action?"));
    CHECK(run.says("STARTTLS = NO"));
    CHECK(remote.commands() == Words{});
    Run willing = program(to(remote)).runWith(which);
    requireDone(willing);
    CHECK(loginSteps(remote) == "");
  }
}

TEST_CASE_FIXTURE(Login, "scenario 33, W21: PREAUTH without capabilities: they are asked for") {
  NOT_THE_REFERENCE();
  FakeServer remote({.greeting = "* PREAUTH hello\r\n"});
  requireDone(program(to(remote)).run());
  CHECK(loginSteps(remote) == "CAPABILITY");
}

TEST_CASE_FIXTURE(Login, "a greeting that is none, and one that is a refusal") {
  struct {
    std::string greeting;
    ExitStatus status;
    std::string says;
  } table[] = {
      {"* BYE [UNAVAILABLE] too many connections\r\n", ExitStatus::unavailable,
       "remote: ERROR: server refused the connection: BYE [UNAVAILABLE] too many connections"},
      {"* NO go away\r\n", ExitStatus::protocol, "NO go away"},
      {"220 mail.example.test ESMTP\r\n", ExitStatus::protocol, "220 mail.example.test ESMTP"},
      {"* 3 EXISTS\r\n", ExitStatus::protocol, "* 3 EXISTS"},
      {"* OK\r\n", ExitStatus::ok, ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.greeting);
    FakeServer remote({.greeting = row.greeting});
    Run run = program(to(remote)).run();
    if (isReference() && row.status == ExitStatus::ok) continue;
    checkStatus(run, row.status);
    if (row.status != ExitStatus::ok) CHECK(login(remote) == "");
    if (!isReference()) CHECK(run.says(row.says));
  }
}
