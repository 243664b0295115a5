// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Programs that the tests run: to their end, or in the background. Each is the leader of a process group of
// its own, and that group is all that is ever signalled.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace interimap::bed {

// Who servers and the program under test run as: nobody when the tests are run by root, else whoever runs
// them.
struct MailUser {
  uid_t uid;
  gid_t gid;
  std::string name, group;
};
const MailUser& mailUser();

struct Command {
  std::vector<std::string> arguments;    // the first is looked up in /usr/sbin:/usr/bin:/sbin:/bin
  std::vector<std::string> environment;  // NAME=value, beside PATH, HOME=/ and LC_ALL=C; nothing is inherited
  std::string input = {};                // its standard input
  std::chrono::milliseconds timeout{120'000};
  bool unprivileged = true;                 // as the mail user
  std::function<void(pid_t)> started = {};  // told the process, which leads a group of the same number
};

struct Outcome {
  int exitStatus = -1;  // -1: ended by a signal
  int signal = 0;
  bool timedOut = false;  // and was killed, with its group
  std::string output, errors;
  std::chrono::duration<double> wall{0};
  // Of the process and of the descendants that it waited for; where the caller is a subreaper
  // (PR_SET_CHILD_SUBREAPER), also of those of its group that it left behind.
  std::chrono::duration<double> user{0}, system{0};

  bool succeeded() const { return exitStatus == 0; }
};

Outcome run(const Command& command);

// Ends, with its whole group, when the object or the test program does.
class BackgroundProcess {
 public:
  BackgroundProcess() = default;
  // Output and errors are appended to `log`.
  BackgroundProcess(const Command& command, const std::string& log);
  ~BackgroundProcess();
  BackgroundProcess(BackgroundProcess&& other) noexcept;
  BackgroundProcess& operator=(BackgroundProcess&& other) noexcept;

  pid_t pid() const { return pid_; }
  bool running();           // false once it has ended by itself
  void signal(int number);  // the leader alone
  void end();               // SIGKILL to the group
  Outcome wait(std::chrono::milliseconds timeout);

 private:
  void ended(int status);
  pid_t pid_ = -1;
  std::string log_;
  Outcome outcome_;
};

}  // namespace interimap::bed
