// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/model/interleaving.h"

#include <algorithm>
#include <iterator>

#include "ipc/failure.h"
#include "tests/model/request_text.h"

namespace interimap::model {

void Interleaving::turn() {
  takeReports();
  if (random_.oneIn(4)) carryOutStragglers();
  bool news = wanted_ && random_.oneIn(3) && startNets();
  for (SimulatedNet* net : connected()) net->receive();
  if (random_.oneIn(3)) news = loseOne() || news;
  std::vector<SimulatedNet*> waiting = connected();
  std::erase_if(waiting, [](SimulatedNet* net) { return !net->waiting(); });
  if (waiting.empty() && wanted_) news = startNets() || news;
  if (!waiting.empty()) {
    SimulatedNet& net = *waiting[random_.below(static_cast<std::uint32_t>(waiting.size()))];
    for (std::uint32_t n = 1 + random_.below(3); n > 0 && net.waiting(); --n) carryOutOne(net);
  } else if (!news && !nets_.local->gone() && !nets_.remote->gone()) {
    throw Broken("the engine waits for an answer to nothing");
  }
  for (SimulatedNet* net : connected()) net->flush();
  Exchange::turn();
}

void Interleaving::takeReports() {
  while (auto packet = launch_.receive()) {
    reports_.push_back(readReport(std::move(*packet)));
    if (auto* wants = std::get_if<WantsNets>(&reports_.back().what)) wanted_ = *wants;
  }
}

std::vector<SimulatedNet*> Interleaving::connected() {
  std::vector<SimulatedNet*> nets{nets_.local, nets_.remote};
  for (SimulatedNet& other : others_)
    if (!other.gone()) nets.push_back(&other);
  return nets;
}

bool Interleaving::startNets() {
  WantsNets wants = *std::exchange(wanted_, std::nullopt);
  for (Side side : {Side::local, Side::remote}) {
    unsigned count = side == Side::local ? wants.local : wants.remote;
    if (count >= kMostConnections) throw Broken("the engine wants more connections than there may be");
    for (; count > 0; --count) {
      auto [ours, theirs] = Channel::pair();
      launch_.send(pack(Order{AnotherNet{side}, std::move(theirs)}));
      others_.push_back(makeNet_(side, Channel(std::move(ours))));
    }
  }
  return true;
}

// What it had in hand may reach its server later on, or not.
bool Interleaving::loseOne() {
  auto it = std::ranges::find_if(others_, [&](const SimulatedNet& net) {
    return net.waiting() && (!std::holds_alternative<request::Enable>(net.next().what) || random_.oneIn(16));
  });
  if (it == others_.end()) return false;
  SimulatedNet net = std::move(*it);
  others_.erase(it);
  if (note_)
    note_(std::string("  * another connection lost, ") + (net.side() == Side::local ? "local" : "remote"));
  net.lose(random_.below(3));
  lostWrites_ += net.writes;
  lostSelects_ += net.selects;
  stragglers_.push_back(std::move(net));
  return true;
}

unsigned Interleaving::writes() const {
  unsigned sum = lostWrites_;
  for (const SimulatedNet& net : others_) sum += net.writes;
  return sum;
}

unsigned Interleaving::selects() const {
  unsigned sum = lostSelects_;
  for (const SimulatedNet& net : others_) sum += net.selects;
  return sum;
}

void Interleaving::carryOutOne(SimulatedNet& net) {
  ++requests_;
  std::vector<Step> faults;
  for (auto it = steps_.begin(); it != steps_.end();) {
    bool fault = it->what > Step::What::kill;
    if (it->at > requests_ || (fault && !SimulatedNet::applies(it->what, net.next()))) {
      ++it;
      continue;
    }
    if (it->what == Step::What::stop)
      launch_.send(pack(Order{Stop{}}));
    else if (fault)
      faults.push_back(*it);
    else
      act_(*it);
    if (note_) note_("  * " + text(*it));
    it = steps_.erase(it);
  }
  if (note_)
    note_("    " + std::to_string(requests_) + (net.side() == Side::local ? " local" : " remote") +
          (&net == nets_[net.side()] ? ": " : ", another connection: ") + text(net.next()));
  net.carryOut(faults);
}

void Interleaving::carryOutStragglers() {
  for (SimulatedNet& net : stragglers_) {
    if (net.slowness > 1 && !random_.oneIn(net.slowness)) continue;
    if (note_ && net.waiting()) note_("    straggler: " + text(net.next()));
    net.carryOutUnheard();
  }
}

std::vector<LogLine> Interleaving::takeLog() {
  takeReports();
  std::vector<LogLine> lines;
  for (const Report& report : reports_)
    if (auto* line = std::get_if<LogLine>(&report.what)) lines.push_back(*line);
  return lines;
}

}  // namespace interimap::model
