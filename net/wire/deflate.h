// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// COMPRESS=DEFLATE (RFC 4978): raw DEFLATE streams (RFC 1951), one per direction, over a Stream.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "transport/backlog.h"
#include "transport/stream.h"

namespace interimap {

class DeflateStream final : public Stream {
 public:
  DeflateStream(std::unique_ptr<Stream> below, std::string_view early);
  ~DeflateStream() override;
  DeflateStream(const DeflateStream&) = delete;  // zlib keeps pointers into this object

  // Throws Failure(protocol) for what is not DEFLATE, and for what grows beyond all measure (a bomb).
  Result read(std::span<char> buffer) override;
  Result write(std::string_view bytes) override;
  // A sync flush: the peer can decompress everything written so far.
  bool flush() override;
  bool pending() const override { return pending_ || below_->pending(); }
  int fd() const override { return below_->fd(); }
  bool wantsRead() const override { return below_->wantsRead(); }
  bool wantsWrite() const override { return below_->wantsWrite(); }

  // Octets as they went over the wire (before encryption), for the statistics.
  std::uint64_t compressedReceived() const { return compressedReceived_; }
  std::uint64_t compressedSent() const { return compressedSent_; }

 private:
  void supply(std::size_t size);  // octets of in_, to inflate_
  std::size_t decompress(std::span<char> buffer);
  void compress(int flush);

  std::unique_ptr<Stream> below_;
  z_stream inflate_{}, deflate_{};
  std::vector<char> in_;    // compressed, from below
  Backlog backlog_;         // compressed, for below
  bool unflushed_ = false;  // written but perhaps inside deflate_
  bool pending_ = false;
  std::uint64_t compressedReceived_ = 0, received_ = 0, compressedSent_ = 0;
};

// To be called when the tagged OK of COMPRESS has been read; what was read beyond it, already compressed, is
// `early`.
std::unique_ptr<DeflateStream> startDeflate(std::unique_ptr<Stream> below, std::string_view early = {});

}  // namespace interimap
