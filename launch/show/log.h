// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Where messages for people go: standard error and, if there is one, the logfile.
#pragma once

#include <time.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/body.h"
#include "ipc/launch.h"
#include "launch/show/done.h"
#include "launch/show/progress.h"

namespace interimap {

struct Summary {
  Done done;                          // in all of the run
  std::optional<int> exitStatus = 0;  // none: it goes on
  std::chrono::milliseconds time{};
  bool dryRun = false;
};

class Log {
 public:
  struct Options {
    std::string prefix;                  // the log-prefix setting
    std::optional<std::string> logfile;  // created with mode 0600, appended to
    bool quiet = false;                  // no LogLevel::info
    bool debug = false;                  // LogLevel::debug, too: to the logfile if there is one
    bool json = false;                   // lines are JSON objects; the prefix is not used
    std::string component = {};          // of lines that have none of their own
    std::string instance = {};           // the account, of many, that all of them are about
    bool summaries = true;               // a line of text about what a run has done, too
  };
  // Throws Failure(cantCreate) "Can't open LOGFILE: …". `progress` shares the terminal and outlives this.
  Log(Options options, ProgressLine& progress);

  // One line, one write() for each destination. Text beyond kMostLogText is cut.
  void line(LogLevel level, std::string_view component, std::string_view mailbox, std::string_view text,
            const LogSubject& subject = {});
  void line(const LogLine& line) {
    this->line(line.level, nameOf(line.component), line.mailbox, line.text, line.subject);
  }
  // Closes and opens the logfile, which may have been moved away; keeps the old one if that fails.
  void reopen();
  // How a run ended and what was done in it: an object of JSON, or a line if something was.
  void summary(const Summary& summary);
  // Of no account or mailbox.
  void line(LogLevel level, std::string_view text) { line(level, {}, {}, text); }

 private:
  void put(LogLevel level, std::string_view line, std::string_view stamp, bool terminal);
  void write(int fd, std::string_view line);

  Options options_;
  ProgressLine& progress_;
  bool toJournal_;  // lines begin with their priority
  Descriptor logfile_;
};

// "Nov 22 05:01:02.000345 ": month, blank-padded day, time, microseconds, local time.
std::string timeStamp(const timespec& time);

// One line each of --log-format=json; their time is UTC, "2026-11-22T05:01:02.000345Z".
std::string jsonLine(const timespec& time, LogLevel level, std::string_view component,
                     std::string_view mailbox, std::string_view text, const LogSubject& subject = {},
                     std::string_view instance = {});
std::string jsonLine(const timespec& time, const Summary& summary, std::string_view component = {},
                     std::string_view instance = {});

}  // namespace interimap
