// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/suspension.h"

#include <doctest/doctest.h>
#include <poll.h>

using namespace interimap;
using namespace std::chrono_literals;

TEST_CASE("a sleep is what one clock counts and the other does not") {
  Suspension::Duration offset = 5s;
  Suspension suspension([&] { return offset; });
  CHECK(suspension.length() == 0s);
  offset += 90s;
  CHECK(suspension.length() == 90s);

  Suspension awake;
  CHECK(awake.length() < 1s);
  CHECK(awake.length() > -1s);
}

TEST_CASE("nobody is woken while the machine is awake") {
  Awakening awakening;
  pollfd wait{awakening.fd(), POLLIN, 0};
  CHECK(awakening.fd() >= 0);
  CHECK(poll(&wait, 1, 0) == 0);
}
