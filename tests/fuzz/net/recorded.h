// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A peer on the network that has said all it will ever say before anything is asked.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "ipc/body.h"
#include "tests/fuzz/target.h"
#include "transport/stream.h"

namespace interimap::fuzz {

class Recorded final : public Stream {
 public:
  // Gives at most `step` octets at a time; 0: a line, so that whoever reads may write in between.
  // `beforeRead` is told whether nothing is left.
  Recorded(std::string_view octets, std::size_t step, std::function<void(bool over)> beforeRead = {})
      : octets_(octets), step_(step), beforeRead_(std::move(beforeRead)) {}

  Result read(std::span<char> buffer) override {
    if (beforeRead_) beforeRead_(octets_.empty());
    std::string_view piece = step_ == 0 ? lineOf(octets_) : octets_.substr(0, step_);
    piece = piece.substr(0, buffer.size());
    if (piece.empty()) return {State::end, 0};
    std::ranges::copy(piece, buffer.begin());
    octets_.remove_prefix(piece.size());
    return {State::ok, piece.size()};
  }
  Result write(std::string_view bytes) override {
    return {bytes.empty() ? State::again : State::ok, bytes.size()};
  }
  bool flush() override { return true; }
  bool pending() const override { return true; }
  int fd() const override { return ready_.get(); }
  bool wantsRead() const override { return false; }
  bool wantsWrite() const override { return false; }

 private:
  std::string_view octets_;
  std::size_t step_;
  std::function<void(bool over)> beforeRead_;
  Descriptor ready_{open("/dev/null", O_RDWR | O_CLOEXEC)};  // poll finds it readable and writable
};

}  // namespace interimap::fuzz
