// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/greeting.h"

#include <utility>

#include "ipc/failure.h"

namespace interimap {

void Greeting::take(StatusResponse status) {
  if (status.condition != Condition::ok && status.condition != Condition::preauth)
    throw Failure(status.condition == Condition::bye ? ExitStatus::unavailable : ExitStatus::protocol,
                  "server refused the connection: " + status.words());
  bool alert = status.condition == Condition::ok && status.what.code == "ALERT";
  alert_.reset();
  (alert ? alert_ : greeting_).emplace(std::move(status));
}

}  // namespace interimap
