// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The programs that are measured side by side, and how each of them is told to do the same work.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/stores.h"
#include "tests/e2e/directory.h"
#include "tests/e2e/process.h"

namespace interimap::bench {

// adopt: both servers have the same mail, and the database is lost. renumbered: the remote UIDs are others
// than the database knows.
enum class Work { first, idle, changes, adopt, renumbered };

// What a contender is given: an account of the same name on both servers, and a directory for its
// configuration and state.
struct Setting {
  Work work;
  bool tls;
  std::uint16_t local, remote;  // ports on 127.0.0.1
  std::string user;
  fs::path directory;
  const Stores& stores;
  fs::path script;        // for the floor: what it appends
  std::size_t mailboxes;  // for the floor: what it fetches
  bool several;           // over several connections, too
  bool compresses;        // a slow link between servers that offer COMPRESS
  Level level;            // of the servers
  bool moves;             // the changes are moves
};

struct Contender {
  std::string name;   // also its user on the servers
  std::string title;  // in the table
  std::string remark;
  bool synchronises = true;  // false: a floor, which leaves nothing in sync

  // Its configuration is written, its command not yet started; none if it has no answer to this work.
  std::function<std::optional<bed::Command>(const Setting&)> prepare;
};

// Ours and the floors always, of the others those that are installed.
std::vector<Contender> contenders();

}  // namespace interimap::bench
