// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace interimap::bench {
namespace {

constexpr double kWidth = 720, kHeight = 440, kLeft = 70, kRight = 170, kTop = 40, kBottom = 50;
constexpr const char* kColours[] = {"#1b6ca8", "#c0392b", "#e08e0b", "#2e8b57", "#7d3c98", "#555555"};

std::string number(double value, const char* format = "%.1f") {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string label(double value) {
  if (value >= 1e6) return number(value / 1e6, "%g") + "M";
  if (value >= 1e3) return number(value / 1e3, "%g") + "k";
  return number(value, "%g");
}

std::string escaped(const std::string& text) {
  std::string result;
  for (char c : text)
    result += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return result;
}

std::string words(double x, double y, const std::string& text, const char* anchor,
                  const std::string& more = "") {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\"" + more + ">" +
         escaped(text) + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const char* colour) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" +
         number(y2) + "\" stroke=\"" + colour + "\"/>\n";
}

// Values onto a stretch of the drawing.
struct Axis {
  bool logarithmic;
  double least, most, from, to;

  double place(double value) const {
    double share =
        logarithmic ? std::log(value / least) / std::log(most / least) : (value - least) / (most - least);
    return from + share * (to - from);
  }

  std::vector<double> ticks() const {
    std::vector<double> result;
    if (logarithmic) {
      for (double tick = least; tick < most * 1.01; tick *= 10) result.push_back(tick);
      return result;
    }
    double step = std::pow(10, std::floor(std::log10(most)));
    while (most / step < 4) step /= 2;
    for (double tick = 0; tick < most * 1.001; tick += step) result.push_back(tick);
    return result;
  }

  static Axis over(std::vector<double> values, bool logarithmic, double from, double to) {
    auto [low, high] = std::minmax_element(values.begin(), values.end());
    if (!logarithmic) return {false, 0, *high * 1.05, from, to};
    double least = std::pow(10, std::floor(std::log10(*low))),
           most = std::pow(10, std::ceil(std::log10(*high)));
    return {true, least, std::max(most, least * 10), from, to};
  }
};

}  // namespace

std::string Plot::svg() const {
  std::vector<double> xs, ys;
  for (const Series& one : series) {
    for (auto [x, y] : one.points) {
      xs.push_back(x);
      ys.push_back(y);
    }
  }
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(kWidth, "%g") + " " +
                    number(kHeight, "%g") + "\" font-family=\"sans-serif\" font-size=\"12\">\n" +
                    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n" +
                    words(kLeft, kTop - 16, title, "start", " font-size=\"14\"");
  if (xs.empty()) return out + "</svg>\n";
  const double right = kWidth - kRight, bottom = kHeight - kBottom;
  const Axis x = Axis::over(xs, logarithmic, kLeft, right), y = Axis::over(ys, logarithmic, bottom, kTop);
  for (double tick : x.ticks()) {
    out += line(x.place(tick), kTop, x.place(tick), bottom, "#dddddd") +
           words(x.place(tick), bottom + 16, label(tick), "middle");
  }
  for (double tick : y.ticks()) {
    out += line(kLeft, y.place(tick), right, y.place(tick), "#dddddd") +
           words(kLeft - 6, y.place(tick) + 4, label(tick), "end");
  }
  out += line(kLeft, bottom, right, bottom, "black") + line(kLeft, kTop, kLeft, bottom, "black") +
         words((kLeft + right) / 2, kHeight - 12, xLabel, "middle") +
         words(16, (kTop + bottom) / 2, yLabel, "middle",
               " transform=\"rotate(-90 16 " + number((kTop + bottom) / 2) + ")\"");
  for (std::size_t i = 0; i < series.size(); ++i) {
    const std::string colour = kColours[i % std::size(kColours)];
    std::string path, dots;
    for (auto [px, py] : series[i].points) {
      path += (path.empty() ? "" : " ") + number(x.place(px)) + "," + number(y.place(py));
      dots += "<circle cx=\"" + number(x.place(px)) + "\" cy=\"" + number(y.place(py)) +
              "\" r=\"3\" fill=\"" + colour + "\"/>\n";
    }
    out += "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + colour + "\" points=\"" + path +
           "\"/>\n" + dots;
    const double at = kTop + 12 + 20 * static_cast<double>(i);
    out += "<rect x=\"" + number(right + 14) + "\" y=\"" + number(at - 9) +
           "\" width=\"12\" height=\"10\" fill=\"" + colour + "\"/>\n" +
           words(right + 32, at, series[i].name, "start");
  }
  return out + "</svg>\n";
}

}  // namespace interimap::bench
