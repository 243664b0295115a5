// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How long a silence may be. In real time, as that is what is tested; all at once.
#include <chrono>

#include "tests/e2e/fake_proxy.h"
#include "tests/e2e/scripted.h"

using namespace interimap::bed;
using namespace std::chrono_literals;
using interimap::ExitStatus;

namespace {

struct Waiting {
  std::string name;
  Account remote;
  ExitStatus status;
  std::string says;
  BackgroundProcess process = {};
};

}  // namespace

TEST_CASE("W4, W15: a slow server is waited for, a silent one is given up, whatever it is behind") {
  NOT_THE_REFERENCE();
  Directory directory;
  FakeServer local({.user = "alice"}), slow, silent({.greeting = ""});
  Scripted::add(local, "INBOX", 3, 1);
  // Longer than the 30 seconds after which the Perl program sends the same message again and again.
  slow.on("APPEND", 1, {.alsoAnswer = true, .after = 33s});
  FakeProxy proxy({.silent = true});
  const std::string socks = "socks5h://127.0.0.1:" + std::to_string(proxy.port());
  Waiting table[] = {
      {"slow", cleartext(slow.port(), "bob"), ExitStatus::ok, ""},
      {"greeting", cleartext(silent.port(), "bob"), ExitStatus::unavailable,
       "no greeting from the server for 60 seconds"},
      {"tunnel", tunnel("cat >/dev/null"), ExitStatus::unavailable,
       "no greeting from the server for 60 seconds"},
      {"tls",
       {.type = "imaps", .port = silent.port(), .user = "bob"},
       ExitStatus::unavailable,
       "Can't initiate TLS/SSL handshake: the server does not answer"},
      {"proxy",
       {.host = "imap.example.test", .port = 993, .user = "bob", .more = {"proxy = " + socks}},
       ExitStatus::unavailable,
       "SOCKSv5 ERROR: the proxy does not answer"},
  };
  for (Waiting& row : table) {
    Interimap it(directory / row.name, cleartext(local.port(), "alice"), row.remote);
    row.process = it.runInBackground({"--debug"});
  }
  for (Waiting& row : table) {
    CAPTURE(row.name);
    Outcome outcome = row.process.wait(150s);
    const std::string log = readFile((directory / row.name) / "stderr");
    INFO(log);
    CHECK(outcome.exitStatus == static_cast<int>(row.status));
    CHECK(log.find(row.says) != std::string::npos);
  }
  CHECK(Snapshot::of(ImapClient(slow.port(), "bob", "sekrit")).messages() == 3);
}
