// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/addresses.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace interimap {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// The item at the front, up to a comma outside double quotes, cut off with that.
std::string_view takeItem(std::string_view& list) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < list.size() && (quoted || list[end] != ','); ++end) {
    if (list[end] == '"') quoted = !quoted;
    if (quoted && list[end] == '\\') ++end;
  }
  std::string_view item = list.substr(0, std::min(end, list.size()));
  list.remove_prefix(std::min(end + 1, list.size()));
  item.remove_prefix(std::min(item.find_first_not_of(kBlanks), item.size()));
  item.remove_suffix(item.size() - (item.find_last_not_of(kBlanks) + 1));
  return item;
}

}  // namespace

std::vector<ForwardPath> readAddresses(std::string_view value, AddressRoom& room) {
  std::vector<ForwardPath> all;
  AddressRoom left = room;
  while (!value.empty()) {
    std::string_view item = takeItem(value);
    if (item.empty()) continue;
    if (item.starts_with('<') && item.ends_with('>')) item = item.substr(1, item.size() - 2);
    auto path = ForwardPath::parse(item);
    if (!path) return {};
    if (std::ranges::find(all, *path) != all.end()) continue;
    if (left.addresses == 0 || left.octets < item.size()) return {};
    --left.addresses;
    left.octets -= item.size();
    all.push_back(std::move(*path));
  }
  room = left;
  return all;
}

}  // namespace interimap
