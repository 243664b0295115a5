// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Connections that end, half end, or stop at any octet, in either direction, on either side; within TLS, too.
// The run says so and ends with 69, and the next one leaves both sides equal, nothing lost, nothing twice.
// INTERIMAP_TORTURE=1: at every single octet.
#include <algorithm>

#include "tests/e2e/cut_bed.h"
#include "tests/e2e/eventually.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

using Cut = RelayOptions::Cut;

struct Where {
  bool atLocal, toServer;
  Cut cut;
};

RelayOptions options(const Where& where, std::size_t k) {
  RelayOptions options;
  (where.toServer ? options.cutToServerAfter : options.cutAfter) = k;
  options.cut = where.cut;
  return options;
}

// `points` of 0 to total - 1, spread, or all of them.
std::vector<std::size_t> pointsOf(std::size_t total, std::size_t points) {
  std::vector<std::size_t> all;
  if (isTorture()) points = total;
  for (std::size_t i = 0; i < points; ++i) all.push_back(i * total / points);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

struct Octets : CutBed {
  using CutBed::CutBed;

  // What an undisturbed run of this state takes, in this direction.
  std::size_t total(const std::string& state, const Where& where) {
    restore(state);
    Relay relay(port(where.atLocal));
    requireDone(through(where.atLocal, relay).run({}));
    RelayedConnection counts = relay.connections().at(0);
    return where.toServer ? counts.toServer : counts.toClient;
  }

  void cutEverywhere(const std::string& state, std::size_t points) {
    const Snapshot expected = undisturbed(state);
    std::size_t cuts = 0, noticed = 0;
    for (const Where& where : {Where{true, true, Cut::close},
                               {true, false, Cut::close},
                               {false, true, Cut::halfClose},
                               {false, false, Cut::halfClose},
                               {false, true, Cut::close},
                               {false, false, Cut::close}}) {
      for (std::size_t k : pointsOf(total(state, where), points)) {
        CAPTURE(where.atLocal);
        CAPTURE(where.toServer);
        const bool isHalf = where.cut == Cut::halfClose;
        CAPTURE(isHalf);
        CAPTURE(k);
        restore(state);
        pid_t group = -1;
        Run run;
        {
          Relay relay(port(where.atLocal), options(where, k));
          run = runNoticed(through(where.atLocal, relay), group);
        }
        ++cuts;
        noticed += run.exitStatus != 0;
        checkFailedWell(run, group, where.atLocal, expected);
      }
    }
    CHECK(noticed * 10 >= cuts * 8);
    MESSAGE(cuts, " cuts, ", noticed, " noticed");
  }
};

// Maildir, where a killed Dovecot forgets nothing but the names of new keywords, so that there are none, and
// its locks, which it would honour for a minute.
struct Killed : Octets {
  Killed() : Octets({}, {}) {}

  void bringBack(Dovecot& server, const std::string& user) {
    std::vector<fs::path> locks;
    for (const auto& entry : fs::recursive_directory_iterator(server.home(user)))
      if (entry.path().extension() == ".lock") locks.push_back(entry.path());
    for (const fs::path& lock : locks) fs::remove(lock);
    server.start();
  }
};

}  // namespace

TEST_CASE_FIXTURE(Octets, "a first sync cut at any octet") {
  NOT_THE_REFERENCE();
  Corpus corpus(21);
  prepareFirst(corpus);
  cutEverywhere("first", 3);
}

TEST_CASE_FIXTURE(Octets, "an incremental sync cut at any octet") {
  NOT_THE_REFERENCE();
  Corpus corpus(22);
  prepareFirst(corpus);
  prepareLater(corpus);
  cutEverywhere("later", 3);
}

// What comes under TLS is whole, or it is an error: an end without close_notify (RFC 8446 section 6.1) is
// none that the server meant.
TEST_CASE("TLS that is cut short, with and without an end of the connection") {
  NOT_THE_REFERENCE();
  Directory directory;
  Certificates certificates(directory / "certificates");
  Octets bed(
      {}, {.mailLocation = "sdbox:~/sdbox", .certificate = certificates.server(), .key = certificates.key()});
  Corpus corpus(23);
  bed.prepareFirst(corpus);
  const Snapshot expected = bed.undisturbed("first");
  auto secured = [&](std::uint16_t port) {
    return Interimap(bed.program.directory(), cleartext(bed.local.imap(), "alice"),
                     {.type = "imaps",
                      .port = port,
                      .user = "bob",
                      .more = {"SSL_CAfile = " + certificates.authority().string()}});
  };
  std::size_t total = 0;
  {
    Relay relay(bed.remote.imaps());
    requireDone(secured(relay.port()).run({}));
    total = relay.connections().at(0).toClient;
  }
  for (Cut cut : {Cut::close, Cut::halfClose}) {
    for (std::size_t k : pointsOf(total, 5)) {
      const bool isHalf = cut == Cut::halfClose;
      CAPTURE(isHalf);
      CAPTURE(k);
      bed.restore("first");
      pid_t group = -1;
      Run run;
      {
        Relay relay(bed.remote.imaps(), options({false, false, cut}, k));
        run = Octets::runNoticed(secured(relay.port()), group);
      }
      INFO("the disturbed run:\n", run.log());
      CHECK((run.exitStatus == 0 || run.says("remote: ERROR: ")));
      bed.checkFailedWell(run, group, false, expected);
    }
  }
}

TEST_CASE_FIXTURE(Killed, "a server that is killed in mid-run, and comes back") {
  NOT_THE_REFERENCE();
  Corpus corpus(24, Keywords::none);
  prepareFirst(corpus);
  prepareLater(corpus);
  for (const char* state : {"first", "later"}) {
    const Snapshot expected = undisturbed(state);
    for (const Where& where :
         {Where{false, false, Cut::stall}, {false, true, Cut::stall}, {true, false, Cut::stall}}) {
      const std::size_t whole = total(state, where);
      for (std::size_t quarter : {1u, 3u}) {
        CAPTURE(std::string(state));
        CAPTURE(where.atLocal);
        CAPTURE(where.toServer);
        CAPTURE(quarter);
        restore(state);
        Dovecot& server = where.atLocal ? local : remote;
        Relay relay(port(where.atLocal), options(where, whole * quarter / 4));
        fs::remove(program.directory() / "stderr");
        BackgroundProcess process = through(where.atLocal, relay).runInBackground({"--debug"});
        const pid_t group = process.pid();
        const bool inTime =
            eventually([&] { return relay.stalled() || !process.running(); }) && process.running();
        server.stop();
        relay.resume();
        Run run{process.wait(std::chrono::seconds(60))};
        bringBack(server, where.atLocal ? "alice" : "bob");
        run.errors = readFile(program.directory() / "stderr");
        INFO(run.log());
        // What was held up last may have been no more than the answer to what nobody waited for.
        if (inTime && !run.says("while nothing was asked of it"))
          CHECK(run.exitStatus == static_cast<int>(ExitStatus::unavailable));
        checkFailedWell(run, group, where.atLocal, expected);
      }
    }
  }
}
