// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One JSON object (RFC 8259) on one line, for --log-format=json.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace interimap {

class JsonObject {
 public:
  // `name` is one of ours and needs no quoting. Text is escaped as everywhere (escape.h) and is UTF-8 then.
  JsonObject& add(std::string_view name, std::string_view text);
  JsonObject& add(std::string_view name, std::uint64_t number);
  JsonObject& addList(std::string_view name, std::string_view items);  // these are JSON already
  std::string text() const { return "{" + members_ + "}"; }
  std::string line() const { return text() + "\n"; }

 private:
  std::string members_;
};

}  // namespace interimap
