// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The lies, by name. Those of a net are told in answers to sync's requests, those of a delivery in what it
// says of messages, those of sync in what it asks of either and reports to launch.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/compromised/between.h"

namespace interimap::compromised {

// Nothing if there is none of this name. "corrupt:SEED:N" changes a random word of every Nth packet, for
// ever.
std::optional<Between::Lie> lieNamed(const std::string& name);

std::optional<Between::Lie> netLie(const std::string& name);
std::optional<Between::Lie> deliveryLie(const std::string& name);
std::optional<Between::Lie> syncLie(const std::string& name);

// Bodies that are none: memory with only these seals, a pipe that is to be waited for, one that holds but one
// octet.
int memory(int seals);
int readEndOfPipe();
int shortPipe();
// In the packet as it is, where the types of ipc/ cannot hold what is to be said; as many octets.
Between::Lie replacing(std::string_view what, std::string_view with);

}  // namespace interimap::compromised
