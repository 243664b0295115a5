// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What happens to processes: stopped, told to end, killed, one by one and in mid-run; and a disk that is
// full. Afterwards nobody is left, and the next run leaves both sides equal.
#include <signal.h>
#include <sys/mount.h>

#include <set>

#include "tests/e2e/cut_bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/pull_bed.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;
using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 60s;

// A program in the middle of its run: the remote server's octets do not get through for now.
class Halfway {
 public:
  Halfway(CutBed& bed, std::size_t octets) : bed_(bed) {
    fs::remove(log());
    process = bed.through(false, relay(octets)).runInBackground({"--debug"});
    group = process.pid();
    REQUIRE(eventually([&] { return relay_->stalled(); }));
    workers = workersOf(group);
    REQUIRE(workers.size() == 3);
  }

  Run end() {
    relay_->resume();
    Run run{process.wait(kPatience)};
    run.errors = readFile(log());
    return run;
  }
  fs::path log() const { return bed_.program.directory() / "stderr"; }
  pid_t processOf(const std::string& name) const { return name == "launch" ? group : workers.at(name); }

  BackgroundProcess process;
  pid_t group = -1;
  std::map<std::string, pid_t> workers;

 private:
  const Relay& relay(std::size_t octets) {
    RelayOptions options;
    options.cutAfter = octets;
    options.cut = RelayOptions::Cut::stall;
    return relay_.emplace(bed_.remote.imap(), options);
  }

  CutBed& bed_;
  std::optional<Relay> relay_;
};

struct Processes : CutBed {
  Processes() {
    Corpus corpus(31);
    prepareFirst(corpus);
    Relay relay(remote.imap());
    requireDone(through(false, relay).run({}));
    octets = relay.connections().at(0).toClient;
    expected = here();
    checkEqual(expected, there());
    through(false, remote.imap());
  }
  // At these parts of the way: login, lists, bodies, the last answers.
  std::vector<std::size_t> places() const { return {octets / 50, octets / 3, octets * 9 / 10}; }
  void again() {
    through(false, remote.imap());
    checkConverges(expected);
  }

  std::size_t octets = 0;
  Snapshot expected;
};

// A small file system of our own below `at`, as long as this lives.
class SmallDisk {
 public:
  SmallDisk(const fs::path& at, unsigned kibibytes) : at_(at) {
    const MailUser& user = mailUser();
    options_ = "uid=" + std::to_string(user.uid) + ",gid=" + std::to_string(user.gid) + ",mode=0700,size=";
    mounted_ =
        mount("tmpfs", at.c_str(), "tmpfs", 0, (options_ + std::to_string(kibibytes) + "k").c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(at_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  void grow() { REQUIRE(mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT, (options_ + "16m").c_str()) == 0); }

 private:
  fs::path at_;
  std::string options_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE_FIXTURE(Processes, "each process stopped for a while: the run goes on as if nothing had been") {
  NOT_THE_REFERENCE();
  for (const std::string name : {"launch", "sync", "local", "remote"}) {
    CAPTURE(name);
    restore("first");
    Halfway run(*this, octets / 3);
    const pid_t pid = run.processOf(name);
    REQUIRE(kill(pid, SIGSTOP) == 0);
    CHECK(eventually([&] { return stateOf(pid) == 'T'; }));
    REQUIRE(kill(pid, SIGCONT) == 0);
    Run ended = run.end();
    requireDone(ended);
    CHECK(processesOf(run.group) == "");
    again();
  }
}

TEST_CASE_FIXTURE(Processes, "SIGTERM at any time: 0, and nobody is left; also while the server is silent") {
  NOT_THE_REFERENCE();
  for (std::size_t place : places()) {
    for (const std::string stopped : {"", "local", "remote"}) {
      CAPTURE(place);
      CAPTURE(stopped);
      restore("first");
      Halfway run(*this, place);
      if (!stopped.empty()) kill(run.processOf(stopped), SIGSTOP);
      run.process.signal(SIGTERM);
      Run ended{run.process.wait(kPatience)};
      INFO(readFile(run.log()));
      CHECK(ended.exitStatus == 0);
      CHECK(processesOf(run.group) == "");
      run.end();
      again();
    }
  }
}

TEST_CASE_FIXTURE(Processes, "each worker killed: 70, it is named, and nobody is left") {
  NOT_THE_REFERENCE();
  for (std::size_t place : places()) {
    for (const std::string name : {"sync", "local", "remote"}) {
      CAPTURE(place);
      CAPTURE(name);
      restore("first");
      Halfway run(*this, place);
      REQUIRE(kill(run.processOf(name), SIGKILL) == 0);
      Run ended = run.end();
      INFO(ended.log());
      CHECK(ended.exitStatus == static_cast<int>(ExitStatus::internal));
      CHECK(ended.says(name + ": ERROR: killed by signal SIGKILL"));
      CHECK(processesOf(run.group) == "");
      again();
    }
  }
}

TEST_CASE_FIXTURE(Processes, "launch killed: its workers end by themselves") {
  NOT_THE_REFERENCE();
  for (std::size_t place : places()) {
    CAPTURE(place);
    restore("first");
    Halfway run(*this, place);
    REQUIRE(kill(run.group, SIGKILL) == 0);
    CHECK(eventually([&] {
      for (const auto& [name, pid] : run.workers)
        if (stateOf(pid) != 0 && stateOf(pid) != 'Z') return false;
      return true;
    }));
    run.end();
    again();
  }
}

TEST_CASE_FIXTURE(Processes, "no room for the database: 74, it is said, and the next run goes on") {
  NOT_THE_REFERENCE();
  if (geteuid() != 0) {
    MESSAGE("skipped: only root has a small disk");
    return;
  }
  unsigned failed = 0;
  for (unsigned kibibytes : {8, 32, 64, 96, 128, 160, 192, 256}) {
    CAPTURE(kibibytes);
    restore("first");
    SmallDisk disk(program.directory() / "data/interimap", kibibytes);
    if (!disk.mounted()) {
      MESSAGE("skipped: cannot mount here");
      return;
    }
    pid_t group = -1;
    Run run = runNoticed(program, group);
    INFO(run.log());
    CHECK_FALSE(run.timedOut);
    CHECK(processesOf(group) == "");
    if (run.exitStatus != 0) {
      ++failed;
      CHECK((run.exitStatus == static_cast<int>(ExitStatus::io) ||
             run.exitStatus == static_cast<int>(ExitStatus::cantCreate)));
      CHECK(run.says("ERROR: "));
      CHECK(run.says("full"));
    }
    disk.grow();
    requireDone(program.run());
    CHECK(sql(program.database(), "PRAGMA integrity_check") == "ok\n");
    again();
  }
  CHECK(failed >= 2);
}

// Five messages of which the second hangs at its final dot.
TEST_CASE("pullimap: each worker killed while a message is handed over: 70, and no mail is lost") {
  NOT_THE_REFERENCE();
  for (const std::string name : {"sync", "net", "delivery"}) {
    CAPTURE(name);
    PullBed bed;
    bed.append(mails("m", 5));
    bed.sink.on("\\.", 2, {.alsoAnswer = true, .hang = true});
    BackgroundProcess process = bed.program.runInBackground({"--debug", "work"});
    const pid_t group = process.pid();
    REQUIRE(eventually([&] { return bed.sink.hangs(); }));
    auto workers = workersOf(group);
    REQUIRE(workers.contains(name));
    REQUIRE(kill(workers[name], SIGKILL) == 0);
    if (name == "net") {  // what is being delivered is waited for
      REQUIRE(eventually([&] { return !workersOf(group).contains("net"); }));
      bed.sink.release();
    }
    Outcome outcome = process.wait(kPatience);
    INFO(bed.program.log());
    CHECK(outcome.exitStatus == static_cast<int>(ExitStatus::internal));
    CHECK(bed.program.log().find(name + ": killed by signal SIGKILL") != std::string::npos);
    CHECK(processesOf(group) == "");
    bed.sink.release();
    bed.sink.forget();
    bed.server.waitUntilIdle();
    Run second = bed.program.run();
    INFO(second.log());
    CHECK((second.exitStatus == 0 || second.exitStatus == static_cast<int>(ExitStatus::tryAgain)));
    std::set<std::string> subjectsSeen;
    for (const SinkMessage& m : bed.sink.messages()) subjectsSeen.insert(headerField(m.text, "Subject"));
    if (second.exitStatus == 0) CHECK(subjectsSeen.size() == 5);
    // What came twice was in doubt, and named.
    const auto twice = duplicates(bed.sink.messages()).size();
    const auto named = uidsOf(bed.program.log() + second.log(), kInDoubt).size();
    CHECK(twice <= named);
  }
}
