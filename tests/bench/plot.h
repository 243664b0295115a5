// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Curves as SVG, drawn by hand: two axes, linear or logarithmic, a line with points for each series, a
// legend.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace interimap::bench {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // in the order of x
};

struct Plot {
  std::string title, xLabel, yLabel;
  bool logarithmic = false;  // both axes: then no value may be 0
  std::vector<Series> series;

  std::string svg() const;
};

}  // namespace interimap::bench
