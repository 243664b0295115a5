// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/reporter.h"

#include <poll.h>

#include <utility>

namespace interimap {

Order Reporter::await() {
  while (true) {
    if (auto order = poll()) return std::move(*order);
    pollfd wait{fd(), static_cast<short>(POLLIN | (sending() ? POLLOUT : 0)), 0};
    ::poll(&wait, 1, -1);
    flush();
  }
}

std::optional<Order> Reporter::poll() {
  auto packet = launch_.receive();
  if (!packet) return std::nullopt;
  return readOrder(std::move(*packet));
}

void Reporter::log(LogLevel level, std::string text, std::string mailbox, Component component,
                   LogSubject subject) {
  report(Report{LogLine{level, component, std::move(mailbox), std::move(text), std::move(subject)}});
}

void Reporter::report(const Report& report) { launch_.send(pack(report)); }

void Reporter::end(ExitStatus status) {
  report(Report{Ended{status}});
  // Launch may be busy writing its log; without the last words it would report that we vanished.
  launch_.drain(5000);
}

}  // namespace interimap
