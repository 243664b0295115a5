// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Not drawn but enumerated: two messages that are to be copied, two runs that are killed at any write,
// APPENDs of the dead that take effect at any later step or never, a user who deletes either copy at any
// step, and another installation that runs at any of these steps, or amid a run.
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

// A run of the other installation: at a moment, or at that request of the run before it.
struct Another {
  std::uint32_t moment, request;
};

History history(bool bulky, std::uint32_t first, std::uint32_t second, std::optional<Deletion> deletion,
                std::uint32_t arrival, std::uint32_t interleaving, std::optional<Another> another) {
  History out{.seed = 1, .installations = another ? 2U : 1U, .setup = {}, .steps = {}, .arrivals = true};
  out.setup.local.bulky = bulky;  // so that each message has a window of its own
  for (std::uint32_t serial : {1U, 2U})
    out.steps.push_back({.what = What::append, .side = Side::local, .serial = serial, .looks = serial});
  const Step other{.what = What::run, .at = another ? another->request : 0, .serial = 1, .n = interleaving};
  std::uint32_t now = 0;
  auto moment = [&] {
    if (deletion && deletion->moment == now)
      out.steps.push_back({.what = What::expunge, .side = deletion->side, .serial = 1});
    if (arrival == now) out.steps.push_back({.what = What::arrive});
    if (another && another->moment == now && another->request == 0) out.steps.push_back(other);
    ++now;
  };
  auto run = [&](std::uint32_t write) {
    out.steps.push_back({.what = What::run, .n = interleaving});
    if (write > 0) out.steps.push_back({.what = What::kill, .at = 1, .n = write});
    if (another && another->moment == now && another->request > 0) out.steps.push_back(other);
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

class Enumeration {
 public:
  explicit Enumeration(const char* kind) : kind_(kind) {}
  ~Enumeration() {
    std::printf("model: %llu of %llu histories of the exhaustive kind, %s\n",
                static_cast<unsigned long long>(tried_), static_cast<unsigned long long>(number_), kind_);
  }

  void tryOut(const History& history) {
    if (number_++ % exhaustiveStride != 0 || failures_ == 3) return;
    ++tried_;
    if (!Trial(history, files_, nullptr).verdict()) return;
    std::string trace;
    auto wrong = Trial(history, files_, &trace).verdict();
    std::printf("%s\n%s\n", text(history).c_str(), trace.c_str());
    ++failures_;
    FAIL_CHECK(wrong.value_or("?"));
  }

  // With every two kills, deletion and arrival.
  void tryAll(bool bulky, std::uint32_t interleaving, std::optional<Another> another) {
    std::vector<std::optional<Deletion>> deletions{std::nullopt};
    for (Side side : kSides)
      for (std::uint32_t moment = 0; moment < kMoments; ++moment) deletions.push_back(Deletion{side, moment});
    for (std::uint32_t first = 1; first <= kWrites; ++first)
      for (std::uint32_t second = 0; second <= kWrites; ++second)
        for (const auto& deletion : deletions)
          for (std::uint32_t arrival = 0; arrival <= kMoments; ++arrival)  // the last of them: never
            tryOut(history(bulky, first, second, deletion, arrival, interleaving, another));
  }

 private:
  const char* kind_;
  MemoryFiles files_;
  std::uint64_t number_ = 0, tried_ = 0;
  unsigned failures_ = 0;
};

TEST_CASE("exhaustive: two messages, two killed runs, APPENDs that take effect late or never, a deletion") {
  Enumeration all("one installation");
  for (bool bulky : {false, true})
    for (std::uint32_t interleaving : {1U, 2U}) all.tryAll(bulky, interleaving, std::nullopt);
}

TEST_CASE("exhaustive: the same, and another installation runs at any moment, or amid a run") {
  Enumeration all("two installations");
  for (std::uint32_t moment = 0; moment < kMoments; ++moment) all.tryAll(false, 1, Another{moment, 0});
  for (std::uint32_t request : {5U, 9U}) all.tryAll(false, 1, Another{0, request});
}

}  // namespace
}  // namespace interimap::model
