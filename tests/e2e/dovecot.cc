// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/dovecot.h"

#include <poll.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <stdexcept>

#include "tests/e2e/port.h"

namespace interimap::bed {
namespace {

constexpr auto kStartTimeout = std::chrono::seconds(10);
constexpr auto kStopTimeout = std::chrono::seconds(10);
constexpr auto kIdleTimeout = std::chrono::seconds(20);
constexpr int kStartAttempts = 5;

// In terms of the process group that the master leads: name and group from /proc/PID/stat.
bool hasSession(pid_t master) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string stat = readFile(entry.path() / "stat");
    if (stat.find("(imap) ") == std::string::npos) continue;
    int group = 0;
    char state = 0;
    if (std::sscanf(stat.c_str() + stat.find("(imap) ") + 7, "%c %*d %d", &state, &group) == 2 &&
        group == master && state != 'Z') {
      return true;
    }
  }
  return false;
}

}  // namespace

Dovecot::Dovecot(const fs::path& directory, DovecotOptions options)
    : directory_(makeDirectory(directory)), options_(std::move(options)) {
  makeDirectory(directory_ / "home");
  for (int attempt = 1; !master_.running(); ++attempt) {
    imap_ = freePort();
    imaps_ = options_.certificate.empty() ? std::uint16_t{0} : freePort();
    writeConfiguration();
    try {
      start();
    } catch (const std::runtime_error&) {
      if (attempt == kStartAttempts) throw;
    }
  }
}

void Dovecot::writeConfiguration() const {
  DovecotPlace place{directory_.string(), imap_, imaps_};
  writeFile(configuration(), dovecotIs24() ? dovecot24Configuration(options_, place)
                                           : dovecot23Configuration(options_, place));
}

void Dovecot::start() {
  Command command{{"dovecot", "-F", "-c", configuration().string()}, {}};
  auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  // Processes of an old instance may be there for a moment after their master has gone: accepting, or holding
  // its sockets.
  while (accepts(imap_) && std::chrono::steady_clock::now() < deadline) poll(nullptr, 0, 5);
  auto begin = [&] {
    writeFile(directory_ / "stderr", "");
    master_ = BackgroundProcess(command, directory_ / "stderr");
  };
  begin();
  while (!accepts(imap_)) {
    bool ended = !master_.running(), late = std::chrono::steady_clock::now() > deadline;
    std::string errors = readFile(directory_ / "stderr");
    if (late || (ended && errors.find("already running") == std::string::npos)) {
      master_.end();
      throw std::runtime_error("dovecot: " + errors + log());
    }
    if (ended) begin();
    poll(nullptr, 0, 5);
  }
}

void Dovecot::shutDown() {
  master_.signal(SIGTERM);
  master_.wait(kStopTimeout);
}

void Dovecot::restart() {
  stop();
  start();
}

std::string Dovecot::tunnelCommand(const std::string& user) const {
  makeDirectory(home(user));
  // -k: Dovecot 2.4 does not look at its environment else.
  return "exec env -i USER=" + user + " HOME=" + home(user).string() + " /usr/lib/dovecot/imap -k -c " +
         configuration().string();
}

Outcome Dovecot::doveadm(std::vector<std::string> arguments, const std::string& input) const {
  std::vector<std::string> all{"doveadm", "-c", configuration().string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  Outcome outcome = run({all, {}, input});
  if (!outcome.succeeded()) throw std::runtime_error("doveadm " + arguments.front() + ": " + outcome.errors);
  return outcome;
}

void Dovecot::copyUser(const std::string& from, const std::string& to) const {
  waitUntilIdle();
  copyTree(home(from), home(to));
}

void Dovecot::waitUntilIdle() const {
  auto deadline = std::chrono::steady_clock::now() + kIdleTimeout;
  while (hasSession(master_.pid())) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("a Dovecot session does not end");
    poll(nullptr, 0, 2);
  }
}

}  // namespace interimap::bed
