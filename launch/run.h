// One run: sync and both nets are started, told what to do, listened to and buried.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "ipc/launch.h"
#include "launch/log.h"
#include "launch/outcome.h"
#include "launch/progress.h"
#include "launch/run_settings.h"
#include "launch/service.h"
#include "launch/signals.h"
#include "launch/worker.h"

namespace interimap {

// What one run after the other shares.
struct Surroundings {
  Log& log;
  ProgressLine& progress;
  Signals& signals;
  Service& service;
};

struct RunEnd {
  int status = 0;  // of the program, if this was its last run
  Asked asked = Asked::nothing;
  Reached reached = Reached::nothing;
  Synchronised done;   // in all
  std::string reason;  // the last error that was logged
};

class Run {
 public:
  explicit Run(Surroundings around) : log_(around.log), around_(around) {}
  // Until every worker is gone. To be called once. Throws Failure if the workers cannot be started.
  RunEnd run(RunSettings settings);

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
  void handle(const Progress& progress);
  void handle(const Synchronised& done);
  void error(std::string_view component, std::string_view mailbox, const std::string& text);
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
  bool well(Clock::time_point now) const;

  Log& log_;
  Surroundings around_;
  std::vector<Member> members_;
  std::vector<End> ends_;
  bool watching_ = false;
  std::chrono::seconds interval_{};
  std::optional<Clock::time_point> backAt_;  // sync waits, and will have looked again by then
  RunEnd end_;
};

// "3 messages copied, 1 expunged, 2 with other flags": what was done, for people; empty if nothing was.
std::string doneText(const Synchronised& done);

}  // namespace interimap
