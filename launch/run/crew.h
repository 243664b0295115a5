// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The processes of a run: started, spoken with, listened to, hurried, killed and buried. What they say, and
// what their end means, is their leader's to judge.
#pragma once

#include <poll.h>

#include <chrono>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ipc/launch.h"
#include "launch/run/worker.h"
#include "launch/show/flood.h"

namespace interimap {

struct Member {
  using Clock = std::chrono::steady_clock;
  static constexpr unsigned kMostCopying = 8;  // connections, the first included

  Role role;
  unsigned number;  // from 1, of the connections of a side; above kMostCopying, of those that idle
  Worker worker;
  std::optional<ExitStatus> said = {};
  bool killed = false, violated = false, gone = false;
  std::optional<Clock::time_point> killAt = {};  // when patience ends
  std::map<LogLevel, Flood> floods = {};         // of its log lines, level by level

  std::string name() const;  // "remote/2": the second connection of a side; "remote/idle1"
  bool isExtra() const { return number > 1; }
  bool idles() const { return number > kMostCopying; }
  // There for a while, at sync's wish; its end is not that of the run.
  bool isPassing() const { return role == Role::delivery || isExtra(); }
};

class Crew {
 public:
  using Clock = Member::Clock;

  // All of these are called from within the functions below.
  class Leader {
   public:
    virtual void heard(Member& member, const Report& report) = 0;  // throws PeerViolation if it is not due
    virtual void spoke(Member& member, const std::vector<std::string>& lines) = 0;  // on standard error
    virtual void violated(Member& member, const char* what) = 0;                    // it is killed
    virtual void late(const Member& member) = 0;                                    // likewise
    virtual void gone(Member& member, const Death& death) = 0;

   protected:
    ~Leader() = default;
  };

  explicit Crew(Leader& leader) : leader_(leader) {}

  // Throws as spawn() does.
  Member& add(const std::string& workers, Role role, std::vector<Descriptor> peers, unsigned number = 1,
              Inherits inherits = Inherits::needed);
  std::list<Member>& members() { return members_; }
  Member& sync();
  bool running() const;                                         // one of them
  bool allWell() const;                                         // none but passing ones gone or stopped
  bool hasExtra(Role role) const;                               // besides the first of that side
  void send(Member& member, Order order);                       // nothing if it does not listen any more
  static void hurry(Member& member, Clock::duration patience);  // after which it is killed
  std::optional<Clock::time_point> due() const;                 // of the next that is hurried

  void watch(std::vector<pollfd>& fds) const;  // adds two for each member
  void serve(const pollfd* fds);               // the first of those
  void reap();                                 // those that have ended
  void killLate();
  void dismiss();  // forgets passing ones that are gone

 private:
  void receive(Member& member);
  void flush(Member& member);
  void bury(Member& member, int waitStatus);
  void violation(Member& member, const char* what);

  Leader& leader_;
  std::list<Member> members_;
};

}  // namespace interimap
