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

double wallOf(const std::vector<Result>& results, const std::string& title) {
  auto found =
      std::find_if(results.begin(), results.end(), [&](const Result& r) { return r.title == title; });
  return found == results.end() || !found->failure.empty() ? 0 : Result::median(found->wall);
}

std::string row(const Result& result, double floor, double ours) {
  if (!result.failure.empty()) return "  " + result.title + " failed: " + result.failure + "\n";
  auto [least, most] = std::minmax_element(result.wall.begin(), result.wall.end());
  double wall = Result::median(result.wall);
  return text("  %-18s %7.3f (%.3f-%.3f)", result.title.c_str(), wall, *least, *most) +
         text(" %7.3f %7.3f %14s", Result::median(result.user), Result::median(result.system),
              memory(result.footprint).c_str()) +
         text(" %7s %7s %5s %5s", octets(result.local).c_str(), octets(result.remote).c_str(),
              roundTrips(result.local).c_str(), roundTrips(result.remote).c_str()) +
         text(" %7s %7s  %s\n", ratio(wall, floor).c_str(), ratio(ours, wall).c_str(),
              result.likeness.c_str());
}

std::string members(const Result& result) {
  std::string line;
  for (const Footprint::Member& member : result.footprint.members) {
    line += (line.empty() ? "  " : ", ") + member.name + text(" %.2f s ", member.processorTime) +
            mebibytes(member.peak) + " MiB";
  }
  return line + "\n";
}

}  // namespace

std::string table(const std::vector<Result>& results, const std::string& floor, const std::string& ours) {
  std::string out =
      text("  %-18s %7s %-13s %7s %7s %14s %15s %11s %7s %7s\n", "", "wall s", "(min-max)", "user s", "sys s",
           "MiB (+bodies)", "kB local remote", "trips  l  r", "/ floor", "ours /");
  for (const Result& result : results) out += row(result, wallOf(results, floor), wallOf(results, ours));
  for (const Result& result : results) {
    if (result.title == ours && result.footprint.readable)
      out += "  Processes of " + ours + ", in the untimed first run:" + members(result);
  }
  return out;
}

}  // namespace interimap::bench
