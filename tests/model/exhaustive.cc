// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Not drawn but enumerated: two messages that are to be copied, two runs that are killed at any write,
// APPENDs of the dead that take effect at any later step or never, and a user who deletes either copy at any
// step.
#include "tests/model/exhaustive.h"

#include <doctest/doctest.h>

#include <cstdio>

#include "tests/model/trial.h"

namespace interimap::model {
namespace {

using What = Step::What;

constexpr std::uint32_t kWrites = 9;   // more than a run does here
constexpr std::uint32_t kMoments = 4;  // between runs, and before the first of those that are not killed

struct Deletion {
  Side side;
  std::uint32_t moment;
};

History history(bool bulky, std::uint32_t first, std::uint32_t second, std::optional<Deletion> deletion,
                std::uint32_t arrival, std::uint32_t interleaving) {
  History out{.seed = 1, .steps = {}, .arrivals = true};
  out.setup.local.bulky = bulky;  // so that each message has a window of its own
  for (std::uint32_t serial : {1U, 2U})
    out.steps.push_back({.what = What::append, .side = Side::local, .serial = serial, .looks = serial});
  auto moment = [&, now = 0U]() mutable {
    if (deletion && deletion->moment == now)
      out.steps.push_back({.what = What::expunge, .side = deletion->side, .serial = 1});
    if (arrival == now) out.steps.push_back({.what = What::arrive});
    ++now;
  };
  auto run = [&](std::uint32_t write) {
    out.steps.push_back({.what = What::run, .n = interleaving});
    if (write > 0) out.steps.push_back({.what = What::kill, .at = 1, .n = write});
  };
  run(first);
  moment();
  run(second);
  moment();
  run(0);
  moment();
  run(0);
  moment();
  return out;
}

TEST_CASE("exhaustive: two messages, two killed runs, APPENDs that take effect late or never, a deletion") {
  MemoryFiles files;
  std::uint64_t number = 0, tried = 0;
  unsigned failures = 0;
  auto tryOut = [&](const History& it) {
    if (number++ % exhaustiveStride != 0 || failures == 3) return;
    ++tried;
    if (!Trial(it, files, nullptr).verdict()) return;
    std::string trace;
    auto wrong = Trial(it, files, &trace).verdict();
    std::printf("%s\n%s\n", text(it).c_str(), trace.c_str());
    ++failures;
    FAIL_CHECK(wrong.value_or("?"));
  };
  std::vector<std::optional<Deletion>> deletions{std::nullopt};
  for (Side side : kSides)
    for (std::uint32_t moment = 0; moment < kMoments; ++moment) deletions.push_back(Deletion{side, moment});
  for (bool bulky : {false, true})
    for (std::uint32_t first = 1; first <= kWrites; ++first)
      for (std::uint32_t second = 0; second <= kWrites; ++second)
        for (const auto& deletion : deletions)
          for (std::uint32_t arrival = 0; arrival <= kMoments; ++arrival)  // the last of them: never
            for (std::uint32_t interleaving : {1U, 2U})
              tryOut(history(bulky, first, second, deletion, arrival, interleaving));
  std::printf("model: %llu of %llu histories of the exhaustive kind\n",
              static_cast<unsigned long long>(tried), static_cast<unsigned long long>(number));
}

}  // namespace
}  // namespace interimap::model
