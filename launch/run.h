// One run of interimap: sync and both nets are started, told what to do, listened to and buried.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "ipc/body.h"
#include "ipc/launch.h"
#include "launch/log.h"
#include "launch/outcome.h"
#include "launch/progress.h"
#include "launch/worker.h"

namespace interimap {

struct RunSettings {
  std::string workers;  // the directory of their programs
  settings::Sync sync;
  settings::Net local, remote;
};

class Run {
 public:
  Run(Log& log, ProgressLine& progress);
  // Until every worker is gone; the exit status of the program. Throws Failure if the workers cannot be
  // started.
  int run(RunSettings settings);

 private:
  using Clock = std::chrono::steady_clock;

  struct Member {
    Role role;
    Worker worker;
    std::optional<ExitStatus> said;
    bool killed = false, violated = false, gone = false;
    std::optional<Clock::time_point> killAt;  // when patience ends
  };

  void start(RunSettings settings);
  void wait();
  void serve(Member& member);
  void handle(Member& member, const Report& report);
  void handle(Member& member, const LogLine& line);
  void violation(Member& member, const char* what);
  void send(Member& member, Order order);
  void flush(Member& member);
  void readSignals();
  void stop(Asked asked);
  void reap();
  void bury(Member& member, int waitStatus);
  void hurry(Member& member, Clock::duration patience);
  void killLate();
  bool running() const;

  Log& log_;
  ProgressLine& progress_;
  Descriptor signals_;
  std::vector<Member> members_;
  std::vector<End> ends_;
  bool locked_ = false;  // sync has the database, the nets were told to connect
  Asked asked_ = Asked::nothing;
};

}  // namespace interimap
