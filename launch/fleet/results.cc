// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/results.h"

#include <algorithm>
#include <cstdint>

#include "ipc/exit_status.h"
#include "launch/show/escape.h"
#include "launch/show/json.h"

namespace interimap {

namespace {

constexpr std::size_t kWidest = 40;  // of the names' column

bool mayPass(int status) {
  return status == static_cast<int>(ExitStatus::tryAgain) ||
         status == static_cast<int>(ExitStatus::unavailable);
}

std::string padded(std::string text, std::size_t width) {
  std::size_t columns = 0;  // not octets
  for (char c : text) columns += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  if (columns < width) text.append(width - columns, ' ');
  return text;
}

}  // namespace

std::size_t Results::failed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(accounts, [](const auto& each) { return each.second.status != 0; }));
}

int Results::status() const {
  int worst = left > 0 ? static_cast<int>(ExitStatus::tryAgain) : 0;
  for (const auto& [name, result] : accounts) {
    if (result.status == 0) continue;
    if (!mayPass(result.status)) return static_cast<int>(ExitStatus::data);
    worst = static_cast<int>(ExitStatus::tryAgain);
  }
  return worst;
}

std::string Results::line() const {
  const std::size_t all = accounts.size() + doneBefore + left, bad = failed();
  std::string text = std::to_string(all) + (all == 1 ? " account: " : " accounts: ") +
                     std::to_string(accounts.size() - bad) + " done";
  if (doneBefore > 0) text += ", " + std::to_string(doneBefore) + " done before";
  if (bad > 0) text += ", " + std::to_string(bad) + " failed";
  if (left > 0) text += ", " + std::to_string(left) + " left";
  return text;
}

std::string Results::table() const {
  if (failed() == 0) return {};
  std::size_t width = 0;
  for (const auto& [name, result] : accounts)
    if (result.status != 0) width = std::max(width, std::min(name.size(), kWidest));
  std::string all = line() + "\n";
  for (const auto& [name, result] : accounts) {
    if (result.status == 0) continue;
    all += "  " + padded(escape(name), width) + "  " + padded(std::to_string(result.status), 2);
    if (!result.text.empty()) all += "  " + escape(result.text);
    if (result.attempts > 1) all += " (" + std::to_string(result.attempts) + " attempts)";
    all += "\n";
  }
  return all;
}

std::string Results::json() const {
  std::string list;
  for (const auto& [name, result] : accounts)
    list +=
        (list.empty() ? "" : ",") + JsonObject()
                                        .add("instance", name)
                                        .add("exitStatus", static_cast<std::uint64_t>(result.status))
                                        .add("attempts", std::uint64_t{result.attempts})
                                        .add("milliseconds", static_cast<std::uint64_t>(result.time.count()))
                                        .add("text", result.text)
                                        .text();
  return JsonObject()
      .addList("accounts", list)
      .add("done", accounts.size() - failed())
      .add("doneBefore", doneBefore)
      .add("failed", failed())
      .add("left", left)
      .add("exitStatus", static_cast<std::uint64_t>(status()))
      .line();
}

std::string withName(std::string_view name, std::string_view lines) {
  std::string all;
  while (!lines.empty()) {
    auto end = std::min(lines.find('\n'), lines.size() - 1) + 1;
    all += escape(name) + ": " + std::string(lines.substr(0, end));
    lines.remove_prefix(end);
  }
  return all;
}

}  // namespace interimap
