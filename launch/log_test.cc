#include "launch/log.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include <fstream>
#include <sstream>

#include "ipc/failure.h"
#include "launch/captured_stderr.h"

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
