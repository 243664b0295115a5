#include "tests/model/interleaving.h"

#include <algorithm>

#include "ipc/failure.h"
#include "tests/model/request_text.h"

namespace interimap::model {

void Interleaving::turn() {
  while (auto report = launch_.receive()) reports_.push_back(std::move(*report));
  if (random_.oneIn(4)) carryOutStragglers();
  std::vector<SimulatedNet*> waiting;
  for (SimulatedNet* net : {nets_.local, nets_.remote}) {
    net->receive();
    if (net->waiting()) waiting.push_back(net);
  }
  if (!waiting.empty()) {
    SimulatedNet& net = *waiting[random_.below(static_cast<std::uint32_t>(waiting.size()))];
    for (std::uint32_t n = 1 + random_.below(3); n > 0 && net.waiting(); --n) carryOutOne(net);
  } else if (!nets_.local->gone() && !nets_.remote->gone()) {
    throw Broken("the engine waits for an answer to nothing");
  }
  for (SimulatedNet* net : {nets_.local, nets_.remote}) net->flush();
  Exchange::turn();
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
    note_("    " + std::to_string(requests_) + (&net == nets_.local ? " local: " : " remote: ") +
          text(net.next()));
  net.carryOut(faults);
}

void Interleaving::carryOutStragglers() {
  for (SimulatedNet& net : stragglers_) {
    if (note_ && net.waiting()) note_("    straggler: " + text(net.next()));
    net.carryOutUnheard();
  }
}

std::vector<LogLine> Interleaving::takeLog() {
  while (auto report = launch_.receive()) reports_.push_back(std::move(*report));
  std::vector<LogLine> lines;
  for (Packet& packet : reports_)
    if (Report report = readReport(std::move(packet)); std::holds_alternative<LogLine>(report.what))
      lines.push_back(std::get<LogLine>(report.what));
  return lines;
}

}  // namespace interimap::model
