// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A request of sync as one line of a story.
#pragma once

#include <string>

#include "ipc/imap.h"

namespace interimap::model {

std::string text(const Request& request);

}  // namespace interimap::model
