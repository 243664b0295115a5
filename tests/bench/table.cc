// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/table.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace interimap::bench {
namespace {

[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...) {
  char buffer[200];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return buffer;
}

std::string ratio(double of, double to) { return of > 0 && to > 0 ? text("%.2f", of / to) : "-"; }

std::string mebibytes(std::uint64_t octets) { return text("%.1f", static_cast<double>(octets) / 1048576); }

std::string memory(const Footprint& footprint) {
  if (!footprint.readable || footprint.processes == 0) return "-";
  std::string result = mebibytes(footprint.processes);
  return footprint.withBodies > footprint.processes ? result + " (" + mebibytes(footprint.withBodies) + ")"
                                                    : result;
}

std::string octets(const std::optional<Traffic>& traffic) {
  return traffic ? text("%.0f", static_cast<double>(traffic->octets) / 1000) : "-";
}

std::string roundTrips(const std::optional<Traffic>& traffic) {
  return traffic ? std::to_string(traffic->roundTrips) : "-";
}

const Result* named(const std::vector<Result>& results, const std::string& title) {
  auto found =
      std::find_if(results.begin(), results.end(), [&](const Result& r) { return r.title == title; });
  return found == results.end() || !found->failure.empty() ? nullptr : &*found;
}

double wallOf(const std::vector<Result>& results, const std::string& title) {
  const Result* result = named(results, title);
  return result == nullptr ? 0 : result->medianWall();
}

double perMessage(const Result& result) {
  return result.messages == 0 ? 0 : result.medianWall() / static_cast<double>(result.messages);
}

double perMessageOf(const std::vector<Result>& results, const std::string& title) {
  const Result* result = named(results, title);
  return result == nullptr ? 0 : perMessage(*result);
}

std::string failed(const Result& result) { return "  " + result.title + " failed: " + result.failure + "\n"; }

std::string wallRange(const Result& result) {
  auto [least, most] = std::minmax_element(result.wall.begin(), result.wall.end());
  return text("%7.3f (%.3f-%.3f)", result.medianWall(), *least, *most);
}

std::string row(const Result& result, double floor, double ours) {
  if (!result.failure.empty()) return failed(result);
  const double wall = result.medianWall();
  return text("  %-18s %-23s", result.title.c_str(), wallRange(result).c_str()) +
         text(" %7.3f %7.3f %14s", Result::median(result.user), Result::median(result.system),
              memory(result.footprint).c_str()) +
         text(" %7s %7s %5s %5s", octets(result.local).c_str(), octets(result.remote).c_str(),
              roundTrips(result.local).c_str(), roundTrips(result.remote).c_str()) +
         text(" %7s %7s  %s\n", ratio(wall, floor).c_str(), ratio(ours, wall).c_str(),
              result.likeness.c_str());
}

std::string pullRow(const Result& result, double floor, double ours) {
  if (!result.failure.empty()) return failed(result);
  const double each = perMessage(result);
  return text("  %-18s %8zu %-23s %9.0f", result.title.c_str(), result.messages, wallRange(result).c_str(),
              1 / each) +
         text(" %7.3f %7.3f %14s", Result::median(result.user), Result::median(result.system),
              memory(result.footprint).c_str()) +
         text(" %8s %7s\n", ratio(each, floor).c_str(), ratio(ours, each).c_str());
}

std::string members(const Result& result) {
  std::string line;
  for (const Footprint::Member& member : result.footprint.members) {
    line += (line.empty() ? "  " : ", ") + member.name + text(" %.2f s ", member.processorTime) +
            mebibytes(member.peak) + " MiB";
  }
  return line + "\n";
}

std::string processesOf(const std::vector<Result>& results, const std::string& title) {
  const Result* result = named(results, title);
  if (result == nullptr || !result->footprint.readable || result->footprint.members.empty()) return "";
  return "  Processes of " + title + ", in the untimed first run:" + members(*result);
}

}  // namespace

std::string table(const std::vector<Result>& results, const std::string& floor, const std::string& ours) {
  std::string out =
      text("  %-18s %7s %-15s %7s %7s %14s %15s %11s %7s %7s\n", "", "wall s", "(min-max)", "user s", "sys s",
           "MiB (+bodies)", "kB local remote", "trips  l  r", "/ floor", "ours /");
  for (const Result& result : results) out += row(result, wallOf(results, floor), wallOf(results, ours));
  return out + processesOf(results, ours);
}

std::string pullTable(const std::vector<Result>& results, const std::string& floor, const std::string& ours) {
  std::string out = text("  %-18s %8s %7s %-15s %9s %7s %7s %14s %8s %7s\n", "", "messages", "wall s",
                         "(min-max)", "per s", "user s", "sys s", "MiB (+bodies)", "/ source", "ours /");
  for (const Result& result : results)
    out += pullRow(result, perMessageOf(results, floor), perMessageOf(results, ours));
  return out + processesOf(results, ours);
}

}  // namespace interimap::bench
