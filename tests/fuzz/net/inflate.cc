// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// COMPRESS=DEFLATE: what a server calls compressed.
#include <array>

#include "ipc/failure.h"
#include "net/wire/deflate.h"
#include "tests/fuzz/net/recorded.h"
#include "tests/fuzz/target.h"

using namespace interimap;

namespace {

// What comes out, and how it ends. Part of the octets were read before the stream was started.
std::string inflated(std::string_view octets, std::size_t early, std::size_t step) {
  auto below = std::make_unique<fuzz::Recorded>(octets.substr(early), step);
  std::string out;
  std::array<char, 4096> buffer;
  try {
    auto stream = startDeflate(std::move(below), octets.substr(0, early));
    for (int idle = 0; idle < 3;) {
      Stream::Result got = stream->read(buffer);
      if (got.state == Stream::State::end) return out + "<end>";
      out.append(buffer.data(), got.size);
      idle = got.size == 0 ? idle + 1 : 0;
    }
    return out + "<idle>";
  } catch (const Failure& failure) {
    return out + "<failure>";
  }
}

}  // namespace

FUZZ(inflate) {
  std::string whole = inflated(octets, 0, octets.size());
  std::string inPieces = inflated(octets, octets.size() / 2, 3);
  fuzz::require(whole.ends_with("<failure>") == inPieces.ends_with("<failure>") &&
                    (whole.ends_with("<failure>") || whole == inPieces),
                "however they arrive, octets are inflated to the same");
}
