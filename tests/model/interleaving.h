// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Stands in for waiting: lets the two simulated servers carry out what they were asked, over the connections
// that the engine wants, in an order that comes from a seed alone, and lets users and fate strike in between.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include "sync/peers/exchange.h"
#include "tests/model/random.h"
#include "tests/model/simulated_net.h"

namespace interimap::model {

class Interleaving final : public Exchange {
 public:
  using MakeNet = std::function<SimulatedNet(Side, Channel)>;

  Interleaving(Reporter& reporter, Channel& launch, Both<SimulatedNet*> nets, MakeNet makeNet,
               std::uint64_t seed, std::span<const Step> within, std::function<void(const Step&)> act,
               std::function<void(const std::string&)> note)
      : Exchange(reporter),
        launch_(launch),
        nets_(nets),
        makeNet_(std::move(makeNet)),
        random_(seed),
        steps_(within.begin(), within.end()),
        act_(std::move(act)),
        note_(std::move(note)) {}

  void turn() override;
  // What runs left that were killed or lost a connection: it reaches its server during this one, or later, or
  // never; but what is not slow, when the engine waits for it.
  void pause(std::chrono::milliseconds, const std::function<bool()>&) override { carryOutStragglers(); }
  void leave(std::list<SimulatedNet> stragglers) { stragglers_ = std::move(stragglers); }
  std::list<SimulatedNet> takeStragglers() { return std::move(stragglers_); }
  std::vector<LogLine> takeLog();
  // The connections beside the first that are left, and what was asked of all of them.
  std::list<SimulatedNet> takeOthers() { return std::move(others_); }
  unsigned writes() const;
  unsigned selects() const;

  // On either side.
  static constexpr unsigned kMostConnections = 3;

 private:
  void takeReports();
  bool startNets();
  bool loseOne();
  std::vector<SimulatedNet*> connected();
  void carryOutOne(SimulatedNet& net);
  void carryOutStragglers();

  Channel& launch_;
  Both<SimulatedNet*> nets_;
  MakeNet makeNet_;
  std::list<SimulatedNet> others_;
  std::optional<WantsNets> wanted_;
  unsigned lostWrites_ = 0, lostSelects_ = 0;  // of those that were lost
  Random random_;
  std::vector<Step> steps_;  // still to happen
  std::function<void(const Step&)> act_;
  std::function<void(const std::string&)> note_;  // null: nobody listens
  std::uint32_t requests_ = 0;
  std::vector<Report> reports_;
  std::list<SimulatedNet> stragglers_;
};

}  // namespace interimap::model
