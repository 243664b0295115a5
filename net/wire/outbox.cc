// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/outbox.h"

#include <string.h>

#include <algorithm>

#include "ipc/failure.h"
#include "net/wire/limits.h"

namespace interimap {

void Outbox::push(std::string tag, Command command) {
  Queued queued;
  queued.tag = std::move(tag);
  for (Command::Piece& piece : command.pieces()) queued.pieces.push_back(std::move(piece));
  queue_.push_back(std::move(queued));
}

void Outbox::respond(std::string tag, std::string_view secret) {
  Queued queued;
  queued.tag = std::move(tag);
  queued.begun = true;
  Command::Piece line;
  line.text = secret;
  line.secret = true;
  queued.pieces.push_back(std::move(line));
  queue_.push_front(std::move(queued));
}

std::string_view Outbox::next() {
  if (at_ == end_) fill();
  return std::string_view(buffer_).substr(at_, end_ - at_);
}

void Outbox::sent(std::size_t count) {
  at_ += count;
  if (at_ == end_) wipe();
}

void Outbox::wipe() {
  if (secrets_) explicit_bzero(buffer_.data(), buffer_.size());
  at_ = end_ = 0;
  secrets_ = false;
}

void Outbox::fill() {
  wipe();
  if (buffer_.empty()) buffer_.resize(limits::kOutBuffer);
  while (!queue_.empty() && !waiting_ && end_ < limits::kOutBuffer) {
    Queued& command = queue_.front();
    if (!command.begun) {
      command.begun = true;
      octets(command.tag + " ", false);
    }
    if (!command.pieces.empty()) {
      put(command.pieces.front());
      continue;
    }
    endLine();
    queue_.pop_front();
  }
}

// Sends what goes of the front piece and takes it from the queue when it is complete.
void Outbox::put(Command::Piece& piece) {
  using Kind = Command::Piece::Kind;
  if (piece.kind != Kind::text && !announced_) {
    announced_ = true;
    announce(piece);
    return;
  }
  if (piece.kind == Kind::body) {
    auto most =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece.range.size, limits::kOutBuffer - end_));
    auto n = piece.bodies->read(piece.range.offset, {buffer_.data() + end_, most});
    if (n == 0 && most > 0) throw Failure(ExitStatus::io, "message body ended early");
    end_ += n;
    piece.range.offset += n;
    piece.range.size -= n;
    if (piece.range.size > 0) return;
  } else {
    octets(piece.text, piece.secret);
    if (piece.secret) explicit_bzero(piece.text.data(), piece.text.size());
  }
  if (piece.kind == Kind::literal || piece.kind == Kind::body) shown_ = "[...]";
  announced_ = false;
  queue_.front().pieces.pop_front();
}

void Outbox::announce(const Command::Piece& piece) {
  if (piece.kind == Command::Piece::Kind::response) {
    waiting_ = true;
  } else {
    // RFC 7888: with "+" nothing is waited for. Without it the server can refuse the octets before they are
    // sent.
    bool plus = literals_ == Literals::plus ||
                (literals_ == Literals::minus && piece.size() <= limits::kLiteralMinus);
    octets("{" + std::to_string(piece.size()) + (plus ? "+}" : "}"), false);
    waiting_ = !plus;
  }
  endLine();
}

// A buffer that is given up leaves no secret behind.
void Outbox::append(std::string_view bytes) {
  if (end_ + bytes.size() > buffer_.size()) {
    std::string larger(end_ + bytes.size() + limits::kOutBuffer, '\0');
    buffer_.copy(larger.data(), end_);
    if (secrets_) explicit_bzero(buffer_.data(), buffer_.size());
    buffer_.swap(larger);
  }
  bytes.copy(buffer_.data() + end_, bytes.size());
  end_ += bytes.size();
}

void Outbox::octets(std::string_view bytes, bool secret) {
  secrets_ |= secret;
  append(bytes);
  if (!log_) return;
  if (!secret || showSecrets_) {
    shown_ += bytes;
  } else if (!shown_.ends_with("[REDACTED]")) {
    shown_ += "[REDACTED]";
  }
}

void Outbox::endLine() {
  append("\r\n");
  if (log_) log_(shown_);
  shown_.clear();
}

// RFC 3501 section 2.2.1: instead of "+" a server may answer NO, to an APPEND beyond the quota for example.
// The octets that it has not asked for would be taken for commands.
void Outbox::completed(std::string_view tag, bool ok) {
  if (ok || queue_.empty() || !queue_.front().begun || queue_.front().tag != tag) return;
  auto& pieces = queue_.front().pieces;
  if (waiting_) {
    queue_.pop_front();
    waiting_ = announced_ = false;
    shown_.clear();
    return;
  }
  // Behind the piece in hand, if its size has been announced, the line ends.
  pieces.erase(pieces.begin() + (announced_ ? 1 : 0), pieces.end());
}

}  // namespace interimap
