// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a delivery may say of messages that it was given, or was not.
#include <map>

#include "ipc/delivery.h"
#include "tests/compromised/lies.h"

namespace interimap::compromised {
namespace {

using namespace deliver;

Between::Lie inSettled(std::function<void(Settled& settled, DeliveryAnswer& answer, Between& between)> lie) {
  return [lie = std::move(lie)](Packet& packet, Between& between) {
    DeliveryAnswer answer = readDeliveryAnswer(copyOf(packet));
    auto* settled = std::get_if<Settled>(&answer.what);
    if (settled == nullptr) return false;
    lie(*settled, answer, between);
    between.send(pack(answer));
    return true;
  };
}

Settled delivered(std::uint32_t message) {
  return {message,
          {{.kind = Outcome::Kind::delivered, .stage = Outcome::Stage::end, .code = 250, .text = "ok"}}};
}

const std::map<std::string, std::function<Between::Lie()>> kLies = {
    {"settled: not in the window",
     [] { return inSettled([](auto& settled, auto&, auto&) { settled = delivered(100); }); }},
    {"settled: far outside",
     [] { return inSettled([](auto& settled, auto&, auto&) { settled = delivered(0xffffffff); }); }},
    {"settled: twice",
     [] { return inSettled([](auto&, auto& answer, auto& between) { between.send(pack(answer)); }); }},
    {"settled: no outcomes",
     [] { return inSettled([](auto& settled, auto&, auto&) { settled.outcomes.clear(); }); }},
    {"settled: too many outcomes",
     [] {
       return inSettled([](auto& settled, auto&, auto&) { settled.outcomes.push_back(settled.outcomes[0]); });
     }},
    {"settled: another window", [] { return inSettled([](auto&, auto& answer, auto&) { answer.id += 7; }); }},
    {"settled: id 0", [] { return inSettled([](auto&, auto& answer, auto&) { answer.id = 0; }); }},
    {"settled: done before the end",
     [] { return inSettled([](auto&, auto& answer, auto&) { answer.what = Done{}; }); }},
    {"settled: a flood",
     [] {
       return inSettled(
           [](auto&, auto& answer, auto& between) { between.flood([&] { return pack(answer); }); });
     }},
};

}  // namespace

std::optional<Between::Lie> deliveryLie(const std::string& name) {
  auto it = kLies.find(name);
  if (it == kLies.end()) return std::nullopt;
  return it->second();
}

}  // namespace interimap::compromised
