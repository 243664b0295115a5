// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/log.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "ipc/failure.h"
#include "launch/run/captured_stderr.h"

using namespace interimap;

namespace {

constexpr const char* kPrefix = "%?n?%?m?%n(%m)&%n?: ?";

std::string contents(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

// Time stamps cut off; each is 23 characters long.
std::string withoutStamps(const std::string& text) {
  std::istringstream in(text);
  std::string all;
  for (std::string line; std::getline(in, line);) all += line.size() < 23 ? "?" : line.substr(23) + "\n";
  return all;
}

void everyLevel(Log& log) {
  log.line(LogLevel::info, "local", "INBOX", "info");
  log.line(LogLevel::notice, "database", "", "notice");
  log.line(LogLevel::warning, "remote", "", "careful");
  log.line(LogLevel::error, "", "", "wrong");
  log.line(LogLevel::debug, "local", "", "S: * OK\r\n");
}

}  // namespace

TEST_CASE("log: levels and destinations") {
  ProgressLine nowhere(-1);
  const std::string head = "local(INBOX): info\n",
                    usual = "database: notice\nremote: WARNING: careful\nERROR: wrong\n",
                    debug = "local: S: * OK\n";
  struct {
    bool quiet, debug;
    std::string shown;
  } table[] = {
      {false, false, head + usual},
      {true, false, usual},
      {false, true, head + usual + debug},
      {true, true, usual + debug},
  };
  for (const auto& row : table) {
    CapturedStderr captured;
    Log log({kPrefix, {}, row.quiet, row.debug}, nowhere);
    everyLevel(log);
    CHECK(captured.text() == row.shown);
  }
}

TEST_CASE("log: the logfile gets debug lines, standard error then does not") {
  char directory[] = "/tmp/interimap-log-XXXXXX";
  REQUIRE(mkdtemp(directory));
  std::string path = std::string(directory) + "/log";
  ProgressLine nowhere(-1);
  mode_t old = umask(0);
  {
    CapturedStderr captured;
    Log log({kPrefix, path, false, true}, nowhere);
    everyLevel(log);
    CHECK(captured.text() ==
          "local(INBOX): info\ndatabase: notice\nremote: WARNING: careful\nERROR: wrong\n");
  }
  umask(old);
  const std::string all =
      "local(INBOX): info\ndatabase: notice\nremote: WARNING: careful\nERROR: wrong\nlocal: S: * OK\n";
  CHECK(withoutStamps(contents(path)) == all);
  {
    CapturedStderr captured;
    Log log({kPrefix, path, true, false}, nowhere);
    everyLevel(log);
  }
  CHECK(withoutStamps(contents(path)) ==
        all + all.substr(all.find("database"), all.rfind("local") - all.find("database")));
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  unlink(path.c_str());
  rmdir(directory);
  CHECK_THROWS_WITH_AS(Log({kPrefix, path, false, false}, nowhere),
                       ("Can't open " + path + ": No such file or directory").c_str(), Failure);
}

TEST_CASE("log: hostile text stays on its line") {
  ProgressLine nowhere(-1);
  CapturedStderr captured;
  Log log({kPrefix, {}, false, false}, nowhere);
  log.line(LogLevel::info, "local", "a\nb", "x\nERROR: y\x1B[2J");
  log.line(LogLevel::info, std::string(kMostLogText + 100, 'x'));
  std::string text = captured.text();
  CHECK(text.starts_with("local(a\\x0Ab): x\\x0AERROR: y\\x1B[2J\n"));
  CHECK(text.size() == text.find('\n') + 1 + kMostLogText + 1);
}

TEST_CASE("log: time stamps") {
  timespec time{0, 345678};
  tm local{
      .tm_sec = 2, .tm_min = 1, .tm_hour = 5, .tm_mday = 3, .tm_mon = 10, .tm_year = 125, .tm_isdst = -1};
  time.tv_sec = mktime(&local);
  CHECK(timeStamp(time) == "Nov  3 05:01:02.000345 ");
}

TEST_CASE("log: lines as JSON, and a summary") {
  ProgressLine nowhere(-1);
  char directory[] = "/tmp/interimap-log-XXXXXX";
  REQUIRE(mkdtemp(directory));
  std::string path = std::string(directory) + "/log";
  CapturedStderr captured;
  Log log({kPrefix, path, true, true, true}, nowhere);
  everyLevel(log);
  log.summary({});
  auto withoutTimes = [](std::string text) {
    std::string all;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      CHECK(line.substr(0, 9) == "{\"time\":\"");
      CHECK(line.substr(35, 4) == "Z\",\"");
      all += line.substr(38) + "\n";
    }
    return all;
  };
  const std::string
      lines =
          R"("level":"notice","component":"database","mailbox":"","text":"notice"}
"level":"warning","component":"remote","mailbox":"","text":"careful","side":"remote"}
"level":"error","component":"","mailbox":"","text":"wrong"}
)",
      debug = R"("level":"debug","component":"local","mailbox":"","text":"S: * OK","side":"local"}
)",
      summary =
          R"("level":"summary","exitStatus":0,"milliseconds":0,"mailboxes":0,"copiedToLocal":0,)"
          R"("copiedToRemote":0,"flagsUpdated":0,"expunged":0,"failed":0,"held":0,"octets":0,"octetsToLocal":0,"octetsToRemote":0}
)";
  CHECK(withoutTimes(captured.text()) == lines + summary);
  CHECK(withoutTimes(contents(path)) == lines + debug + summary);
  std::filesystem::remove_all(directory);
}

TEST_CASE("log: names are readable, and as JSON the one on the wire is beside it") {
  const std::string line =
      jsonLine({951827696, 7000}, LogLevel::info, "local", "Entw&APw-rfe", "Created mailbox Entw&APw-rfe");
  CHECK(line.find(R"("mailbox":"Entwürfe","wire":"Entw&APw-rfe","text":"Created mailbox Entwürfe")") !=
        std::string::npos);
  const std::string debug = jsonLine({951827696, 7000}, LogLevel::debug, "local", "", "C: CREATE &APw-");
  CHECK(debug.find(R"("text":"C: CREATE &APw-")") != std::string::npos);
  CHECK(debug.find("wire") == std::string::npos);
}

TEST_CASE("log: what a summary tells") {
  Summary summary{Synchronised{.copiedToLocal = 1,
                               .copiedToRemote = 2,
                               .flagsUpdated = 3,
                               .expunged = 4,
                               .failed = 5,
                               .octetsToLocal = 6,
                               .octetsToRemote = 3,
                               .mailboxes = 7,
                               .held = 8},
                  75, std::chrono::milliseconds(1234)};
  CHECK(jsonLine({951827696, 7000}, summary) ==
        R"({"time":"2000-02-29T12:34:56.000007Z","level":"summary","exitStatus":75,"milliseconds":1234,)"
        R"("mailboxes":7,"copiedToLocal":1,"copiedToRemote":2,"flagsUpdated":3,"expunged":4,"failed":5,)"
        R"("held":8,"octets":9,"octetsToLocal":6,"octetsToRemote":3})"
        "\n");
  summary.dryRun = true;
  CHECK(jsonLine({951827696, 7000}, summary).find(R"("milliseconds":1234,"dryRun":1,"mailboxes":7,)") !=
        std::string::npos);
}

TEST_CASE("log: a line of text about what a run has done, if it has done anything") {
  ProgressLine nowhere(-1);
  const Summary nothing, something{Synchronised{.flagsUpdated = 3}, 0, std::chrono::milliseconds(1234)};
  struct {
    bool quiet, summaries;
    Summary summary;
    const char* text;
  } table[] = {
      {false, true, nothing, ""},
      {false, true, something, "3 flag changes in 1.2 s\n"},
      {true, true, something, ""},
      {false, false, something, ""},
      {false, true, {something.done, std::nullopt, something.time}, ""},  // it goes on
      {false, true, {something.done, 0, something.time, true}, "Would make 3 flag changes\n"},
  };
  for (const auto& row : table) {
    CapturedStderr captured;
    Log({.prefix = kPrefix, .quiet = row.quiet, .summaries = row.summaries}, nowhere).summary(row.summary);
    CHECK(captured.text() == row.text);
  }
}

TEST_CASE("log: lines for the journal begin with their priority, and no others do") {
  ProgressLine nowhere(-1);
  for (bool itsOwn : {true, false}) {
    CapturedStderr captured;
    struct stat its {};
    REQUIRE(fstat(STDERR_FILENO, &its) == 0);
    const std::string stream = std::to_string(its.st_dev) + ":" + std::to_string(its.st_ino + !itsOwn);
    setenv("JOURNAL_STREAM", stream.c_str(), 1);
    Log log({.prefix = "", .debug = true}, nowhere);
    unsetenv("JOURNAL_STREAM");
    log.line(LogLevel::error, "broken");
    log.line(LogLevel::warning, "odd");
    log.line(LogLevel::notice, "noted");
    log.line(LogLevel::info, "done");
    log.line(LogLevel::debug, "said");
    CHECK(captured.text() == (itsOwn ? "<3>ERROR: broken\n<4>WARNING: odd\n<5>noted\n<6>done\n<7>said\n"
                                     : "ERROR: broken\nWARNING: odd\nnoted\ndone\nsaid\n"));
  }
}

TEST_CASE("log: what a summary of pullimap tells") {
  Summary summary{Pulled{.delivered = 1, .deferred = 2, .refused = 3, .unknown = 4, .purged = 5, .octets = 6},
                  65, std::chrono::milliseconds(1234)};
  CHECK(jsonLine({951827696, 7000}, summary, "work") ==
        R"({"time":"2000-02-29T12:34:56.000007Z","level":"summary","component":"work","exitStatus":65,)"
        R"("milliseconds":1234,"delivered":1,"deferred":2,"refused":3,"unknown":4,"purged":5,"octets":6})"
        "\n");
}

TEST_CASE("log: lines of no component are the section's") {
  ProgressLine nowhere(-1);
  CapturedStderr captured;
  Log log({.prefix = kPrefix, .component = "work"}, nowhere);
  log.line(LogLevel::info, "one");
  log.line(LogLevel::error, {}, "INBOX", "two");
  log.line(LogLevel::info, "other", {}, "three");
  CHECK(captured.text() == "work: one\nwork(INBOX): ERROR: two\nother: three\n");
}

TEST_CASE("log: a logfile that was moved away is opened again") {
  ProgressLine nowhere(-1);
  char directory[] = "/tmp/interimap-log-XXXXXX";
  REQUIRE(mkdtemp(directory));
  std::string path = std::string(directory) + "/log", moved = path + ".1";
  CapturedStderr captured;
  Log log({kPrefix, path, false, false}, nowhere);
  log.line(LogLevel::info, "one");
  REQUIRE(rename(path.c_str(), moved.c_str()) == 0);
  log.line(LogLevel::info, "two");
  log.reopen();
  log.line(LogLevel::info, "three");
  CHECK(withoutStamps(contents(moved)) == "one\ntwo\n");
  CHECK(withoutStamps(contents(path)) == "three\n");
  std::filesystem::remove_all(directory);
  log.reopen();
  CHECK(captured.text().ends_with("WARNING: Can't open " + path + ": No such file or directory\n"));
}
