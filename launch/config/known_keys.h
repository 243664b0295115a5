// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// From tables of settings (ipc/settings.h, and launch's own) to the keys of a configuration, and from those
// to settings.
#pragma once

#include <string>
#include <string_view>
#include <tuple>

#include "ipc/setting.h"
#include "launch/config/key.h"
#include "launch/config/values.h"

namespace interimap {

template <class Settings>
void addKeys(KnownKeys& all, const std::string& prefix = {});
template <class Settings>
void readKeys(const Keys& keys, Settings& settings, const std::string& prefix = {});

namespace rows {

template <class S, class Value, class Kind>
void add(KnownKeys& all, const settings::Key<S, Value, Kind>& row, const std::string& prefix) {
  KnownKey key{prefix + row.name, [kind = row.kind](std::string_view value) {
                 Value taken{};
                 if constexpr (requires { looksRight(kind, value); })
                   return looksRight(kind, value);
                 else
                   return take(kind, value, taken);
               }};
  if constexpr (requires { Kind::hidden; }) key.hidden = Kind::hidden;
  if constexpr (requires { Kind::wants; }) key.wants = Kind::wants;
  all.push_back(std::move(key));
}
template <class S, class Value>
void add(KnownKeys&, const settings::Told<S, Value>&, const std::string&) {}
template <class S, class Value>
void add(KnownKeys& all, const settings::Part<S, Value>& row, const std::string& prefix) {
  addKeys<Value>(all, prefix + row.prefix);
}
template <class S, class Value>
void add(KnownKeys& all, const settings::OfEach<S, Value>&, const std::string& prefix) {
  addKeys<Value>(all, prefix);
}

template <class S, class Value, class Kind>
void read(const Keys& keys, S& settings, const settings::Key<S, Value, Kind>& row,
          const std::string& prefix) {
  const std::string name = prefix + row.name;
  auto value = keys.get(name);
  if (!value || take(row.kind, *value, settings.*row.where)) return;
  if constexpr (requires { complaint(row.kind, name, *value); })
    keys.refuse(name, complaint(row.kind, name, *value));
}
template <class S, class Value>
void read(const Keys&, S&, const settings::Told<S, Value>&, const std::string&) {}
template <class S, class Value>
void read(const Keys& keys, S& settings, const settings::Part<S, Value>& row, const std::string& prefix) {
  readKeys(keys, settings.*row.where, prefix + row.prefix);
}
template <class S, class Value>
void read(const Keys&, S&, const settings::OfEach<S, Value>&, const std::string&) {}

}  // namespace rows

// The keys that a table has.
template <class Settings>
void addKeys(KnownKeys& all, const std::string& prefix) {
  std::apply([&](const auto&... row) { (rows::add(all, row, prefix), ...); }, Settings::rows());
}

// Reads those that are given; what the others say stays as it is. What belongs to each account (OfEach) is to
// be read from its section. Throws Failure(config) for a value that only looks right.
template <class Settings>
void readKeys(const Keys& keys, Settings& settings, const std::string& prefix) {
  std::apply([&](const auto&... row) { (rows::read(keys, settings, row, prefix), ...); }, Settings::rows());
}

}  // namespace interimap
