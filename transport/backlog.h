// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a layer has made (encrypted, compressed) and the layer below has not yet taken.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "transport/deadlines.h"
#include "transport/stream.h"

namespace interimap {

class Backlog {
 public:
  // Room for `size` more octets, to be filled by the caller.
  char* extend(std::size_t size) {
    octets_.erase(0, std::exchange(gone_, 0));
    octets_.resize(octets_.size() + size);
    return octets_.data() + octets_.size() - size;
  }
  void shorten(std::size_t size) { octets_.resize(octets_.size() - size); }  // what extend() gave too much

  // The layer above should wait until drain() has made room.
  bool full() const { return octets_.size() - gone_ >= kMostHeldBack; }

  // Hands on what goes now; true when all has gone.
  bool drain(Stream& below) {
    while (gone_ < octets_.size()) {
      Stream::Result written = below.write(std::string_view(octets_).substr(gone_));
      if (written.state != Stream::State::ok) return false;
      gone_ += written.size;
    }
    octets_.clear();
    gone_ = 0;
    return true;
  }

 private:
  std::string octets_;
  std::size_t gone_ = 0;  // of octets_
};

}  // namespace interimap
