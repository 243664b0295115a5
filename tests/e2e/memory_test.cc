// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Too little memory, in every process: it is said, nothing is lost, and a run with enough of it leaves both
// sides equal.
#include "tests/e2e/hostile_pull_bed.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// With that much address space, or that much to be written to in it, for each process: KiB.
Command limited(Command command, char limit, unsigned kibibytes) {
  std::vector<std::string> words{
      "sh", "-c",
      std::string("ulimit -") + limit + " " + std::to_string(kibibytes) + " && exec \"$0\" \"$@\""};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  command.arguments = std::move(words);
  return command;
}

struct Limit {
  char which;  // of ulimit: v address space, d data
  unsigned kibibytes;
};
const Limit kLimits[] = {{'v', 6'000},  {'v', 8'000},  {'v', 10'000}, {'v', 11'000}, {'v', 12'000},
                         {'v', 13'000}, {'v', 14'000}, {'v', 16'000}, {'v', 19'000}, {'v', 24'000},
                         {'v', 40'000}, {'d', 200},    {'d', 400},    {'d', 1'000},  {'d', 4'000}};

}  // namespace

TEST_CASE("interimap with too little memory") {
  NOT_THE_REFERENCE();
  unsigned failed = 0, done = 0;
  for (const Limit& limit : kLimits) {
    CAPTURE(std::string(1, limit.which));
    CAPTURE(limit.kibibytes);
    Scripted bed;
    Scripted::add(bed.local, "INBOX", 1500, 1);
    Scripted::add(bed.remote, "INBOX", 1500, 2);
    bed.local.access([](auto& boxes) {
      for (int i = 0; i < 3; ++i)
        boxes["INBOX"].add("Message-ID: <" + std::to_string(i) + "@x>\r\n\r\n" + std::string(3 << 20, 'x') +
                           "\r\n");
    });
    Run run = watched(limited(bed.program.command(programPath(), {}), limit.which, limit.kibibytes));
    INFO(run.log().substr(0, 4000));
    (run.exitStatus == 0 ? done : failed)++;
    if (run.exitStatus != 0) CHECK(run.log() != "");
    if (fs::exists(bed.program.database()) && fs::file_size(bed.program.database()) > 0)
      CHECK(sql(bed.program.database(), "PRAGMA integrity_check") == "ok\n");
    bed.checkRecovers();
  }
  MESSAGE(failed, " failed, ", done, " did not");
  CHECK(failed >= 3);
  CHECK(done >= 3);
}

TEST_CASE("pullimap with too little memory") {
  unsigned failed = 0, done = 0;
  for (const Limit& limit : kLimits) {
    CAPTURE(std::string(1, limit.which));
    CAPTURE(limit.kibibytes);
    HostilePull bed({}, {}, {}, 200);
    Run run = watched(limited(bed.program.command(pullimapPath(), {"work"}), limit.which, limit.kibibytes));
    INFO(run.log().substr(0, 4000));
    (run.exitStatus == 0 ? done : failed)++;
    bed.logs = run.log();
    if (run.exitStatus != 0) CHECK(run.log() != "");
    bed.checkNothingLost();
    bed.checkRecovers();
  }
  MESSAGE(failed, " failed, ", done, " did not");
  CHECK(failed >= 3);
  CHECK(done >= 3);
}
