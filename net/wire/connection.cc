// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/connection.h"

#include <poll.h>
#include <stdio.h>

#include <algorithm>
#include <utility>

#include "net/wire/limits.h"

namespace interimap {

Connection::Connection(std::unique_ptr<Stream> stream, LiteralSink& sink, Log log, int debug)
    : stream_(std::move(stream)),
      sink_(sink),
      lexer_(sink),
      log_(std::move(log)),
      debug_(debug),
      buffer_(limits::kReadBuffer) {
  if (debug_ > 0)
    outbox_.setLog([this](const std::string& line) { log_(LogLevel::debug, "C: " + line); }, debug_ > 1);
}

std::string Connection::send(Command command) {
  char tag[24];
  snprintf(tag, sizeof tag, "%06llu", static_cast<unsigned long long>(tags_++));
  outbox_.push(tag, std::move(command));
  return tag;
}

bool Connection::write(std::size_t most) {
  std::size_t total = 0;
  writeBlocked_ = false;
  // At most a few buffers at a time: who sends must also receive.
  while (total < std::min(most, 4 * limits::kOutBuffer)) {
    std::string_view octets = outbox_.next().substr(0, most - total);
    if (octets.empty()) break;
    Stream::Result result = stream_->write(octets);
    if (result.state != Stream::State::ok) {
      writeBlocked_ = true;
      break;
    }
    outbox_.sent(result.size);
    total += result.size;
    unflushed_ = true;
  }
  if (unflushed_) unflushed_ = !stream_->flush();
  writeBlocked_ |= unflushed_;
  sent_ += total;
  return total > 0;
}

void Connection::read(std::size_t most) {
  // The buffer is overwritten: only when everything in it was taken.
  if (!input_.empty() || ended_) return;
  sink_.piecesEnd();
  Stream::Result result = stream_->read({buffer_.data(), std::min(most, buffer_.size())});
  ended_ = result.state == Stream::State::end;
  if (result.state != Stream::State::ok) return;
  input_ = {buffer_.data(), result.size};
  received_ += result.size;
}

const Response* Connection::next() {
  if (!lexer_.next(input_)) return nullptr;
  if (debug_ > 0) logResponse();
  return &lexer_.response();
}

short Connection::events(bool reading) const {
  int events = 0;
  if (reading) events |= POLLIN;
  if (unsent()) events |= POLLOUT;
  // TLS may have to read in order to write, and the other way round.
  if (writeBlocked_ || reading) {
    if (stream_->wantsRead()) events |= POLLIN;
    if (stream_->wantsWrite()) events |= POLLOUT;
  }
  return static_cast<short>(events);
}

void Connection::startTls(const std::function<std::unique_ptr<Stream>(std::unique_ptr<Stream>)>& start) {
  stream_ = start(std::move(stream_));
}

void Connection::startDeflate() {
  auto deflate = interimap::startDeflate(std::move(stream_), std::exchange(input_, {}));
  deflate_ = deflate.get();
  before_ = received_ + sent_;
  stream_ = std::move(deflate);
}

std::uint64_t Connection::moved() const {
  return deflate_ != nullptr ? before_ + deflate_->compressedReceived() + deflate_->compressedSent()
                             : received_ + sent_;
}

Traffic Connection::traffic() const {
  Traffic traffic{.received = received_, .sent = sent_};
  if (deflate_ != nullptr) {
    traffic.compressed = true;
    traffic.receivedCompressed = deflate_->compressedReceived();
    traffic.sentCompressed = deflate_->compressedSent();
  }
  return traffic;
}

// One line per line, and for the octets of a literal "[...]" at the beginning of the line behind it.
void Connection::logResponse() {
  const Response& response = lexer_.response();
  std::string_view text = response.text;
  if (confidential_ && debug_ < 2) {
    if (text.starts_with('*')) return;
    auto word = text.find(' ');
    text = text.substr(
        0, word == std::string_view::npos || text.starts_with('+') ? word : text.find(' ', word + 1));
    log_(LogLevel::debug, "S: " + std::string(text));
    return;
  }
  std::string line = "S: ";
  std::size_t at = 0;
  for (const Literal& literal : response.literals) {
    log_(LogLevel::debug, line.append(text.substr(at, literal.at - 2 - at)));
    line = "S: [...]";
    at = literal.at + (literal.streamed ? 0 : static_cast<std::size_t>(literal.size));
  }
  log_(LogLevel::debug, line.append(text.substr(at)));
}

}  // namespace interimap
