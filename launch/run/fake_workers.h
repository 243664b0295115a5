// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Runs with workers that are this very program under other names: a symbolic link "sync", "net" or
// "delivery" to it, and beside it a script of single letters for each role, "ROLE.script"; with "|" between
// those for one run and the next.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>

#include "ipc/failure.h"
#include "ipc/reporter.h"
#include "launch/run/captured_stderr.h"
#include "launch/run/runs.h"
#include "sandbox/sandbox.h"

namespace interimap::fake {

inline bool isOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

// Nothing but the descriptors a worker is due that speaks with one other, or with two.
inline bool descriptorsAreRight(bool two) {
  for (int fd = 0; fd < 100; ++fd)
    if (isOpen(fd) != (fd <= 4 || fd == sandbox::kObituary || (two && fd == 5))) return false;
  return true;
}

// Waits until the channel at `fd` is closed by the process at its other end.
inline void awaitEnd(int fd) {
  char byte;
  while (read(fd, &byte, 1) > 0) {
  }
}

// The place of what a worker is sent first in Order's variant, by the worker's name.
inline std::size_t settingsOf(std::string_view worker, bool pulls) {
  if (worker == "sync") return pulls ? 2 : 1;
  return worker == "delivery" ? 3 : 0;
}

inline void act(char step, Reporter& launch, std::string_view worker, bool pulls) {
  bool sync = worker == "sync";
  switch (step) {
    case 's': {  // settings must come first
      Order order = launch.await();
      if (order.what.index() != settingsOf(worker, pulls)) _exit(99);
      break;
    }
    case 'g':
      if (!std::holds_alternative<Go>(launch.await().what)) _exit(99);
      break;
    case 't':
      if (!std::holds_alternative<Stop>(launch.await().what)) _exit(99);
      break;
    case 'l': launch.report({Locked{}}); break;
    case 'i':
      launch.log(LogLevel::info, "hello", "INBOX", sync ? Component::database : Component::remote);
      break;
    case 'e': launch.log(LogLevel::error, "oops"); break;
    case 'N': launch.report({Synchronised{.copiedToLocal = 1, .expunged = 2, .mailboxes = 3}}); break;
    case 'S': launch.report({Synchronised{.copiedToLocal = 1, .mailboxes = 3, .waiting = true}}); break;
    case 'D': launch.report({WantsDeliverer{}}); break;
    case 'a': {  // the channel to the delivery process, which stays open
      Order order = launch.await();
      if (!std::holds_alternative<Deliverer>(order.what) || !order.peer) _exit(99);
      dup(order.peer.get()) < 0 ? _exit(99) : void();
      break;
    }
    case 'C': launch.report({WantsNets{1, 2}}); break;
    case 'c': launch.report({WantsNets{0, 3}}); break;
    case 'o': launch.report({WantsIdleNet{Side::local}}); break;
    case 'O': {  // the channel to a net that idles, which stays open
      Order order = launch.await();
      if (!std::holds_alternative<IdleNet>(order.what) || !order.peer) _exit(99);
      dup(order.peer.get()) < 0 ? _exit(99) : void();
      break;
    }
    case 'A': {  // the channel to another net, which stays open
      Order order = launch.await();
      if (!std::holds_alternative<AnotherNet>(order.what) || !order.peer) _exit(99);
      dup(order.peer.get()) < 0 ? _exit(99) : void();
      break;
    }
    case 'u': launch.report({Pulled{.delivered = 1, .deferred = 2}}); break;
    case 'U': launch.report({Pulled{.delivered = 1, .waiting = true}}); break;
    case 'E': launch.report({Exported{"state"}}); break;
    case 'T': launch.report({Traffic{.received = 1, .sent = 2}}); break;
    case 'y': launch.report({Waits{1, true}}); break;
    case 'Y': launch.report({Waits{2 * 3600 * 1000, true}}); break;
    case 'r': launch.report({Waits{89001, false}}); break;
    case 'P': launch.report({Progress{1, 2, 3}}); break;
    case 'd': launch.log(LogLevel::info, descriptorsAreRight(sync && !pulls) ? "right" : "wrong"); break;
    case '0': launch.end(ExitStatus::ok); _exit(0);
    case '5': launch.end(ExitStatus::tryAgain); _exit(75);
    case '7': launch.end(ExitStatus::noPermission); _exit(77);
    case '6': launch.end(ExitStatus::protocol); _exit(76);
    case '9': launch.end(ExitStatus::unavailable); _exit(69);
    case 'w': awaitEnd(Channel::kFirstPeer); break;      // for a net: sync is gone
    case 'W': awaitEnd(Channel::kFirstPeer + 1); break;  // for sync: the remote net is gone
    case 'X': awaitEnd(sandbox::kObituary + 2); break;   // for sync: the first of the nets that it wanted is
    case 'q': _exit(69);
    case 'x': _exit(3);
    case 'k': kill(getpid(), SIGKILL); break;
    case 'v': (void)!write(Channel::kToLaunch, "rubbish", 7); break;
    case 'z': pause(); break;
    case 'K': kill(getppid(), SIGTERM); break;
    case 'I': kill(getppid(), SIGINT); break;
    case 'L':  // later, when this one is gone
      if (pid_t program = getppid(); fork() == 0) {
        close_range(Channel::kToLaunch, ~0U, 0);  // else the others would wait for this one, too
        usleep(300'000);
        kill(program, SIGTERM);
        _exit(0);
      }
      break;
  }
}

// Which part of the script is due: one more each time that this role is started.
inline std::string_view part(std::string_view script, std::string directory, const char* role) {
  Descriptor count(open((directory + role + ".runs").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
  (void)!write(count.get(), "x", 1);
  for (off_t run = lseek(count.get(), 0, SEEK_END); run > 1; --run) {
    auto end = script.find('|');
    script.remove_prefix(end == script.npos ? script.size() : end + 1);
  }
  return script.substr(0, script.find('|'));
}

struct Play {
  const char *sync = "", *local = "", *remote = "";
  bool quiet = false, watch = false, json = false;
  std::string notifySocket = {};
  settings::Sync settings = {};
  int withoutPassword = -1;                   // the run, from 0, for which there is none
  const char *net = nullptr, *delivery = "";  // pullimap's, instead of local and remote
  settings::Pull pull = {};
  const char *local2 = "", *remote2 = "", *remote3 = "", *localIdle1 = "";  // more connections
};

struct Result {
  int status;
  std::string log;
  std::string exported = {};
};

// Files, as workers see nothing of the environment.
inline void writeScripts(const Play& play, const std::string& directory) {
  auto script = [&](const char* role, std::string_view text) {
    std::ofstream(directory + "/" + role + ".script") << text;
  };
  script("sync", play.sync);
  if (play.net) script("net", play.net);
  if (play.net) return script("delivery", play.delivery);
  script("local", play.local);
  script("remote", play.remote);
  script("local-2", play.local2);
  script("remote-2", play.remote2);
  script("remote-3", play.remote3);
  script("local-idle1", play.localIdle1);
}

// What a worker finds there.
struct Script {
  std::string text;
  bool pulls;
  Script(const std::string& directory, std::string role) {
    std::ranges::replace(role, '/', '-');
    std::ifstream file(directory + role + ".script");
    std::getline(file, text);
    pulls = std::filesystem::exists(directory + "net.script");
  }
};

inline AnySettings settingsOf(Play& play, const char* directory) {
  if (play.withoutPassword-- == 0) throw Failure(ExitStatus::noPermission, "no password");
  if (play.net) return PullSettings{directory, play.pull, {}, {}};
  return RunSettings{directory, play.settings, {}, {}};
}

inline Result play(Play play) {
  char directory[] = "/tmp/interimap-run-XXXXXX";
  REQUIRE(mkdtemp(directory));
  auto self = std::filesystem::read_symlink("/proc/self/exe");
  for (const char* name : {"/sync", "/net", "/delivery"})
    std::filesystem::create_symlink(self, std::string(directory) + name);
  writeScripts(play, directory);
  if (play.watch) {
    play.settings.errand = settings::Errand::watch;
    play.settings.interval = 60;
    play.pull.errand = settings::Pull::Errand::idle;
  }

  Result result;
  sigset_t before;
  sigprocmask(SIG_SETMASK, nullptr, &before);
  {
    CapturedStderr captured;
    ProgressLine nowhere(-1);
    Log log(
        {"%?n?%?m?%n(%m)&%n?: ?", {}, play.quiet, false, play.json, play.net ? "work" : "", {}, !play.watch},
        nowhere);
    Signals signals;
    Service service({play.notifySocket, std::chrono::seconds(1)});
    Runs runs({log, nowhere, signals, service}, play.watch, 1);
    try {
      result.status = runs.all([&] { return settingsOf(play, directory); });
    } catch (const Failure& failure) {
      result.status = -static_cast<int>(failure.status);
    }
    result.exported = runs.exported();
    result.log = captured.text();
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  while (waitpid(-1, nullptr, 0) > 0) {  // one that was started in vain still writes there
  }
  std::filesystem::remove_all(directory);
  return result;
}

// What is told about the next attempt, whenever that is.
inline std::string withoutTimes(std::string log) {
  return std::regex_replace(log, std::regex("again in [0-9]+ s"), "again in N s");
}

}  // namespace interimap::fake
