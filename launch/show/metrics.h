// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The metrics setting: what Prometheus may know of one pair of accounts, in a file as the textfile collector
// of its node exporter reads them. Totals go on from what is in the file, also if others write to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/launch.h"

namespace interimap {

class Metrics {
 public:
  // When the last run that was successful as a whole ended, seconds since 1970.
  using LastSuccess = std::function<std::optional<std::int64_t>()>;

  Metrics(std::string path, std::string account, LastSuccess lastSuccess)
      : path_(std::move(path)), account_(std::move(account)), lastSuccess_(std::move(lastSuccess)) {}

  void add(const Synchronised& done);  // since the last time
  struct Run {
    int exitStatus;
    std::chrono::milliseconds time;
    std::int64_t at;  // seconds since 1970
  };
  void ended(const Run& run) { last_ = run; }
  // Throws Failure(cantCreate). What was added is part of the file from then on.
  void write();

  // What the file is to hold, where it holds `before`.
  std::string text(std::string_view before) const;

 private:
  std::string path_, account_;
  LastSuccess lastSuccess_;
  Synchronised more_;  // than the file has
  std::uint64_t failed_ = 0;
  std::uint32_t mailboxes_ = 0;
  bool waiting_ = false;
  std::optional<Run> last_;
};

}  // namespace interimap
