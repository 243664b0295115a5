// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Runs of pullimap: one net, and delivery when sync wants it.
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "launch/run/fake_workers.h"
#include "launch/run/run.h"

using namespace interimap;
using namespace interimap::fake;

TEST_CASE("a pull: settings, lock, go, delivery, end") {
  Result result = play({.sync = "sldiDauw0", .net = "sgdTq", .delivery = "sgdi0"});
  CHECK(result.status == 0);
  for (const char* line :
       {"work(INBOX): hello\n", "work: right\n", "work: IMAP traffic (bytes): recv 1 sent 2\n"})
    CHECK(result.log.find(line) != std::string::npos);
  CHECK(result.log.find("wrong") == std::string::npos);
  CHECK(result.log.find("ERROR") == std::string::npos);
}

TEST_CASE("a pull: who failed decides, and only that is told") {
  struct {
    const char *sync, *net, *delivery;
    int status;
    const char* log;
  } table[] = {
      {"se5", "st0", "", 75, "work: ERROR: oops\n"},  // never locked, so net does not start
      {"slw9", "sge7", "", 77, "work: ERROR: oops\n"},
      {"slwq", "sgk", "", 70, "work: ERROR: net: killed by signal SIGKILL\n"},
      // what becomes of a delivery is sync's to judge
      {"slDaDa0", "sgwq", "sge7|sge9", 0, "work: ERROR: oops\nwork: ERROR: oops\n"},
      {"slDa5", "sgwq", "sg0", 75, ""},
      // ... unless it crashed, or broke the protocol between us
      {"slDat0", "sgwq", "sgk", 70, "work: ERROR: delivery: killed by signal SIGKILL\n"},
      {"slDat0", "sgwq", "sgvz", 70,
       "work: ERROR: delivery: broke the protocol between us: a packet that is no message\n"},
      {"slDat0", "sgwq", "sgDz", 70,
       "work: ERROR: delivery: broke the protocol between us: unexpected report: wants a deliverer\n"},
      // reports of the other program's sync
      {"slNz", "sgwq", "", 70,
       "work: ERROR: sync: broke the protocol between us: unexpected report: synchronised\n"},
      {"slEz", "sgwq", "", 70,
       "work: ERROR: sync: broke the protocol between us: unexpected report: exported\n"},
      // a delivery process that hangs on is killed when sync is done
      {"slDa0", "sgwq", "sgz", 0, ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.sync);
    CAPTURE(row.delivery);
    Result result = play({.sync = row.sync, .net = row.net, .delivery = row.delivery});
    CHECK(result.status == row.status);
    // Two deliveries may tell of their ends in any order, and one may be killed before it does.
    if (std::string_view(row.sync).find("DaDa") == std::string_view::npos) CHECK(result.log == row.log);
  }
}

TEST_CASE("a pull: interimap's sync cannot want delivery") {
  Result result = play({"slDz", "sgwq", "sgwq"});
  CHECK(result.status == 70);
  CHECK(result.log == "sync: ERROR: broke the protocol between us: unexpected report: wants a deliverer\n");
}

TEST_CASE("a pull: SIGTERM and SIGINT stop sync and delivery") {
  Result result = play({.sync = "slDaKt0", .net = "sgwq", .delivery = "sgt0"});
  CHECK(result.status == 0);
  CHECK(result.log == "");
  result = play({.sync = "slDaIt0", .net = "sgwq", .delivery = "sgt0"});
  CHECK(result.status == 1);
  CHECK(result.log == "work: Interrupted (Ctrl-C)\n");
}

TEST_CASE("a pull: what was done is summed up") {
  Result result = play({.sync = "sluu5", .json = true, .net = "sgwq"});
  CHECK(result.status == 75);
  CHECK(result.log.find(R"("level":"summary","component":"work","exitStatus":75,)") != std::string::npos);
  CHECK(result.log.find(R"("delivered":2,"deferred":2,"refused":0,"unknown":0,"purged":0,"octets":0})") !=
        std::string::npos);
}

TEST_CASE("a pull: the state is exported without a net") {
  Play play{.sync = "slEE0", .net = "x"};
  play.pull.errand = settings::Pull::Errand::exportState;
  Result result = fake::play(play);
  CHECK(result.status == 0);
  CHECK(result.exported == "statestate");
  CHECK(result.log == "");
}

TEST_CASE("idling: a connection that breaks is made again, a crash ends it") {
  Result result = play({.sync = "slUwq|slwq|slUKt0", .watch = true, .net = "sge9|sge9|sgwq"});
  CHECK(result.status == 0);
  CHECK(withoutTimes(result.log) ==
        "work: ERROR: oops\nwork: trying again in N s\nwork: ERROR: oops\nwork: trying again in N s\n");
  result = play({.sync = "slUDat0", .watch = true, .net = "sgwq", .delivery = "sgk"});
  CHECK(result.status == 70);
}
