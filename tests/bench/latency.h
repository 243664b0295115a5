// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How long a new message on one side takes to be seen on the other while somebody watches two idle servers.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace interimap::bench {

// Names for --only: "watch" and "notify".
std::vector<std::string> latencyRaces();

// The table of one of them: ours, the Perl program, and the server's own delay as a client that IDLEs sees
// it. False: somebody missed a message.
bool raceLatency(const std::string& name, std::size_t messages,
                 const std::function<void(const std::string&)>& show);

}  // namespace interimap::bench
