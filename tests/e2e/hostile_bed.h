// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The program between a server that behaves and one that attacks, and what must hold all the same.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/eventually.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/workers.h"

namespace interimap::bed {

inline constexpr std::chrono::seconds kLongestAttack{90};
inline constexpr std::uint64_t kMostMemory = 64 << 20;  // octets: all processes together, and each alone

// Everything that a terminal would act on.
inline bool isHarmless(const std::string& log) {
  return std::ranges::all_of(log, [](unsigned char c) { return c == '\n' || (c >= 0x20 && c != 0x7F); }) &&
         log.find("\xC2\x9B") == log.npos && log.find("\xE2\x80\xAE") == log.npos;
}

inline bool changesSomething(const std::string& command) {
  static const std::regex kChange(
      "(UID )?(APPEND|STORE|EXPUNGE|CREATE|DELETE|RENAME|SUBSCRIBE|UNSUBSCRIBE|MOVE|COPY)",
      std::regex::icase);
  return std::regex_search(command, kChange, std::regex_constants::match_continuous);
}

// A run of the program whose processes are looked at: bounded in time and memory, harmless to the terminal,
// and none is left.
inline Run watched(Command command) {
  MemoryWatch memory;
  pid_t group = -1;
  command.timeout = kLongestAttack;
  command.started = [&](pid_t pid) {
    group = pid;
    memory.start(pid);
  };
  Run run{bed::run(command)};
  memory.stop();
  CHECK_FALSE(run.timedOut);
  CHECK(processesOf(group) == "");
  CHECK(memory.peak() < kMostMemory);
  CHECK(memory.proportional() < kMostMemory);
  MESSAGE(std::to_string(run.wall.count()).substr(0, 5), " s, ", memory.proportional() >> 10,
          " KiB together, ", memory.peak() >> 10, " KiB the largest, exit status ", run.exitStatus);
  CHECK(isHarmless(run.log()));
  CHECK(isHarmless(run.output));
  return run;
}

// In sync, then with new mail on the local side alone: whatever is written to local now, the attacker wrote.
struct Hostile : Scripted {
  explicit Hostile(FakeOptions options = {}, bool synchronised = true) : Scripted({}, std::move(options)) {
    add(local, "INBOX", 4, 1);
    add(local, "other", 4, 2);
    if (synchronised) requireDone(program.run({}));
    add(local, "INBOX", 3, 3);
  }

  Run attacked(std::vector<std::string> arguments) {
    const std::size_t before = local.commands().size();
    Run run = watched(program.command(programPath(), std::move(arguments)));
    std::vector<std::string> commands = local.commands();
    for (std::size_t i = before; i < commands.size(); ++i) {
      CAPTURE(commands[i]);
      CHECK((!changesSomething(commands[i]) || (mayCreate && commands[i].starts_with("CREATE "))));
    }
    return run;
  }

  void checkRecovers() {
    remote.forget();
    Scripted::checkRecovers();
    CHECK(here().messages() == mailCount);
  }

  std::size_t mailCount = 11;
  bool mayCreate = false;
};

// Accepts one connection and says "* OK aaaaa...", an octet every few milliseconds.
class Dribbler {
 public:
  // Says `first`, then `rest` over and over, an octet at a time.
  explicit Dribbler(std::string first = "* OK ", std::string rest = "a",
                    std::chrono::milliseconds between = std::chrono::milliseconds(20))
      : first_(std::move(first)), rest_(std::move(rest)), between_(between) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener_, 1) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
      throw std::runtime_error("dribbler: cannot listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Dribbler() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::uint16_t port() const { return port_; }
  unsigned octets() const { return octets_; }

 private:
  void serve() {
    int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    auto octet = [&](std::size_t n) {
      return n < first_.size() ? &first_[n] : &rest_[(n - first_.size()) % rest_.size()];
    };
    while (!stopping_ && send(client, octet(octets_), 1, MSG_NOSIGNAL) == 1) {
      ++octets_;
      std::this_thread::sleep_for(between_);
    }
    close(client);
  }

  const std::string first_, rest_;
  const std::chrono::milliseconds between_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<unsigned> octets_ = 0;
  std::thread thread_;
};

}  // namespace interimap::bed
