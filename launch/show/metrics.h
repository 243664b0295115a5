// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The metrics setting: what Prometheus may know of one pair of accounts or of one section, in a file as the
// textfile collector of its node exporter reads them. Totals go on from what is in the file, also if others
// write to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "launch/show/done.h"

namespace interimap {

class Metrics {
 public:
  // When the last run that was successful as a whole ended, seconds since 1970.
  using LastSuccess = std::function<std::optional<std::int64_t>()>;

  // `label`: account="alice" or section="work". Without `lastSuccess` what ended with 0 was one.
  Metrics(std::string path, const Done& nothing, std::pair<const char*, std::string> label,
          LastSuccess lastSuccess = {})
      : path_(std::move(path)),
        label_(std::move(label)),
        lastSuccess_(std::move(lastSuccess)),
        more_(nothing) {}

  // What was done since the last time, of the kind that `nothing` is.
  void add(const Synchronised& done);
  void add(const Pulled& done, std::int64_t now);
  struct Run {
    int exitStatus;
    std::chrono::milliseconds time;
    std::int64_t at;  // seconds since 1970
  };
  void ended(const Run& run);
  // Throws Failure(cantCreate). What was added is part of the file from then on.
  void write();

  // What the file is to hold, where it holds `before`.
  std::string text(std::string_view before) const;

 private:
  std::string path_;
  std::pair<const char*, std::string> label_;
  LastSuccess lastSuccess_;
  Done more_;                 // than the file has
  std::uint64_t failed_ = 0;  // in the last run or look
  bool waiting_ = false;
  std::optional<Run> last_;  // none: it is at work
  std::optional<std::int64_t> success_;
};

}  // namespace interimap
