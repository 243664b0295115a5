// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// `make bench`: ours, its peers and the floor do the same work side by side, between throw-away servers. The
// machine is described, every figure comes from this run, every difference between the contenders is told.

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/contender.h"
#include "tests/bench/curves.h"
#include "tests/bench/floor.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/latency.h"
#include "tests/bench/machine.h"
#include "tests/bench/options.h"
#include "tests/bench/pull_contender.h"
#include "tests/bench/pull_race.h"
#include "tests/bench/race.h"
#include "tests/bench/stores.h"
#include "tests/bench/table.h"

namespace {

using namespace interimap::bench;
namespace bed = interimap::bed;

constexpr std::size_t kWatched = 20;  // messages of each latency race

constexpr const char* kLegend =
    "wall      median of the timed runs, and their range; the contenders take turns (A B C A B C); beyond 10 "
    "s "
    "one\n          run is enough\n"
    "user, sys of the contender's processes, the servers' left out\n"
    "MiB       largest sum of proportional set sizes, sampled every 20 ms in an untimed run; with "
    "bodies\n"
    "          in flight\n"
    "kB, trips octets both ways, and how often the client waited for the server, of an untimed run through a "
    "relay\n"
    "          (25 ms one way, or the race's own delay); connecting counts as one, but the relay answers it "
    "at\n"
    "          once, so that a real link of 100 ms would add 0.1 s to every wall time\n"
    "/ floor   wall time in terms of the floor's;  ours / is ours in terms of this one's: below 1, ours is "
    "faster\n"
    "/ source  as / floor, per message, in terms of smtp-source on the same sink\n"
    "The last column is what a client of its own found when it compared the two accounts, message by "
    "message.\n";

template <typename List>
std::vector<std::string> namesOf(const List& list) {
  std::vector<std::string> names;
  for (const auto& item : list) names.push_back(item.name);
  return names;
}

void show(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

std::string usage(const std::vector<std::string>& races, const std::vector<std::string>& contenders) {
  std::string text =
      "usage: bench [--rounds N] [--messages N] [--mailboxes N] [--million N] [--pulled N] [--only "
      "NAME,...]\n"
      "             [--plots DIRECTORY] [--largest N]\nraces:     ";
  for (const std::string& name : races) text += " " + name;
  text += "\ncontenders:";
  for (const std::string& name : contenders) text += " " + name;
  return text + "\n";
}

// The names that --only takes.
struct Names {
  std::vector<std::string> races, sinks, latencies, contenders, pullers;

  std::vector<std::string> allRaces() const {
    std::vector<std::string> all = races;
    for (const auto* more : {&latencies, &sinks}) all.insert(all.end(), more->begin(), more->end());
    return all;
  }
  std::vector<std::string> allContenders() const {
    std::vector<std::string> all = contenders;
    for (const std::string& name : pullers) {
      if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
    }
    return all;
  }
};

template <typename Item>
std::vector<Item> chosen(const std::vector<Item>& all, const std::vector<std::string>& names,
                         const Options& options) {
  std::vector<Item> result;
  for (const Item& item : all) {
    if (options.wants(item.name, names, true)) result.push_back(item);
  }
  return result;
}

// Ours and the floor, unless others were asked for.
std::vector<Contender> forLargeRaces(const std::vector<Contender>& all, const Names& names,
                                     const Options& options) {
  std::vector<Contender> result;
  for (const Contender& contender : all) {
    if (options.wants(contender.name, names.contenders,
                      !contender.synchronises || contender.name == "interimap"))
      result.push_back(contender);
  }
  return result;
}

bool synchronise(const Options& options, const std::vector<Race>& races,
                 const std::vector<Contender>& contenders, const Names& names) {
  bool fine = true;
  std::unique_ptr<Racecourse> course;
  for (const Race& race : races) {
    if (!options.wants(race.name, names.allRaces(), race.byDefault)) continue;
    if (!course || course->ground() != race.ground) {
      course.reset();  // its servers first: memory
      course = std::make_unique<Racecourse>(race.ground, options.rounds);
      show("\nmail        " + course->description() + "\n");
    }
    show("\n" + race.title + " (" + race.name + ")\n");
    std::vector<Result> results =
        course->run(race, race.large ? forLargeRaces(contenders, names, options) : contenders);
    for (const Result& result : results) fine = fine && result.failure.empty();
    show(table(results, "floor", "interimap"));
  }
  return fine;
}

bool pull(const Options& options, const Names& names) {
  PullOptions pulling{.rounds = options.rounds, .messages = options.pulled};
  for (const std::string& sink : names.sinks) {
    if (options.wants(sink, names.allRaces(), true)) pulling.sinks.push_back(sink);
  }
  if (pulling.sinks.empty()) return true;
  const std::vector<PullContender> contenders = chosen(pullContenders(), names.pullers, options);
  bed::Directory directory(Stores::parent(options.pulled << 15));
  PullRace race(directory.path(), pulling);
  show("\nmail        " + race.description() + "\n\n");
  for (const PullContender& contender : contenders)
    show("  " + contender.title + ": " + contender.remark + "\n");
  return race.run(contenders, show);
}

int bench(const Options& options, const Names& names) {
  const std::vector<Contender> contenders = chosen(interimap::bench::contenders(), names.contenders, options);
  show(describeMachine(Stores::parent(0), "/tmp"));
  show("rounds      " + std::to_string(options.rounds) + "\n\n");
  for (const Contender& contender : contenders) show("  " + contender.title + ": " + contender.remark + "\n");
  show("\n" + std::string(kLegend));
  if (!options.plots.empty()) return drawCurves(contenders, options, show) ? EXIT_SUCCESS : EXIT_FAILURE;
  bool fine = synchronise(options, races(options), contenders, names);
  for (const std::string& name : names.latencies) {
    if (options.wants(name, names.allRaces(), true)) fine = raceLatency(name, kWatched, show) && fine;
  }
  return pull(options, names) && fine ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (!arguments.empty() && arguments[0] == kFloorArgument) {
      Floor::parse(arguments).run();
      return EXIT_SUCCESS;
    }
    const Names names{namesOf(races({})), pullSinks(), latencyRaces(), namesOf(contenders()),
                      pullContenderNames()};
    std::vector<std::string> known = names.allRaces();
    for (const std::string& name : names.allContenders()) known.push_back(name);
    Options options;
    try {
      options = Options::parse(arguments, known);
    } catch (const std::invalid_argument& error) {
      std::fprintf(stderr, "bench: %s\n%s", error.what(),
                   usage(names.allRaces(), names.allContenders()).c_str());
      return 64;
    }
    catchInterrupts();
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // what a contender leaves behind counts as its own
    return bench(options, names);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
