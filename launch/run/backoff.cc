// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/backoff.h"

#include <algorithm>

namespace interimap {

std::chrono::milliseconds Backoff::next() {
  auto span = span_;
  span_ = std::min(2 * span, range_.longest);
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::int64_t>(span.count() / 2, span.count())(random_));
}

}  // namespace interimap
