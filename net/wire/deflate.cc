// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/deflate.h"

#include <algorithm>
#include <new>
#include <string>

#include "ipc/failure.h"
#include "net/wire/limits.h"
#include "transport/deadlines.h"

namespace interimap {

namespace {

constexpr int kRaw = -15;             // no zlib header, 32 KiB window: RFC 4978 section 3
constexpr int kMemoryLevel = 8;       // zlib's default
constexpr int kMostReadsAtOnce = 16;  // then it is the turn of the other descriptors
constexpr std::size_t kPiece = 16384;

Bytef* octets(const char* at) { return reinterpret_cast<Bytef*>(const_cast<char*>(at)); }

}  // namespace

DeflateStream::DeflateStream(std::unique_ptr<Stream> below, std::string_view early)
    : below_(std::move(below)), in_(std::max(kPiece, early.size())) {
  if (inflateInit2(&inflate_, kRaw) != Z_OK) throw std::bad_alloc();
  if (deflateInit2(&deflate_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRaw, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    inflateEnd(&inflate_);
    throw std::bad_alloc();
  }
  std::copy(early.begin(), early.end(), in_.begin());
  supply(early.size());
  pending_ = !early.empty();
}

DeflateStream::~DeflateStream() {
  inflateEnd(&inflate_);
  deflateEnd(&deflate_);
}

void DeflateStream::supply(std::size_t size) {
  inflate_.next_in = octets(in_.data());
  inflate_.avail_in = static_cast<uInt>(size);
  compressedReceived_ += size;
}

Stream::Result DeflateStream::read(std::span<char> buffer) {
  for (int reads = 0; reads < kMostReadsAtOnce; ++reads) {
    if (std::size_t size = decompress(buffer)) {
      pending_ = size == buffer.size();  // zlib may hold more than it was given room for
      return {State::ok, size};
    }
    Result result = below_->read(in_);
    if (result.state != State::ok) {
      pending_ = false;
      return result;
    }
    supply(result.size);
  }
  pending_ = true;  // a peer that sends empty blocks shall not keep us from everything else
  return {State::again, 0};
}

std::size_t DeflateStream::decompress(std::span<char> buffer) {
  inflate_.next_out = octets(buffer.data());
  inflate_.avail_out = static_cast<uInt>(std::min<std::size_t>(buffer.size(), 1U << 30));
  uInt room = inflate_.avail_out;
  while (inflate_.avail_out > 0) {
    int result = inflate(&inflate_, Z_SYNC_FLUSH);
    if (result == Z_BUF_ERROR) break;  // needs input
    // The end of the stream is no error; whatever follows it begins another one.
    if (result == Z_STREAM_END && inflateReset(&inflate_) == Z_OK) {
      if (inflate_.avail_in == 0) break;
      continue;
    }
    if (result != Z_OK)
      throw Failure(ExitStatus::protocol,
                    std::string("DEFLATE: ") + (inflate_.msg ? inflate_.msg : "invalid data"));
  }
  std::size_t size = room - inflate_.avail_out;
  received_ += size;
  // A few octets can grow to gigabytes that we would have to look through.
  if (received_ > limits::kMostInflated + limits::kMostInflateRatio * compressedReceived_)
    throw Failure(ExitStatus::protocol, "DEFLATE: " + std::to_string(compressedReceived_) +
                                            " octets have grown to more than " + std::to_string(received_) +
                                            ", which no mail does");
  return size;
}

// Runs deflate() until it has taken its input and has nothing more to give.
void DeflateStream::compress(int flush) {
  do {
    deflate_.next_out = octets(backlog_.extend(kPiece));
    deflate_.avail_out = kPiece;
    deflate(&deflate_, flush);
    backlog_.shorten(deflate_.avail_out);
    compressedSent_ += kPiece - deflate_.avail_out;
  } while (deflate_.avail_out == 0);
}

Stream::Result DeflateStream::write(std::string_view bytes) {
  if (bytes.empty() || (backlog_.full() && !backlog_.drain(*below_) && backlog_.full()))
    return {State::again, 0};
  bytes = bytes.substr(0, kMostHeldBack);
  deflate_.next_in = octets(bytes.data());
  deflate_.avail_in = static_cast<uInt>(bytes.size());
  compress(Z_NO_FLUSH);
  unflushed_ = true;
  return {State::ok, bytes.size()};
}

// Without it the end of the last command would wait in the compressor for more to come.
bool DeflateStream::flush() {
  if (unflushed_) compress(Z_SYNC_FLUSH);
  unflushed_ = false;
  return backlog_.drain(*below_) && below_->flush();
}

std::unique_ptr<DeflateStream> startDeflate(std::unique_ptr<Stream> below, std::string_view early) {
  return std::make_unique<DeflateStream>(std::move(below), early);
}

}  // namespace interimap
