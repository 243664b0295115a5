// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/service.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <vector>

using namespace interimap;
using namespace std::chrono_literals;

namespace {

// A service manager's end of $NOTIFY_SOCKET.
class Manager {
 public:
  explicit Manager(const std::string& name)
      : name_(name), fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
  }
  ~Manager() {
    if (name_[0] == '/') unlink(name_.c_str());
  }

  std::vector<std::string> heard() {
    std::vector<std::string> all;
    char message[2048];
    for (ssize_t n; (n = recv(fd_.get(), message, sizeof message, 0)) >= 0;)
      all.emplace_back(message, static_cast<std::size_t>(n));
    return all;
  }

 private:
  std::string name_;
  Descriptor fd_;
};

using Messages = std::vector<std::string>;

std::string socketName(const char* prefix) { return prefix + std::to_string(getpid()); }

}  // namespace

TEST_CASE("service: what the manager hears, at a path and at an abstract name") {
  for (const char* prefix : {"/tmp/interimap-notify-", "@interimap-notify-"}) {
    CAPTURE(prefix);
    Manager manager(socketName(prefix));
    Service service({socketName(prefix), 0us});
    service.ready();
    service.ready();
    service.status("waits\nREADY=0");
    service.status("waits\nREADY=0");
    service.stopping();
    CHECK(manager.heard() == Messages{"READY=1", "STATUS=waits\\x0AREADY=0", "STOPPING=1"});
    CHECK_FALSE(service.due());
  }
}

TEST_CASE("service: progress is told once a second, and buys time until READY=1") {
  Manager manager(socketName("@interimap-notify-"));
  Service service({socketName("@interimap-notify-"), 0us});
  auto now = Service::Clock::now();
  service.progress("one", now);
  service.progress("two", now + 999ms);
  service.progress("three", now + 1000ms);
  service.ready();
  service.progress("four", now + 2s);
  CHECK(manager.heard() == Messages{"EXTEND_TIMEOUT_USEC=120000000", "STATUS=one",
                                    "EXTEND_TIMEOUT_USEC=120000000", "STATUS=three", "READY=1",
                                    "STATUS=four"});
}

TEST_CASE("service: the watchdog hears of a life that is well, twice in its time") {
  Manager manager(socketName("@interimap-notify-"));
  Service service({socketName("@interimap-notify-"), 10s});
  auto now = Service::Clock::now();
  REQUIRE(service.due());
  CHECK(*service.due() <= now);
  service.alive(now, true);
  service.alive(now + 4s, true);
  CHECK(manager.heard() == Messages{"WATCHDOG=1"});
  CHECK(service.due() == now + 5s);
  service.alive(now + 5s, false);
  CHECK(manager.heard().empty());
  CHECK(service.due() == now + 10s);
  service.alive(now + 10s, true);
  CHECK(manager.heard() == Messages{"WATCHDOG=1"});
}

TEST_CASE("service: nobody listens") {
  for (const std::string& socket :
       {std::string(), std::string("/"), std::string("@"), std::string("relative"),
        std::string("/nonexistent/notify"), "/" + std::string(200, 'x')}) {
    CAPTURE(socket);
    Service service({socket, 10s});
    service.ready();
    CHECK_FALSE(service.due());
  }
}

TEST_CASE("service: the environment is taken") {
  struct {
    const char *usec, *pid;
    std::chrono::microseconds watchdog;
  } table[] = {
      {"30000000", "", 30s}, {"30000000", nullptr, 30s}, {"30000000", "1", 0s},
      {"", nullptr, 0s},     {"soon", nullptr, 0s},      {"-1", nullptr, 0s},
  };
  for (const auto& row : table) {
    CAPTURE(row.usec);
    setenv("NOTIFY_SOCKET", "@x", 1);
    setenv("WATCHDOG_USEC", row.usec, 1);
    if (row.pid) setenv("WATCHDOG_PID", row.pid, 1);
    auto taken = Service::Environment::take();
    CHECK(taken.socket == "@x");
    CHECK(taken.watchdog == row.watchdog);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) CHECK_FALSE(getenv(name));
  }
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  setenv("WATCHDOG_USEC", "1000", 1);
  CHECK(Service::Environment::take().watchdog == 1ms);
}

TEST_CASE("service: that it is ready is said again where nobody could hear it") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
  Descriptor manager(ends[0]);
  Service service(Descriptor(ends[1]), 0us);
  auto heard = [&] {
    int count = 0;
    char message[2048];
    for (ssize_t n; (n = recv(manager.get(), message, sizeof message, 0)) >= 0;)
      count += std::string_view(message, static_cast<std::size_t>(n)) == "READY=1";
    return count;
  };
  for (int i = 0; i < 5000; ++i) service.status(std::to_string(i));
  service.ready();
  CHECK(heard() == 0);
  service.ready();
  service.ready();
  CHECK(heard() == 1);
}
