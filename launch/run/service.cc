// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/service.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <utility>

#include "launch/show/escape.h"

namespace interimap {

namespace {

using namespace std::chrono_literals;

// Between two messages about progress.
constexpr auto kBetween = 1s;
constexpr std::size_t kMostStatus = 1024;

std::string takeVariable(const char* name) {
  const char* value = getenv(name);
  std::string taken = value ? value : "";
  unsetenv(name);
  return taken;
}

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

Descriptor connectTo(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() > sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
    return {};
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';  // of the abstract namespace
  Descriptor fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return {};
  timeval second{1, 0};  // a manager that does not read shall not stop us
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
  return fd;
}

}  // namespace

Service::Environment Service::Environment::take() {
  Environment taken;
  taken.socket = takeVariable("NOTIFY_SOCKET");
  std::string watchdog = takeVariable("WATCHDOG_USEC"), pid = takeVariable("WATCHDOG_PID");
  if (pid.empty() || number(pid) == static_cast<std::uint64_t>(getpid()))
    taken.watchdog = std::chrono::microseconds(std::min<std::uint64_t>(number(watchdog), 1ULL << 50));
  return taken;
}

Service::Service(const Environment& environment)
    : Service(connectTo(environment.socket), environment.watchdog) {}

void Service::ready() {
  if (!ready_) ready_ = send("READY=1");  // what is not heard is said again
}

void Service::status(std::string_view text) {
  std::string shown = escape(text.substr(0, kMostStatus));
  if (shown == status_) return;
  status_ = std::move(shown);
  send("STATUS=" + status_);
}

void Service::progress(std::string_view text, Clock::time_point now) {
  if (now - progressed_ < kBetween) return;
  progressed_ = now;
  patience();
  status(text);
}

void Service::patience() {
  if (!ready_) send(std::string(kPatience));
}

void Service::stopping() { send("STOPPING=1"); }

// Twice in the time that is given, so that one that comes late is not too late.
std::optional<Service::Clock::time_point> Service::due() const {
  if (watchdog_ == 0us) return std::nullopt;
  return told_ + std::chrono::duration_cast<Clock::duration>(watchdog_) / 2;
}

void Service::alive(Clock::time_point now, bool well) {
  if (auto at = due(); !at || now < *at) return;
  told_ = now;
  if (well) send("WATCHDOG=1");
}

bool Service::send(const std::string& message) {
  return !socket_ || ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL) >= 0;
}

}  // namespace interimap
