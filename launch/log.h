// Where messages for people go: standard error and, if there is one, the logfile.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ipc/body.h"
#include "ipc/launch.h"
#include "launch/progress.h"

namespace interimap {

class Log {
 public:
  struct Options {
    std::string prefix;                  // the log-prefix setting
    std::optional<std::string> logfile;  // created with mode 0600, appended to
    bool quiet = false;                  // no LogLevel::info
    bool debug = false;                  // LogLevel::debug, too: to the logfile if there is one
  };
  // Throws Failure(cantCreate) "Can't open LOGFILE: …". `progress` shares the terminal and outlives this.
  Log(Options options, ProgressLine& progress);

  // One line, one write() for each destination. Text beyond kMostLogText is cut.
  void line(LogLevel level, std::string_view component, std::string_view mailbox, std::string_view text);
  void line(const LogLine& line) { this->line(line.level, line.component, line.mailbox, line.text); }
  // Of no account or mailbox.
  void line(LogLevel level, std::string_view text) { line(level, {}, {}, text); }

 private:
  void write(int fd, std::string_view line);

  Options options_;
  ProgressLine& progress_;
  Descriptor logfile_;
};

// "Nov 22 05:01:02.000345 ": month, blank-padded day, time, microseconds, local time.
std::string timeStamp(const timespec& time);

}  // namespace interimap
