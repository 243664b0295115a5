// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Settings as a list of names and values, written and read by the tables of ipc/settings.h. Both ends have
// the same tables: whatever is missing, twice, in another order, of another kind or out of bounds is refused.
// Private to ipc/, as convert.h.
#pragma once

#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "ipc/convert.h"
#include "ipc/launch.capnp.h"
#include "ipc/settings.h"

namespace interimap::convert {

template <class Settings>
unsigned countSettings(const Settings& settings);
template <class Settings>
void writeSettings(capnp::List<schema::Setting>::Builder to, const Settings& settings);
template <class Settings>
Settings readSettings(capnp::List<schema::Setting>::Reader from);

namespace setting {

using To = schema::Setting::Value::Builder;
using From = schema::Setting::Value::Reader;

template <class Value>
concept Choice = std::is_enum_v<Value>;
template <class Value>
concept Number = std::unsigned_integral<Value> && !std::same_as<Value, bool>;
template <class Value>
concept Table = requires {
  Value::rows();
};

// What a row lets a number be.
template <class Value>
struct Bounds {
  std::uint64_t least = 0, most = std::numeric_limits<Value>::max();
};
template <class Value, class Row>
Bounds<Value> bounds(const Row& row) {
  if constexpr (requires { row.kind.least; }) return {row.kind.least, row.kind.most};
  return {};
}

inline void write(To to, bool value) { to.setFlag(value); }
inline void write(To to, Number auto value) { to.setNumber(value); }
inline void write(To to, Choice auto value) { to.setNumber(static_cast<std::uint64_t>(value)); }
inline void write(To to, const std::string& value) { to.setText(bytes(value)); }
inline void write(To to, const Secret& value) { to.setText(bytes(value.reveal())); }
inline void write(To to, const std::vector<std::string>& value) {
  writeTexts(to.initTexts(static_cast<unsigned>(value.size())), value);
}
template <Table Value>
void write(To to, const std::vector<Value>& value) {
  auto tables = to.initTables(static_cast<unsigned>(value.size()));
  for (unsigned at = 0; at < value.size(); ++at)
    writeSettings(tables.init(at, countSettings(value[at])), value[at]);
}
inline void write(To to, const settings::Share& value) {
  value.percent ? to.setPercent(value.number) : to.setNumber(value.number);
}
template <class Value>
void write(To to, const std::optional<Value>& value) {
  value ? write(to, *value) : to.setNone();
}

// Each says whether the row may have this value.
template <class Row>
bool read(From from, bool& value, const Row&) {
  return from.isFlag() && (value = from.getFlag(), true);
}
template <class Row, Number Value>
bool read(From from, Value& value, const Row& row) {
  auto [least, most] = bounds<Value>(row);
  if (!from.isNumber() || from.getNumber() < least || from.getNumber() > most) return false;
  value = static_cast<Value>(from.getNumber());
  return true;
}
template <class Row, Choice Value>
bool read(From from, Value& value, const Row&) {
  if (!from.isNumber() || from.getNumber() > static_cast<std::uint64_t>(last(Value{}))) return false;
  value = static_cast<Value>(from.getNumber());
  return true;
}
template <class Row>
bool read(From from, std::string& value, const Row&) {
  return from.isText() && (value = text(from.getText()), true);
}
template <class Row>
bool read(From from, Secret& value, const Row&) {
  return from.isText() && (value = Secret(text(from.getText())), true);
}
template <class Row>
bool read(From from, std::vector<std::string>& value, const Row&) {
  return from.isTexts() && (value = texts(from.getTexts()), true);
}
template <class Row, Table Value>
bool read(From from, std::vector<Value>& value, const Row&) {
  if (!from.isTables()) return false;
  for (auto table : from.getTables()) value.push_back(readSettings<Value>(table));
  return true;
}
template <class Row>
bool read(From from, settings::Share& value, const Row&) {
  if (!from.isNumber() && !(from.isPercent() && from.getPercent() <= 100)) return false;
  value = {from.isNumber() ? from.getNumber() : from.getPercent(), from.isPercent()};
  return true;
}
template <class Row, class Value>
bool read(From from, std::optional<Value>& value, const Row& row) {
  value.reset();
  return from.isNone() || read(from, value.emplace(), row);
}

}  // namespace setting

template <class Settings>
unsigned countSettings(const Settings& settings) {
  unsigned count = 0;
  forEachSetting(settings, [&](const auto&, const auto&) { ++count; });
  return count;
}

template <class Settings>
void writeSettings(capnp::List<schema::Setting>::Builder to, const Settings& settings) {
  unsigned at = 0;
  forEachSetting(settings, [&](const auto& row, const auto& value) {
    to[at].setName(row.name);
    setting::write(to[at++].getValue(), value);
  });
}

template <class Settings>
Settings readSettings(capnp::List<schema::Setting>::Reader from) {
  Settings settings;
  if (from.size() != countSettings(settings)) throw PeerViolation("too few settings, or too many");
  unsigned at = 0;
  forEachSetting(settings, [&](const auto& row, auto& value) {
    schema::Setting::Reader next = from[at++];
    if (next.getName() != row.name)
      throw PeerViolation(std::string("another setting where this is due: ") + row.name);
    if (!setting::read(next.getValue(), value, row))
      throw PeerViolation(std::string("a value that is none of this setting: ") + row.name);
  });
  return settings;
}

}  // namespace interimap::convert
