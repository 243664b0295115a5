// Stands in for waiting: lets the two simulated servers carry out what they were asked, in an order that
// comes from a seed alone, and lets users and fate strike in between.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "sync/exchange.h"
#include "tests/model/random.h"
#include "tests/model/simulated_net.h"

namespace interimap::model {

class Interleaving final : public Exchange {
 public:
  Interleaving(Reporter& reporter, Channel& launch, Both<SimulatedNet*> nets, std::uint64_t seed,
               std::span<const Step> within, std::function<void(const Step&)> act,
               std::function<void(const std::string&)> note)
      : Exchange(reporter),
        launch_(launch),
        nets_(nets),
        random_(seed),
        steps_(within.begin(), within.end()),
        act_(std::move(act)),
        note_(std::move(note)) {}

  void turn() override;
  // What a run left that was killed or lost a connection: it reaches its server during this one, and at the
  // latest when the engine waits for it.
  void pause(std::chrono::milliseconds, const std::function<bool()>&) override { carryOutStragglers(); }
  void leave(std::vector<SimulatedNet> stragglers) { stragglers_ = std::move(stragglers); }
  std::vector<LogLine> takeLog();

 private:
  void carryOutOne(SimulatedNet& net);
  void carryOutStragglers();

  Channel& launch_;
  Both<SimulatedNet*> nets_;
  Random random_;
  std::vector<Step> steps_;  // still to happen
  std::function<void(const Step&)> act_;
  std::function<void(const std::string&)> note_;  // null: nobody listens
  std::uint32_t requests_ = 0;
  std::vector<Packet> reports_;
  std::vector<SimulatedNet> stragglers_;
};

}  // namespace interimap::model
