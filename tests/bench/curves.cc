// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/curves.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "tests/bench/plot.h"
#include "tests/bench/race.h"

namespace interimap::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kRoundTrips[] = {0ms, 20ms, 50ms, 100ms, 200ms};
constexpr std::size_t kSizes[] = {1'000, 10'000, 100'000, 1'000'000};
constexpr std::size_t kRepeatsWhenIdle = 3;

// One plot: a race at each of some values of x.
class Curve {
 public:
  Curve(std::string file, Plot plot) : file_(std::move(file)), plot_(std::move(plot)) {}

  bool measure(double x, Race race, Racecourse& course, const std::vector<Contender>& contenders,
               const std::function<void(const std::string&)>& show) {
    bool failed = false;
    race.timedOnly = true;
    if (race.work == Work::idle) race.repeats = kRepeatsWhenIdle;
    for (const Result& result : course.run(race, contenders)) {
      char text[400];
      std::snprintf(text, sizeof text, "  %-44s %9g  %-18s %8.3f s\n", plot_.title.c_str(), x,
                    result.title.c_str(), result.medianWall());
      show(result.failure.empty() ? text : "  " + result.title + " failed: " + result.failure + "\n");
      failed = failed || !result.failure.empty();
      if (result.failure.empty()) seriesOf(result.title).points.emplace_back(x, result.medianWall());
    }
    return !failed;
  }

  void write(const fs::path& directory) const {
    std::ofstream out(directory / file_);
    out << plot_.svg();
    if (!out.flush()) throw std::runtime_error("cannot write " + (directory / file_).string());
  }

 private:
  Series& seriesOf(const std::string& title) {
    auto& all = plot_.series;
    auto found = std::find_if(all.begin(), all.end(), [&](const Series& s) { return s.name == title; });
    return found != all.end() ? *found : all.emplace_back(Series{title, {}});
  }

  std::string file_;
  Plot plot_;
};

Race raceOf(const Ground& ground, Work work) {
  return {.name = {}, .title = {}, .ground = ground, .work = work};
}

bool overRoundTrips(const std::vector<Contender>& contenders, const Options& options,
                    const std::function<void(const std::string&)>& show) {
  const char *x = "round trip, ms", *y = "wall time, s";
  Curve first("rtt-first.svg", {"First sync, 500 messages in 20 mailboxes, imaps", x, y, false, {}});
  Curve idle("rtt-idle.svg", {"Nothing to do, 500 messages in 20 mailboxes, imaps", x, y, false, {}});
  const Ground ground{.mail = {.messages = 500, .mailboxes = 20}};
  Racecourse course(ground, options.rounds);
  bool fine = true;
  for (auto roundTrip : kRoundTrips) {
    for (auto [curve, work] : {std::pair(&first, Work::first), std::pair(&idle, Work::idle)}) {
      Race race = raceOf(ground, work);
      race.tls = true;
      race.delay = roundTrip / 2;
      fine = curve->measure(static_cast<double>(roundTrip.count()), race, course, contenders, show) && fine;
    }
  }
  first.write(options.plots);
  idle.write(options.plots);
  return fine;
}

bool overSizes(const std::vector<Contender>& contenders, const Options& options,
               const std::function<void(const std::string&)>& show) {
  const char *x = "messages in the mailbox", *y = "wall time, s";
  Curve first("size-first.svg", {"First sync of one mailbox, small messages, loopback", x, y, true, {}});
  Curve idle("size-idle.svg", {"Nothing to do, one mailbox, loopback", x, y, true, {}});
  bool fine = true;
  for (std::size_t size : kSizes) {
    if (size > options.largest) continue;
    const Ground ground{.mail = {.messages = size, .tiny = true}, .stores = {.location = "mdbox:~/mdbox"}};
    Racecourse course(ground, size < kSizes[2] ? options.rounds : 1);
    for (auto [curve, work] : {std::pair(&first, Work::first), std::pair(&idle, Work::idle)})
      fine =
          curve->measure(static_cast<double>(size), raceOf(ground, work), course, contenders, show) && fine;
  }
  first.write(options.plots);
  idle.write(options.plots);
  return fine;
}

}  // namespace

bool drawCurves(const std::vector<Contender>& contenders, const Options& options,
                const std::function<void(const std::string&)>& show) {
  std::vector<Contender> drawn;
  for (const Contender& contender : contenders) {
    if (contender.name != "floor-fetch" && contender.name != "floor-append") drawn.push_back(contender);
  }
  fs::create_directories(options.plots);
  show("\nCurves (" + options.plots + ")\n");
  const bool fine = overRoundTrips(drawn, options, show);
  return overSizes(drawn, options, show) && fine;
}

}  // namespace interimap::bench
