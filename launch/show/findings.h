// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What --status and --check found, on standard output.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/launch.h"

namespace interimap {

// A line each: "remote(INBOX): text"; with the section's name, if there is one, in place of no side's.
std::string findingsText(std::span<const Finding> findings, std::string_view section = {});

// One JSON object:
// {"section":"work","findings":[{"component":"remote","mailbox":"INBOX",…},…],"exitStatus":0}.
std::string findingsJson(std::span<const Finding> findings, int exitStatus, std::string_view section = {},
                         std::string_view whatItIs = "section");

// --check: a line each with how it went in front, by a sign on a terminal or by a word; server by server, the
// database last.
std::string checkText(std::vector<Finding> findings, bool signs, std::string_view section = {});

}  // namespace interimap
