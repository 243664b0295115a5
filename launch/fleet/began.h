// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// When the last run of all accounts of a configuration began, for --resume: in a file of the directory of
// state, CONFIGURATION.began. Which accounts it has brought to an end is told by what each has beside its
// database (ipc/last_success.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace interimap {

class Began {
 public:
  // Of this configuration, an absolute path.
  explicit Began(const std::string& configuration);

  void note(std::int64_t now) const;  // throws Failure(cantCreate)
  // Seconds since 1970; nothing if there was none, or of another one.
  std::optional<std::int64_t> time() const;

 private:
  std::string configuration_, path_;
};

}  // namespace interimap
