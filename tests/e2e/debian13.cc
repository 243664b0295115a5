// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/debian13.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace interimap::bed {
namespace {

constexpr auto kDownloadTimeout = std::chrono::minutes(5);

}  // namespace

fs::path cacheDirectory() {
  if (const char* cache = getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return fs::path(cache) / "interimap-tests";
  }
  if (geteuid() == 0) return "/var/cache/interimap-tests";
  const char* home = getenv("HOME");
  return (home != nullptr ? fs::path(home) / ".cache" : fs::path("/tmp")) / "interimap-tests";
}

std::optional<Debian13> Debian13::find() {
  Debian13 debian(cacheDirectory() / "debian-13-servers");
  if (!fs::exists(debian.root_)) {
    Command make{{fs::absolute("tests/debian13").string(), debian.root_.string()}};
    make.unprivileged = false;
    make.timeout = kDownloadTimeout;
    Outcome outcome = run(make);
    if (!outcome.succeeded()) {
      std::fprintf(stderr, "no Debian 13: its packages cannot be had here: %s\n", outcome.errors.c_str());
      return std::nullopt;
    }
  }
  Outcome outcome = run(debian.command({"/usr/bin/true"}));
  if (!outcome.succeeded()) {
    std::fprintf(stderr, "no Debian 13: no program can be run below %s; try it as root: %s\n",
                 debian.root_.c_str(), outcome.errors.c_str());
    return std::nullopt;
  }
  return debian;
}

std::string Debian13::inside(const fs::path& path) const {
  return "/" + path.lexically_relative(root_).string();
}

// setpriv comes last because a change of user forgets the signal that is due when the tests die. Where root
// runs the tests, user namespaces are often forbidden; for others there is nothing else.
Command Debian13::command(std::vector<std::string> arguments) const {
  Command command;
  if (geteuid() == 0) {
    command.arguments = {"chroot",
                         root_.string(),
                         "/usr/bin/setpriv",
                         "--reuid=" + std::to_string(mailUser().uid),
                         "--regid=" + std::to_string(mailUser().gid),
                         "--clear-groups",
                         "--pdeathsig=TERM",
                         "--"};
    command.unprivileged = false;
  } else {
    command.arguments = {"unshare", "--user", "--map-current-user", "--root=" + root_.string(), "--"};
  }
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace interimap::bed
