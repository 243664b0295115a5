// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Two Dovecots, local and remote, in their fastest set-up, and what is on them: accounts that can be put
// aside and brought back, so that every measurement begins with the same mail.
#pragma once

#include <cstdint>
#include <string>

#include "tests/e2e/certificate.h"
#include "tests/e2e/directory.h"
#include "tests/e2e/dovecot.h"

namespace interimap::bench {

namespace fs = std::filesystem;

// What STATUS says of all mailboxes together.
struct Totals {
  std::uint64_t messages = 0, uidNext = 0;
  bool operator==(const Totals&) const = default;
};

// What the servers show of what they have. Neither ours nor mbsync uses what is not shown.
enum class Level { all, condstore, bare };

struct StoresOptions {
  std::string location = "sdbox:~/sdbox";
  bool compress = false;
  Level level = Level::all;
  bool operator==(const StoresOptions&) const = default;
};

class Stores {
 public:
  Stores(const fs::path& directory, const StoresOptions& options);

  // Where to have them: in memory if there is a file system for that with room enough, else under /tmp. Not
  // for the sake of speed alone: some disks take minutes to delete what a run leaves.
  static fs::path parent(std::uint64_t octetsOfMail);

  bed::Dovecot local, remote;
  fs::path authority() const { return certificates_.authority(); }

  // A user's mail on both servers and its directory `work`, as `state`; nothing saved yet is an empty
  // account.
  void save(const std::string& user, const std::string& state, const fs::path& work) const;
  void restore(const std::string& user, const std::string& state, const fs::path& work) const;
  void copyLocal(const std::string& from, const std::string& to) const;

  Totals totals(const bed::Dovecot& server, const std::string& user) const;

 private:
  Stores(const fs::path& directory, const StoresOptions& options, bed::Certificates certificates);

  bed::Certificates certificates_;
};

}  // namespace interimap::bench
