// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A mailbox of 2,000 messages to SMTP and LMTP sinks, by all who can do that, in turns.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "tests/bench/pull_contender.h"
#include "tests/bench/result.h"
#include "tests/bench/stores.h"

namespace interimap::bench {

struct PullOptions {
  std::size_t rounds = 3;
  std::size_t messages = 2'000;
  std::vector<std::string> sinks = {};  // names as of pullSinks(); none: all
};

std::vector<std::string> pullSinks();

class PullRace {
 public:
  PullRace(const fs::path& directory, const PullOptions& options);

  std::string description() const { return description_; }  // of the mail
  // A table for each sink, handed on as soon as it is there. False: somebody failed.
  bool run(const std::vector<PullContender>& contenders, const std::function<void(const std::string&)>& show);

 private:
  struct Mailbox {
    std::string user;  // who has it
    std::size_t messages = 0;
    std::uint64_t octets = 0;
  };
  struct Target;
  Mailbox fill(const std::string& user, std::size_t messages);
  void race(const Target& target, const PullContender& contender, Result& result, bool measured);

  fs::path directory_;
  PullOptions options_;
  Stores stores_;
  Mailbox all_, few_;
  std::string description_;
};

}  // namespace interimap::bench
