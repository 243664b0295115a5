// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One run: sync and its net or nets are started, told what to do, listened to and buried; and so is one
// delivery process after the other, when sync wants them, or more nets for the same accounts.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ipc/launch.h"
#include "launch/run/outcome.h"
#include "launch/run/pull_settings.h"
#include "launch/run/run_settings.h"
#include "launch/run/service.h"
#include "launch/run/signals.h"
#include "launch/run/worker.h"
#include "launch/show/done.h"
#include "launch/show/flood.h"
#include "launch/show/log.h"
#include "launch/show/progress.h"

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
  Done done;             // in all
  std::string reason;    // the last error that was logged
  std::string exported;  // the state in the reference's form, if that was the errand
};

// What to do: interimap's kind of run or pullimap's.
using AnySettings = std::variant<RunSettings, PullSettings>;

class Run {
 public:
  explicit Run(Surroundings around) : log_(around.log), around_(around) {}
  // Until every worker is gone. To be called once. Throws Failure if the workers cannot be started.
  RunEnd run(AnySettings settings);

 private:
  using Clock = std::chrono::steady_clock;

  struct Member {
    Role role;
    unsigned number;  // from 1, of the connections of a side
    Worker worker;
    std::optional<ExitStatus> said;
    bool killed = false, violated = false, gone = false;
    std::optional<Clock::time_point> killAt;  // when patience ends
    std::map<LogLevel, Flood> floods;         // of its log lines, level by level

    bool isExtra() const { return number > 1; }
    // There for a while, at sync's wish; its end is not that of the run.
    bool isPassing() const { return role == Role::delivery || isExtra(); }
  };

  static std::string nameOf(Role role, unsigned number);  // "remote/2": the second connection of a side
  void start(RunSettings settings);
  void start(PullSettings settings);
  Member& add(Role role, std::vector<Descriptor> peers, unsigned number = 1,
              Inherits inherits = Inherits::needed);
  void startDelivery();
  void startNets(const WantsNets& wants);
  void startNet(Side side, const settings::Net& account, unsigned number);
  void wait();
  void serve(Member& member);
  void tell(Member& member, const std::vector<std::string>& spoken);
  bool admits(Member& member, LogLevel level, std::size_t octets);
  void tellLeftOut(const Member& member, LogLevel level, std::uint64_t count);
  void handle(Member& member, const Report& report);
  void handle(Member& member, const LogLine& line);
  void handle(const Member& member, const Traffic& traffic);
  void handle(const Progress& progress);
  void handle(const Exported& exported);
  template <class What>
  void handleDone(const What& done);
  bool isExpected(const Report& report) const;
  void summarise(const Pulled& done);
  void error(std::string_view component, std::string_view mailbox, const std::string& text,
             const LogSubject& subject = {});
  void error(const Member& member, const std::string& text);
  void warn(const Member& member, const std::string& text);
  std::string component(const Member& member) const;
  void violation(Member& member, const char* what);
  void send(Member& member, Order order);
  void flush(Member& member);
  void readSignals();
  void stop(Asked asked);
  void reap();
  void bury(Member& member, int waitStatus);
  void tellTraffic(Role role);
  void hurryOthers(const Member& gone);
  Clock::duration patienceWithSync() const;
  void hurry(Member& member, Clock::duration patience);
  void killLate();
  bool running() const;
  bool well(Clock::time_point now) const;

  Log& log_;
  Surroundings around_;
  std::string workers_;
  std::vector<Member> members_;
  std::vector<End> ends_;
  std::optional<settings::Delivery> delivery_;  // pullimap: how each delivery process is told to go about it
  // interimap: an account to which there may be more connections than one, and how many.
  struct Several {
    settings::Net account;
    std::uint8_t most;
  };
  std::optional<Several> local_, remote_;
  struct Sum {
    Traffic traffic;
    bool isDue = false;  // the first net has ended
  };
  std::map<Role, Sum> traffic_;  // of the nets of a side
  bool exporting_ = false;
  bool deliveryWanted_ = false;
  std::optional<WantsNets> netsWanted_;
  std::chrono::seconds interval_{};
  Clock::time_point began_ = Clock::now(), summary_ = began_;  // the last one that was told meanwhile
  std::optional<Clock::time_point> backAt_;  // sync waits, and will have looked again by then
  RunEnd end_;
};

}  // namespace interimap
