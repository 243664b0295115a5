// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The least that a client can do, as a measure for all others: it sends everything without waiting, reads the
// answers as fast as they come and keeps nothing. It knows beforehand what there is to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/e2e/directory.h"

namespace interimap::bench {

namespace fs = std::filesystem;

// What a floor client does, on loopback, in cleartext or under TLS. Written as the arguments of the bench
// program itself, so that it runs as a process of its own and is measured like the others.
struct Floor {
  enum class Half { fetch, append, both, look, lookAtAll };
  // both: fetching from local and appending to remote, at once. look: whether anything has changed, by
  // mod-sequences; lookAtAll: without them.
  Half half;
  std::uint16_t local = 0, remote = 0;
  std::string user;
  std::size_t mailboxes;  // to fetch from, or to look at
  fs::path script = {};   // to append: ready-made commands, see mail.h
  bool tls = false;       // from the first octet on; the certificate is not looked at

  std::vector<std::string> arguments() const;                     // after the program's name
  static Floor parse(const std::vector<std::string>& arguments);  // throws
  void run() const;                                               // throws unless every answer was OK
};

inline constexpr const char* kFloorArgument = "--as-floor";

}  // namespace interimap::bench
