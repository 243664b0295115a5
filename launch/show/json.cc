// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/json.h"

#include "launch/show/escape.h"

namespace interimap {

namespace {

std::string member(std::string_view name, bool first) {
  return (first ? "\"" : ",\"") + std::string(name) + "\":";
}

}  // namespace

// After escape() no control character is left, so only two characters need a backslash (section 7).
JsonObject& JsonObject::add(std::string_view name, std::string_view text) {
  members_ += member(name, members_.empty()) + "\"";
  for (char c : escape(text)) {
    if (c == '"' || c == '\\') members_ += '\\';
    members_ += c;
  }
  members_ += '"';
  return *this;
}

JsonObject& JsonObject::add(std::string_view name, std::uint64_t number) {
  members_ += member(name, members_.empty()) + std::to_string(number);
  return *this;
}

JsonObject& JsonObject::addList(std::string_view name, std::string_view items) {
  members_ += member(name, members_.empty()) + "[" + std::string(items) + "]";
  return *this;
}

}  // namespace interimap
