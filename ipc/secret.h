// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A password, which cannot be printed, compared or copied by accident, and is wiped when it goes.
#pragma once

#include <string.h>

#include <string>
#include <string_view>
#include <utility>

namespace interimap {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(Secret&& other) noexcept { *this = std::move(other); }
  Secret& operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    wipe();
    value_ = other.value_;  // a copy, then a wipe: moving a short string would leave its bytes behind
    other.wipe();
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  bool empty() const { return value_.empty(); }
  std::string_view reveal() const { return value_; }  // the one way to read it; grep for who does
  void wipe() {
    explicit_bzero(value_.data(), value_.size());
    value_.clear();
  }

 private:
  std::string value_;
};

}  // namespace interimap
