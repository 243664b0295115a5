// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Wall time over round-trip time and over the size of a mailbox, as tables and as plots.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/bench/contender.h"
#include "tests/bench/options.h"

namespace interimap::bench {

// Writes four SVG files into options.plots. False: somebody failed; the curve is drawn without it.
bool drawCurves(const std::vector<Contender>& contenders, const Options& options,
                const std::function<void(const std::string&)>& show);

}  // namespace interimap::bench
