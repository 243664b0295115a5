// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a worker has for its standard error: a pipe, so that it never holds the terminal. Its libraries say
// their last words there, and the command of a tunnel whatever it has to say.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ipc/descriptor.h"

namespace interimap {

class Spoken {
 public:
  Spoken() = default;
  explicit Spoken(Descriptor pipe) : pipe_(std::move(pipe)) {}  // its reading end, which does not block

  int fd() const { return pipe_.get(); }  // -1 once there is nobody left who could write
  // The lines that are there, without their ends and not longer than kMostLogText; only some, if there are
  // many. What is no whole line is kept until the rest comes.
  std::vector<std::string> lines();
  // The same, and whatever follows the last of them. Nothing is read any more.
  std::vector<std::string> lastLines();
  // The last line so far, whole or not; empty if there was none.
  const std::string& last() const { return rest_.empty() ? last_ : rest_; }

 private:
  Descriptor pipe_;
  std::string rest_, last_;
};

}  // namespace interimap
