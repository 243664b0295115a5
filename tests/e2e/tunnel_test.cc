// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Scenarios 17 and 18: a command whose standard input and output are the connection.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <sstream>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/oracle.h"

using namespace interimap::bed;
using namespace std::chrono_literals;
using interimap::ExitStatus;

namespace {

// The remote side is reached by a script that writes down how it was started.
struct Tunnelled {
  Directory directory;
  Dovecot local{directory / "local"}, remote{directory / "remote"};
  fs::path script = directory / "tunnel";

  Tunnelled() {
    const std::string record = R"sh(#!/bin/sh
echo noise from the tunnel >&2
cd "$(dirname "$0")"
echo $$ >seen.pid
for argument; do printf '[%s]' "$argument"; done >seen.arguments
ends=$(readlink /proc/$$/fd/0; readlink /proc/$$/fd/1)
echo "$ends" >seen.ends
for n in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$n ] || echo $n; done >seen.others
)sh";
    writeFile(script, record + remote.tunnelCommand("bob") + "\n", 0755);
  }

  std::string seen(const std::string& what) const { return directory / ("seen." + what); }
  Interimap program(const std::string& command, std::vector<std::string> more = {}) const {
    Account account = tunnel(command);
    account.more = std::move(more);
    fs::remove_all(directory / "program");
    return Interimap(directory / "program", cleartext(local.imap(), "alice"), account);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Tunnelled,
                  "scenario 17: a tunnel is started directly, or by a shell if only that understands it") {
  const std::string start = script.string();
  struct {
    std::string command, arguments;
  } table[] = {
      {start, ""},
      {start + " one   two #three", "[one][two][#three]"},  // to a shell the last would be a comment
      {start + " a=b %x !y ^z", "[a=b][%x][!y][^z]"},
      {start + " 'one   two' #three", "[one   two]"},
      {start + " \"$LC_ALL\"x", "[Cx]"},
      {"X=1 " + start + " one", "[one]"},
      {"exec " + start + " one", "[one]"},
      {"true && " + start + " one", "[one]"},
  };
  for (const auto& row : table) {
    for (const std::string& which : programs()) {
      CAPTURE(row.command);
      CAPTURE(which);
      Interimap it = program(row.command);
      requireDone(it.runWith(which));
      CHECK(readFile(seen("arguments")) == row.arguments);
      std::istringstream ends(readFile(seen("ends")));
      std::string input, output;
      ends >> input >> output;
      CHECK(input.starts_with("socket:["));
      CHECK(output == input);
      CHECK(readFile(seen("others")) == "");
    }
  }
}

TEST_CASE_FIXTURE(Tunnelled, "scenario 17: null-stderr silences the tunnel, except with --debug") {
  for (const std::string& which : programs()) {
    CAPTURE(which);
    const std::string noise = "noise from the tunnel";
    const std::string start = script.string();
    CHECK(program(start).runWith(which, {}).says(noise));
    CHECK(program(start, {"null-stderr = NO"}).runWith(which, {}).says(noise));
    Run silent = program(start, {"null-stderr = yes"}).runWith(which, {});
    requireDone(silent);
    CHECK_FALSE(silent.says(noise));
    CHECK(program(start, {"null-stderr = YES"}).runWith(which, {"--debug"}).says(noise));
  }
}

TEST_CASE_FIXTURE(Tunnelled, "scenario 17: host, port and TLS keys mean nothing to a tunnel") {
  Interimap it = program(script.string(), {"host = nowhere.invalid", "port = 1", "SSL_CAfile = /nonexistent",
                                           "SSL_fingerprint = sha256$00", "STARTTLS = YES"});
  remote.client("bob").append("INBOX", Corpus(1).smallMessages(3));
  requireDone(it.run());
  checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
  checkNothingToDo(it);
}

TEST_CASE("scenario 17: a tunnel that greets with OK is logged in to") {
  Directory directory;
  FakeServer local({.user = "alice"}), remote;
  Account account = tunnel("bash -c 'exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(remote.port()) +
                           "; cat <&3 & exec cat >&3'");
  account.more = {"username = bob", "password = sekrit"};
  Interimap it(directory / "program", cleartext(local.port(), "alice"), account);
  requireDone(it.run());
  account.more = {"username = bob", "password = wrong"};
  Run run = Interimap(directory / "wrong", cleartext(local.port(), "alice"), account).run();
  checkStatus(run, ExitStatus::noPermission);
  CHECK(run.says("remote: ERROR: NO [AUTHENTICATIONFAILED] go away"));
}

TEST_CASE_FIXTURE(Tunnelled,
                  "field 34: a tunnel's command that ends early is told with its status and last words") {
  const struct {
    std::string command, more, says;
  } table[] = {
      {"echo one >&2; echo boom >&2; exit 3", "",
       "the command `echo one >&2; echo boom >&2; exit 3` ended with status 3; it last said: boom"},
      {"printf boom >&2; exit 4", "", "ended with status 4; it last said: boom"},
      {"printf '\\033[31mred\\007' >&2; exit 5", "", "ended with status 5; it last said: "},
      {"kill -9 $$", "", "was ended by signal 9"},
      {"(exit 6)", "", "the command `(exit 6)` ended with status 6"},
      {"echo boom >&2; exit 7", "null-stderr = YES", "ended with status 7"},
      {"echo This account is not available.; exit 1", "", "is not available.; the command `"},
      {"printf '* OK hel'", "",
       "in the middle of a response; the command `printf '* OK hel'` ended with status 0"},
  };
  for (const auto& row : table) {
    CAPTURE(row.command);
    Run run =
        program(row.command, row.more.empty() ? std::vector<std::string>() : std::vector{row.more}).run();
    CHECK(run.exitStatus != 0);
    INFO(run.log());
    CHECK(run.says(row.says));
    CHECK(run.log().find('\033') == std::string::npos);
    CHECK(run.log().find('\007') == std::string::npos);
  }
}

TEST_CASE_FIXTURE(Tunnelled, "scenario 18, W27: a tunnel that fails says why") {
  fs::path plainFile = directory / "plain";
  writeFile(plainFile, "#!/bin/sh\n", 0644);
  const std::string plain = plainFile.string(), eof = "remote: ERROR: 0 bytes read (got EOF)";
  struct {
    std::string command;
    std::vector<std::string> says;
  } table[] = {
      {"/nonexistent/imapd", {"remote: ERROR: Can't run /nonexistent/imapd: No such file or directory"}},
      {"no-such-program x", {"remote: ERROR: Can't run no-such-program x: No such file or directory"}},
      {plain, {"remote: ERROR: Can't run " + plain + ": Permission denied"}},
      {"exec /nonexistent/imapd", {"/nonexistent/imapd: not found", eof}},
      {"true", {eof}},
      {"echo the tunnel is broken >&2; exit 1", {"the tunnel is broken", eof}},
      {"printf '* OK hel'", {eof}},
  };
  for (const auto& row : table) {
    CAPTURE(row.command);
    Interimap it = program(row.command);
    Run run = it.run();
    checkStatus(run, ExitStatus::unavailable);
    CHECK(Snapshot::of(local.client("alice")).messages() == 0);
    if (programs().size() > 1) CHECK(it.runWith(kPerl).exitStatus != 0);
    if (isReference()) continue;
    INFO(run.log());
    for (const std::string& text : row.says) CHECK(run.says(text));
  }
  Run missing = Interimap(directory / "missing", cleartext(local.imap(), "alice"),
                          {.type = "tunnel", .command = "", .more = {}})
                    .run();
  checkStatus(missing, ExitStatus::config);
  Interimap none(directory / "none", cleartext(local.imap(), "alice"), tunnel("x"));
  std::string text = none.configuration();
  none.configure(text.erase(text.find("command = x\n"), 12));
  Run run = none.run();
  checkStatus(run, ExitStatus::config);
  CHECK(run.says("Missing tunnel command"));
}

TEST_CASE_FIXTURE(Tunnelled,
                  "W9, W17: a tunnel that ends while a watcher sleeps is reported, and started again") {
  NOT_THE_REFERENCE();
  Interimap it = program(script.string());
  requireDone(it.run());
  fs::remove(seen("pid"));
  BackgroundProcess watcher = it.runInBackground({"--watch=1"});
  auto log = [&] { return readFile(it.directory() / "stderr"); };
  remote.client("bob").append("INBOX", Corpus(2).smallMessages(1));
  REQUIRE(eventually([&] { return Snapshot::of(local.client("alice")).messages() == 1; }));
  kill(static_cast<pid_t>(std::stol(readFile(seen("pid")))), SIGKILL);
  CHECK(eventually([&] { return log().find("trying again in ") != std::string::npos; }));
  INFO(log());
  CHECK(log().find("remote: ERROR: 0 bytes read (got EOF)") != std::string::npos);
  remote.client("bob").append("INBOX", Corpus(3).smallMessages(1));
  CHECK(eventually([&] { return Snapshot::of(local.client("alice")).messages() == 2; }));
  CHECK(watcher.running());
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(15s).exitStatus == 0);
}

TEST_CASE_FIXTURE(Tunnelled,
                  "W15: SIGTERM ends a run that a silent tunnel keeps waiting, and frees the lock") {
  NOT_THE_REFERENCE();
  fs::path started = directory / "started";
  Interimap it = program("touch " + started.string() + "; exec cat >/dev/null");
  BackgroundProcess waiting = it.runInBackground({});
  REQUIRE(eventually([&] { return fs::exists(started); }));
  waiting.signal(SIGTERM);
  CHECK(waiting.wait(20s).exitStatus == 0);
  Interimap other(directory / "other", cleartext(local.imap(), "alice"), cleartext(remote.imap(), "bob"));
  it.configure(other.configuration());
  requireDone(it.run());
}
