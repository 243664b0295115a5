// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/spoken.h"

#include <errno.h>
#include <unistd.h>

#include <string_view>

#include "ipc/launch.h"

namespace interimap {

namespace {

constexpr int kReads = 16;  // before others have their turn

}  // namespace

std::vector<std::string> Spoken::lines() {
  std::vector<std::string> all;
  char buffer[4096];
  for (int turn = 0; pipe_ && turn < kReads; ++turn) {
    ssize_t n = read(pipe_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) pipe_ = {};
    for (char c : std::string_view(buffer, n > 0 ? static_cast<std::size_t>(n) : 0)) {
      bool ends = c == '\n' || rest_.size() == kMostLogText;
      if (ends && !rest_.empty()) all.push_back(std::exchange(rest_, {}));
      if (c != '\n') rest_ += c;
    }
  }
  if (!all.empty()) last_ = all.back();
  return all;
}

std::vector<std::string> Spoken::lastLines() {
  auto all = lines();
  if (!rest_.empty()) all.push_back(last_ = std::exchange(rest_, {}));
  pipe_ = {};
  return all;
}

}  // namespace interimap
