// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SOCKS5 proxies that attack, through the whole program: said as the proxy's fault, within bounds, and not an
// octet is sent to the other side.
#include <signal.h>

#include "tests/e2e/fake_proxy.h"
#include "tests/e2e/hostile_bed.h"

using namespace interimap::bed;
using namespace std::string_literals;
using interimap::ExitStatus;

namespace {

constexpr std::size_t kMega = 1 << 20;

struct Proxied {
  Directory directory;
  FakeServer local{{.user = "alice"}}, remote;
  unsigned runs = 0;

  Interimap through(std::uint16_t proxy, const std::string& user = {}) {
    Scripted::add(local, "INBOX", 3, 1);
    return Interimap(directory / ("program" + std::to_string(runs++)), cleartext(local.port(), "alice"),
                     {.port = 10143,
                      .user = "bob",
                      .more = {"STARTTLS = NO", "auth = PLAIN LOGIN",
                               "proxy = socks5h://" + user + "127.0.0.1:" + std::to_string(proxy)}});
  }
  void checkUntouched() const {
    for (const std::string& command : local.commands()) {
      CAPTURE(command);
      CHECK_FALSE(changesSomething(command));
    }
  }
};

// In place of the reply to the methods, after which the connection ends.
struct Attack {
  std::string name, reply;
  ExitStatus status;
  std::string says;
};

const Attack kAttacks[] = {
    {"nothing", "", ExitStatus::unavailable, "SOCKSv5 ERROR: "},
    {"another version", "\x04\x00"s, ExitStatus::unavailable, "SOCKSv5 ERROR: the proxy speaks version 4"},
    {"HTTP", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", ExitStatus::unavailable,
     "SOCKSv5 ERROR: the proxy speaks version 72"},
    {"IMAP", "* OK IMAP4rev1 ready\r\n", ExitStatus::unavailable,
     "SOCKSv5 ERROR: the proxy speaks version 42"},
    {"a method not offered", "\x05\x01"s, ExitStatus::unavailable, "SOCKSv5 ERROR: the proxy chose a method"},
    {"a password for nobody", "\x05\x02\x01\x00"s, ExitStatus::unavailable,
     "SOCKSv5 ERROR: the proxy chose a method"},
    {"half a reply", "\x05"s, ExitStatus::unavailable, "SOCKSv5 ERROR: the proxy closed the connection"},
    {"success before it was asked", "\x05\x00\x05\x00\x00\x01\0\0\0\0\0\0* OK hello\r\n"s,
     ExitStatus::unavailable, ""},
    {"an unknown failure", "\x05\x00\x05\xff\x00\x01\0\0\0\0\0\0"s, ExitStatus::unavailable,
     "SOCKSv5 ERROR: unknown reply 255"},
    {"an address of unknown kind", "\x05\x00\x05\x00\x00\x7f"s + std::string(1000, 'x'),
     ExitStatus::unavailable, "SOCKSv5 ERROR: the proxy is bound to an address of unknown type 127"},
    {"a name that is cut", "\x05\x00\x05\x00\x00\x03\xff"s + std::string(100, 'x'), ExitStatus::unavailable,
     "SOCKSv5 ERROR: the proxy closed the connection"},
    {"control characters", "\x1b]0;owned\a"s, ExitStatus::unavailable, "SOCKSv5 ERROR: "},
    {"a flood of zeros", std::string(80 * kMega, '\0'), ExitStatus::unavailable, "SOCKSv5 ERROR: "},
    {"a flood of fives", std::string(80 * kMega, '\x05'), ExitStatus::unavailable, "SOCKSv5 ERROR: "},
    {"an endless server behind it", "\x05\x00\x05\x00\x00\x03\x01x\x00\x00"s + std::string(80 * kMega, 'a'),
     ExitStatus::protocol, ""},
};

}  // namespace

TEST_CASE_FIXTURE(Proxied, "hostile proxies") {
  NOT_THE_REFERENCE();
  for (const Attack& attack : kAttacks) {
    for (const std::string user : {"", "carol:secret@"}) {
      CAPTURE(attack.name);
      CAPTURE(user);
      FakeProxy proxy({.leadsTo = remote.port(), .methodReply = attack.reply.empty() ? "x" : attack.reply});
      Interimap program = through(proxy.port(), user);
      Run run = watched(program.command(programPath(), {"--debug"}));
      INFO(run.log());
      if (attack.name == "a password for nobody" && !user.empty()) {
        CHECK(run.exitStatus != 0);  // then it is one for somebody
      } else {
        CHECK(run.exitStatus == static_cast<int>(attack.status));
        CHECK(run.says("remote: ERROR: " + attack.says));
      }
      CHECK_FALSE(run.says("secret"));
      checkUntouched();
    }
  }
}

TEST_CASE_FIXTURE(Proxied, "a proxy that is silent or dribbles does not keep SIGTERM waiting") {
  NOT_THE_REFERENCE();
  Dribbler dribbler("\x05\x00\x05\x00\x00\x03\xff"s, "a");
  FakeProxy silent({.silent = true});
  for (std::uint16_t port : {dribbler.port(), silent.port()}) {
    Interimap program = through(port);
    BackgroundProcess process = program.runInBackground({"--debug"});
    const pid_t group = process.pid();
    REQUIRE(eventually([&] { return workersOf(group).contains("remote"); }));
    process.signal(SIGTERM);
    Outcome outcome = process.wait(std::chrono::seconds(20));
    INFO(readFile(program.directory() / "stderr"));
    CHECK(outcome.exitStatus == 0);
    CHECK(processesOf(group) == "");
    checkUntouched();
  }
}
