// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One run: sync and its net or nets are started and told what to do; and so is one delivery process after the
// other, when sync wants them, or more nets for the same accounts. What they report is heard here.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ipc/failure.h"
#include "ipc/launch.h"
#include "launch/run/change_command.h"
#include "launch/run/crew.h"
#include "launch/run/outcome.h"
#include "launch/run/pull_settings.h"
#include "launch/run/run_settings.h"
#include "launch/run/service.h"
#include "launch/run/signals.h"
#include "launch/run/voices.h"
#include "launch/show/done.h"
#include "launch/show/log.h"
#include "launch/show/metrics.h"
#include "launch/show/progress.h"

namespace interimap {

// What one run after the other shares.
struct Surroundings {
  Log& log;
  ProgressLine& progress;
  Signals& signals;
  Service& service;
  Metrics* metrics = nullptr;               // of a run that does something, if they are wanted
  const ChangeCommand* onChange = nullptr;  // likewise

  // That they cannot be written is no reason to stop.
  void writeMetrics() const {
    try {
      metrics->write();
    } catch (const Failure& failure) {
      log.line(LogLevel::warning, failure.what());
    }
  }
};

// A server hung up because it is asked too much, or no more may be transferred today: after so long there may
// be another run, as long as all the waiting is not longer than `most` (max-wait).
struct ComeBack {
  std::chrono::milliseconds after, most;
  const char* why = "The server is asked too much";
};

struct RunEnd {
  int status = 0;  // of the program, if this was its last run
  Asked asked = Asked::nothing;
  Reached reached = Reached::nothing;
  Done done;                           // in all
  std::string reason;                  // the last error that was logged
  std::string exported;                // the state in the reference's form, if that was the errand
  std::vector<Finding> findings = {};  // if to find them was
  std::optional<ComeBack> comeBack = {};
  std::chrono::steady_clock::time_point notBefore = {};  // a server asks to be left alone until then
  bool copied = false;                                   // something, or was about to
  bool carried = false;                                  // something for sure
};

// What to do: interimap's kind of run or pullimap's.
using AnySettings = std::variant<RunSettings, PullSettings>;

// A method for each report and for each thing that may happen to a worker: hence more than 25.
class Run : private Crew::Leader {
 public:
  explicit Run(Surroundings around) : around_(around), voices_(around.log), crew_(*this) {}
  // Until every worker is gone. To be called once. Throws Failure if the workers cannot be started.
  RunEnd run(AnySettings settings);

 private:
  using Clock = Crew::Clock;

  // Starting.
  void start(RunSettings settings);
  void startAlone(RunSettings settings);
  void start(PullSettings settings);
  void startDelivery();
  void startDeliveryToAsk();
  void startNets(const WantsNets& wants);
  void startNets(Side side, unsigned count);
  void startIdleNets(Side side);
  template <class What>
  void startNet(Side side, const settings::Net& account, unsigned number);
  bool renew(Secret& password, const Renewal& renewal);

  // Waiting, and stopping.
  void wait();
  void readSignals();
  void stop(Asked asked);
  void hurryOthers(const Member& gone);
  Clock::duration patienceWithSync() const;
  bool well(Clock::time_point now) const;

  // Of the crew.
  void heard(Member& member, const Report& report) override;
  void spoke(Member& member, const std::vector<std::string>& lines) override;
  void violated(Member& member, const char* what) override;
  void late(const Member& member) override;
  void gone(Member& member, const Death& death) override;

  // Reports; which of them are due is in a table.
  struct Due;
  bool isDue(const Due& due, const Member& member) const;
  void handle(Member& member, const LogLine& line);
  void handle(Member& member, const Traffic& traffic);
  void handle(Member& member, const Ended& ended);
  void handle(Member& member, const Locked& locked);
  void handle(Member& member, const Progress& progress);
  void handle(Member&, const Synchronised& done);
  void handle(Member& member, const Pulled& done);
  void handle(Member& member, const Exported& exported);
  void handle(Member& member, const Finding& finding);
  void find(const Member& member, Finding finding);
  void handle(Member& member, const Waits& waits);
  void handle(Member& member, const WantsDeliverer& wants);
  void handle(Member& member, const WantsNets& wants);
  void handle(Member& member, const WantsIdleNet& wants);
  template <class What>
  void handleDone(const What& done);
  void summarise(const Pulled& done);
  void tellChanges();

  Surroundings around_;
  Voices voices_;
  Crew crew_;
  std::string workers_;
  std::vector<End> ends_;
  std::optional<settings::Delivery> delivery_;  // pullimap: how each delivery process is told to go about it
  Renewal renewDelivery_;
  // interimap: an account to which there may be more connections than one, and how many.
  struct Several {
    settings::Net account;
    std::uint8_t most;
    bool idles;  // in mailboxes
    Renewal renewal;
  };
  Both<std::optional<Several>> several_;
  bool exporting_ = false, telling_ = false, checking_ = false, watching_ = false;
  Descriptor unasked_;  // checking: the delivery process has nobody else to speak with
  unsigned connections_ = 1, deliveriesWanted_ = 0;
  std::optional<WantsNets> netsWanted_;
  Both<unsigned> idleNetsWanted_{0, 0};
  std::vector<Done> changes_;  // that on-change is to be told of
  std::chrono::seconds interval_{};
  Both<std::chrono::seconds> mostWait_{};
  Clock::time_point began_ = Clock::now(), summary_ = began_;  // the last one that was told meanwhile
  std::optional<Clock::time_point> backAt_;  // sync waits, and will have looked again by then
  CopyRate rate_;
  MailboxProgress mailboxes_;
  RunEnd end_;
};

}  // namespace interimap
