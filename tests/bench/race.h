// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The same work by several contenders on one machine state: fresh mail stores for each, one after the other,
// again and again, so that what else the machine does hits all alike.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/contender.h"
#include "tests/bench/mail.h"
#include "tests/bench/options.h"
#include "tests/bench/result.h"
#include "tests/bench/stores.h"
#include "tests/e2e/directory.h"
#include "tests/e2e/relay.h"

namespace interimap::bench {

// What is raced on.
struct Ground {
  Mail mail;
  Changes changes;
  StoresOptions stores;
  bool operator==(const Ground&) const = default;
};

struct Race {
  std::string name, title;
  Ground ground;
  Work work;
  bool tls = false;
  std::chrono::milliseconds delay{0};  // one way
  std::uint64_t octetsPerSecond = 0;   // each way; this or a delay: through the relay
  bool byDefault = true;
  bool large = false;       // run once; only ours and the floor, unless others are asked for by name
  bool timedOnly = false;   // nothing is counted or compared
  bool several = false;     // ours also over several connections
  std::size_t repeats = 1;  // per round: short work is noisy
};

std::vector<Race> races(const Options& options);

class Racecourse {
 public:
  Racecourse(const Ground& ground, std::size_t rounds);

  const Ground& ground() const { return ground_; }
  std::string description() const { return description_; }  // of the mail
  fs::path servers() const { return servers_.path(); }
  fs::path clients() const { return clients_.path(); }
  std::vector<Result> run(const Race& race, const std::vector<Contender>& contenders);

 private:
  struct Entry;
  fs::path work(const Contender& contender) const { return clients_ / contender.name; }
  Setting setting(const Race& race, const Contender& contender) const;
  std::string makeSynced(const Contender& contender);
  std::string makeChanged(const Contender& contender);
  void renumber(const Contender& contender);
  std::string bring(const Race& race, const Contender& contender);
  bed::Outcome measure(const Race& race, Entry& entry, std::function<void(pid_t)> started = {});
  void firstRun(const Race& race, Entry& entry);
  void countedRun(const Race& race, Entry& entry);
  void timedRun(const Race& race, Entry& entry);
  void check(Entry& entry) const;

  Ground ground_;
  std::size_t rounds_;
  bed::Directory servers_, clients_;
  Stores stores_;
  fs::path script_;
  std::string description_;
};

}  // namespace interimap::bench
