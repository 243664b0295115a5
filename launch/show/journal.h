// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The priority of a line for systemd's journal, which reads it from the line (sd-daemon(3)).
#pragma once

#include <string_view>

#include "ipc/launch.h"

namespace interimap {

// Whether the journal is what reads this descriptor, as $JOURNAL_STREAM says (systemd.exec(5)).
bool isJournal(int fd);

std::string_view journalPriority(LogLevel level);  // "<6>"

}  // namespace interimap
