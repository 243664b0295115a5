// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The sections [mailbox PATTERN] of interimap's configuration, in their order: the first that matches a
// mailbox is the one that counts.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ipc/settings.h"
#include "launch/config/ini.h"

namespace interimap {

// So many fit into a packet, whatever they say.
inline constexpr std::size_t kMostMailboxSections = 64;

// Throws Failure(config) "FILE:LINE: …" for what is no pattern, or one that another has already or leaves
// nothing to; for keys that say the opposite of each other; and as Keys does.
std::vector<settings::OfMailbox> readMailboxSections(const Ini& ini, const std::string& file);

}  // namespace interimap
