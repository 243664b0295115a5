// The same work by several contenders on one machine state: fresh mail stores for each, one after the other,
// again and again, so that what else the machine does hits all alike.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/contender.h"
#include "tests/bench/footprint.h"
#include "tests/bench/options.h"
#include "tests/e2e/relay.h"

namespace interimap::bench {

struct Race {
  std::string name, title;
  Work work;
  bool tls = false;
  std::chrono::milliseconds delay{0};  // one way; not 0: through the relay
  bool byDefault = true;
  std::size_t repeats = 1;  // per round: short work is noisy
};

std::vector<Race> races();

struct Traffic {
  std::uint64_t octets = 0;
  unsigned roundTrips = 0;
};

struct Result {
  std::string title;
  std::vector<double> wall, user, system;  // seconds, one per timed run
  Footprint footprint;                     // of the untimed first run
  std::optional<Traffic> local, remote;    // of another untimed run, through the relay
  std::string likeness;                    // of the two accounts after the first run
  std::string failure;                     // not empty: there are no figures

  static double median(std::vector<double> values);
};

class Racecourse {
 public:
  Racecourse(Stores& stores, const fs::path& directory, const Options& options);

  std::string description() const;  // of the mail
  std::vector<Result> run(const Race& race, const std::vector<Contender>& contenders);

 private:
  struct Entry;
  fs::path work(const Contender& contender) const { return directory_ / contender.name; }
  Setting setting(const Race& race, const Contender& contender) const;
  std::string makeSynced(const Contender& contender);
  std::string makeChanged(const Contender& contender);
  std::string bring(const Race& race, const Contender& contender);
  bed::Outcome measure(const Race& race, Entry& entry, std::function<void(pid_t)> started = {});
  void firstRun(const Race& race, Entry& entry);
  void countedRun(const Race& race, Entry& entry);
  void timedRun(const Race& race, Entry& entry);
  void check(Entry& entry) const;

  Stores& stores_;
  fs::path directory_, script_;
  Options options_;
  std::string description_;
};

}  // namespace interimap::bench
