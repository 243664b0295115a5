// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Processes for many accounts, so many at a time. Each does all that the program would do for that account
// alone, with workers of its own, so that what happens to one never touches another. The one before them
// starts them, tries again what may pass, passes on signals, and speaks to the service manager for all.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "launch/fleet/account_list.h"
#include "launch/fleet/results.h"
#include "launch/fleet/schedule.h"
#include "launch/run/service.h"
#include "launch/run/signals.h"
#include "launch/show/log.h"
#include "launch/show/progress.h"

namespace interimap {

class Fleet {
 public:
  // What one does; in a process of its own, which ends with what this returns. It uses kPassedOn for its
  // signals, and tells the service what it is at, at last what it has done or why it failed.
  using Life = std::function<int(Instance instance, Service& service)>;
  // Of a fleet that watches: the list if it is another one by now, or what the user asked for meanwhile.
  // Asked for every few seconds; `wanted` if somebody wants it to be read in any case.
  using Reload = std::function<std::variant<std::monostate, AccountList, Asked>(bool wanted)>;

  struct Options {
    std::size_t jobs = 1;
    bool watching = false, quiet = false, json = false;
    std::uint32_t seed = 0;
  };
  Fleet(const Options& options, ProgressLine& progress, Signals& signals, Service& service, Life life)
      : options_(options),
        progress_(progress),
        signals_(signals),
        service_(service),
        life_(std::move(life)),
        schedule_(options.jobs, options.watching, options.seed) {}

  // Until all have ended for good, or the user asked for it: for what is returned.
  Asked run(AccountList list, const Reload& reload);
  void reload() { reloadWanted_ = true; }  // from within Signals::next()
  void signal(int number);                 // to all that are there
  Results& results() { return results_; }

 private:
  using Clock = Service::Clock;
  struct Member {
    Instance account;
    pid_t pid = -1;    // none: it does not run
    Descriptor words;  // what it would tell the service manager
    std::string status = {};
    Clock::time_point began{}, alive{};
    bool leaving = false;  // it is another one in the list by now, or is not there any more
    std::optional<Instance> successor = {};
  };

  void add(Instance account);
  void startDue();
  void start(Member& member);
  void wait();
  void readSignals();
  void listen(Member& member);
  void heard(Member& member, std::string_view message);
  void reap();
  void ended(Member& member, int status);
  void reloadIfDue(const Reload& reload);
  void take(AccountList list, bool wanted);
  void takeOut(const std::string& name);
  void takeIn(Instance account, bool wanted);
  void stop(Asked asked);
  bool well(Clock::time_point now) const;
  void tell();
  std::string state() const;
  void say(const Member& member, LogLevel level, const std::string& text);

  Options options_;
  ProgressLine& progress_;
  Signals& signals_;
  Service& service_;
  Life life_;
  Schedule schedule_;
  Results results_;
  std::map<std::string, Member> members_;
  std::map<pid_t, std::string> names_;  // of those that run
  Asked asked_ = Asked::nothing;
  bool reloadWanted_ = false;
  Clock::time_point lookedAtList_ = Clock::now(), told_{};
  std::string state_;  // that was told last
};

}  // namespace interimap
