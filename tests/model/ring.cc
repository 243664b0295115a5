// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A ring of three servers: A is synchronised with B, B with C and C with A, each pair by an installation of
// its own that knows of no other, whenever it likes, and amid a run of another. What is new anywhere is on
// each server in the end, once; what somebody expunges once all know it is on none.
#include <doctest/doctest.h>

#include <cstdio>
#include <memory>
#include <set>

#include "sync/engine.h"
#include "tests/model/interleaving.h"
#include "tests/model/options.h"
#include "tests/model/random.h"

namespace interimap::model {
namespace {

using What = Step::What;

constexpr unsigned kServers = 3, kPairs = 3;
constexpr const char* kNames[kPairs] = {"A and B", "B and C", "C and A"};
// Runs of each pair until all is quiet.
constexpr unsigned kMostRuns = 12;

// `looks` is the server, of a run `serial` the pair.
std::vector<Step> drawn(Random& random, std::uint32_t& serials, std::uint32_t old) {
  std::vector<Step> steps;
  auto event = [&](std::uint32_t at) {
    if (old > 0 && random.oneIn(3))
      return Step{
          .what = What::expunge, .at = at, .serial = 1 + random.below(old), .looks = random.below(kServers)};
    return Step{.what = What::append, .at = at, .serial = ++serials, .looks = random.below(kServers)};
  };
  auto run = [&](std::uint32_t at) {
    return Step{.what = What::run,
                .at = at,
                .serial = random.below(kPairs),
                .n = static_cast<std::uint32_t>(random.next())};
  };
  for (std::uint32_t runs = 1 + random.below(5); runs > 0; --runs) {
    for (std::uint32_t n = random.below(3); n > 0; --n) steps.push_back(event(0));
    steps.push_back(run(0));
    if (random.oneIn(2)) steps.push_back(event(1 + random.below(25)));
    if (random.oneIn(2)) steps.push_back(run(1 + random.below(25)));
  }
  return steps;
}

class Ring {
 public:
  // `trace`: what happens is added there.
  explicit Ring(std::string* trace) : trace_(trace) {
    witness_.lookOn();
    for (Account& account : servers_) account.create("INBOX");
    for (auto& store : stores_) store = std::make_unique<store::Store>(store::Seam{});
  }

  void play(const std::vector<Step>& steps) {
    for (std::size_t i = 0; i < steps.size();) {
      const Step& step = steps[i++];
      if (step.what != What::run) {
        act(step);
        continue;
      }
      const std::size_t from = i;
      while (i < steps.size() && steps[i].at != 0) ++i;
      run(step.serial, step.n,
          {steps.begin() + static_cast<std::ptrdiff_t>(from),
           steps.begin() + static_cast<std::ptrdiff_t>(i)});
    }
  }

  // Until no pair has anything left to do; what is wrong then.
  std::string rest(std::uint64_t seed) {
    unsigned quiet = 0;
    for (unsigned runs = 0; quiet < kPairs; ++runs) {
      if (runs == kPairs * kMostRuns) return "does not come to rest";
      quiet = run(runs % kPairs, seed + runs, {}) == 0 ? quiet + 1 : 0;
    }
    for (unsigned server = 0; server < kServers; ++server)
      for (std::uint32_t serial : known_) {
        const std::size_t wanted = expunged_.contains(serial) ? 0 : 1, have = inbox(server).count(serial);
        if (have != wanted)
          return "server " + std::to_string(server) + " has message " + std::to_string(serial) + " " +
                 std::to_string(have) + " times, not " + std::to_string(wanted);
      }
    return {};
  }

 private:
  HeldMailbox& inbox(unsigned server) { return *servers_[server].find("INBOX"); }

  void act(const Step& step) {
    if (step.what == What::run) {
      if (!busy_[step.serial]) run(step.serial, step.n, {});
      return;
    }
    note(std::string(step.what == What::append ? "append " : "expunge ") + std::to_string(step.serial) +
         " on server " + std::to_string(step.looks));
    HeldMailbox& mailbox = inbox(step.looks);
    if (step.what == What::append) {
      mailbox.append(step.serial, 0);
      witness_.appended(Side::local, "INBOX", step.serial, step.serial, 0);
      known_.insert(step.serial);
    } else if (HeldMessage* message = mailbox.bySerial(step.serial)) {
      mailbox.expunge(message->uid);
      expunged_.insert(step.serial);
    }
  }

  // How much it writes.
  unsigned run(unsigned pair, std::uint64_t seed, const std::vector<Step>& within) {
    busy_[pair] = true;
    note(std::string("run of ") + kNames[pair]);
    const Both<unsigned> which{pair, (pair + 1) % kServers};
    auto [launchOurs, launchTheirs] = Channel::pair();
    Both<Descriptor> ends;
    Both<std::optional<SimulatedNet>> nets;
    for (Side side : kSides) {
      auto [ours, theirs] = Channel::pair();
      ends[side] = std::move(theirs);
      nets[side].emplace(side, servers_[which[side]], witness_, Channel(std::move(ours)));
    }
    Channel launch(std::move(launchOurs));
    Reporter reporter{Channel(std::move(launchTheirs))};
    Log log(reporter);
    auto makeNet = [&](Side side, Channel channel) {
      return SimulatedNet(side, servers_[which[side]], witness_, std::move(channel));
    };
    Interleaving interleaving(
        reporter, launch, {&*nets.local, &*nets.remote}, makeNet, seed, within,
        [this](const Step& step) { act(step); },
        trace_ ? [this](const std::string& line) { note(line); } : std::function<void(const std::string&)>());
    Seam seam(0, false);
    Server local(Side::local, Channel(std::move(ends.local)), interleaving, seam),
        remote(Side::remote, Channel(std::move(ends.remote)), interleaving, seam);
    settings::Sync settings;
    Connections connections({&local, &remote}, {1, 1}, interleaving, reporter, seam, 0);
    Allowance allowance(settings);
    Engine(settings, connections, interleaving, *stores_[pair], log, allowance).run();
    busy_[pair] = false;
    note(std::string("end of ") + kNames[pair] + state());
    return nets.local->writes + nets.remote->writes;
  }

  void note(const std::string& line) {
    if (trace_) *trace_ += line + "\n";
  }

  std::string state() {
    std::string out;
    for (unsigned server = 0; server < kServers; ++server) {
      out += server == 0 ? ": A" : server == 1 ? "; B" : "; C";
      for (const HeldMessage& held : inbox(server).messages)
        out += " " + std::to_string(held.uid) + "=" + std::to_string(held.serial);
    }
    return out;
  }

  std::string* trace_;
  Account servers_[kServers];
  Both<Account> none_;
  Witness witness_{none_};  // knows what messages look like
  std::unique_ptr<store::Store> stores_[kPairs];
  bool busy_[kPairs] = {};
  std::set<std::uint32_t> known_, expunged_;  // serials
};

// What is wrong in the end.
std::string tryOut(std::uint64_t seed, std::string* trace) {
  Random random(seed);
  Ring ring(trace);
  std::uint32_t serials = 0;
  std::string wrong;
  for (int part = 0; part < 2 && wrong.empty(); ++part) {
    try {
      ring.play(drawn(random, serials, part == 0 ? 0 : serials));
      wrong = ring.rest(seed);
    } catch (const std::exception& error) {
      wrong = error.what();
    }
  }
  return wrong;
}

TEST_CASE("random rings of three servers") {
  const Budget budget(16);
  unsigned failures = 0;
  std::uint64_t seed = options.from;
  for (; budget.admits(seed - options.from) && failures < 3; ++seed) {
    if (tryOut(seed, nullptr).empty()) continue;
    std::string trace;
    const std::string wrong = tryOut(seed, &trace);
    std::printf("%s", trace.c_str());
    ++failures;
    FAIL_CHECK("seed " << seed << ": " << wrong);
  }
  std::printf("model: %llu rings\n", static_cast<unsigned long long>(seed - options.from));
}

}  // namespace
}  // namespace interimap::model
