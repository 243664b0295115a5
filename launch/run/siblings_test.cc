// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/siblings.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "launch/run/await_asked.h"
#include "launch/run/captured_stderr.h"

using namespace interimap;

namespace {

struct Family {
  std::string log, heard;
  int status = 0;
};

Family live(const std::vector<std::string>& names, const Siblings::Life& life) {
  Family family;
  sigset_t before;
  sigprocmask(SIG_SETMASK, nullptr, &before);
  {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    Descriptor manager(ends[0]);
    CapturedStderr captured;
    ProgressLine nowhere(-1);
    Log log({.prefix = "%n: "}, nowhere);
    Signals signals;
    Service service(Descriptor(ends[1]), std::chrono::seconds(60));
    family.status = Siblings(log, signals, service).run(names, life);
    char message[2048];
    for (ssize_t n; (n = recv(manager.get(), message, sizeof message, 0)) > 0;)
      family.heard += std::string(message, static_cast<std::size_t>(n)) + "\n";
    family.log = captured.text();
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return family;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("siblings: the gravest status counts") {
  struct {
    std::vector<int> statuses;
    int all;
  } table[] = {
      {{}, 0},        {{0, 0}, 0},    {{0, 75}, 75},     {{75, 69, 0}, 69}, {{75, 65, 69}, 65},
      {{65, 74}, 74}, {{74, 73}, 73}, {{73, 76}, 76},    {{76, 77}, 77},    {{77, 78}, 78},
      {{78, 1}, 1},   {{1, 0}, 1},    {{1, 70, 78}, 70}, {{0, 99}, 70},
  };
  for (std::size_t row = 0; row < std::size(table); ++row) {
    CAPTURE(row);
    CHECK(gravest(table[row].statuses) == table[row].all);
  }
}

TEST_CASE("siblings: one that fails does not stop the other") {
  Family family = live({"a", "b", "c", "d"}, [](const std::string& name, Service&) -> int {
    if (name == "a") return 78;
    if (name == "b") kill(getpid(), SIGKILL);
    if (name == "c") throw std::runtime_error("c");
    return 0;
  });
  CHECK(family.status == 70);
  CHECK(family.log.find("b: ERROR: killed by signal SIGKILL\n") != std::string::npos);
  CHECK(family.log.find("b: WARNING") == std::string::npos);
  for (const char* status : {"a: ended with status 78", "b: ended with status 70", "d: ended with status 0"})
    CHECK(family.heard.find(status) != std::string::npos);
}

TEST_CASE("siblings: ready when all are, and well while all are") {
  int aIsWell[2];
  REQUIRE(pipe2(aIsWell, O_CLOEXEC) == 0);
  Family family = live({"a", "b"}, [&](const std::string& name, Service& service) {
    service.status("waiting");
    if (name == "b") service.patience();
    service.ready();
    service.alive(Service::Clock::now(), true);
    char octet = 0;
    if (name == "a") {
      (void)!write(aIsWell[1], &octet, 1);
    } else {
      (void)!read(aIsWell[0], &octet, 1);
      kill(getppid(), SIGTERM);
    }
    return awaitAsked();
  });
  close(aIsWell[0]);
  close(aIsWell[1]);
  CHECK(family.status == 0);
  CHECK(count(family.heard, "READY=1\n") == 1);
  CHECK(count(family.heard, "EXTEND_TIMEOUT_USEC=") == 1);
  CHECK(count(family.heard, "WATCHDOG=1\n") == 1);
  CHECK(count(family.heard, "STOPPING=1\n") == 1);
  CHECK(family.heard.find("STATUS=a: waiting; b: waiting\n") != std::string::npos);
}

TEST_CASE("siblings: what is asked of the first is passed on, and counts once") {
  for (int number : {SIGTERM, SIGINT}) {
    Family family = live({"a", "b"}, [&](const std::string& name, Service&) {
      if (name == "b") {
        kill(getpid(), number == SIGTERM ? SIGINT : SIGTERM);  // not by the one who is to ask: ignored
        kill(getppid(), number);
      }
      return awaitAsked();
    });
    CHECK(family.status == (number == SIGINT ? 1 : 0));
  }
}

TEST_CASE("field 17: it is logged that a section has ended while others go on") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  Family family = live({"a", "b"}, [&](const std::string& name, Service&) -> int {
    pid_t one = getpid();
    if (name == "a") return write(ends[1], &one, sizeof one) == sizeof one ? 78 : 1;
    if (read(ends[0], &one, sizeof one) != sizeof one) return 1;
    while (kill(one, 0) == 0) usleep(1000);  // until the other is buried
    return 0;
  });
  close(ends[0]), close(ends[1]);
  CHECK(family.log == "a: WARNING: Section ended with status 78; the others go on\n");
}
