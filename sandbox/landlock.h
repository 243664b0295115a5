// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Landlock: rights on files, TCP ports, signals and abstract sockets, as far as the running kernel knows
// them.
#pragma once

#include <cstdint>
#include <string>

namespace interimap::sandbox {

// What a ruleset takes under its control; 0 where the kernel does not know the kind yet.
struct Handled {
  std::uint64_t files = 0, network = 0, scoped = 0;
  std::size_t size = 0;  // of the attribute as that kernel knows it, octets
};

// All that a kernel with this ABI (1, 2, …) can control. Newer ABIs than we know are taken as the last we
// know.
Handled handled(int abi);

// What sync may do in the directory of its database, out of handled(abi).files.
std::uint64_t databaseRights(int abi);

// The running kernel's ABI; 0 if it has no Landlock, or has it switched off.
int landlockAbi();

// Gives up every right that the ABI knows, but for databaseRights in `directory` (a descriptor; -1: none).
// Needs no-new-privs. Throws std::runtime_error.
void giveUpRights(int abi, int directory);

// "Landlock ABI 6 (files, network, signals)" or "no Landlock".
std::string landlockText(int abi);

}  // namespace interimap::sandbox
