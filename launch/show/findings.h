// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What --status found, on standard output.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ipc/launch.h"

namespace interimap {

// A line each: "remote(INBOX): text"; with the section's name, if there is one, in place of no side's.
std::string findingsText(std::span<const Finding> findings, std::string_view section = {});

// One JSON object:
// {"section":"work","findings":[{"component":"remote","mailbox":"INBOX",…},…],"exitStatus":0}.
std::string findingsJson(std::span<const Finding> findings, int exitStatus, std::string_view section = {});

}  // namespace interimap
