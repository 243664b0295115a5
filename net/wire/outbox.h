// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What is to be sent: commands in order, cut into octets for the stream as it takes them (RFC 3501
// section 2.2.1, RFC 7888). Message bodies are read piece by piece, never held.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "net/wire/command.h"

namespace interimap {

class Outbox {
 public:
  // Which literals need not wait for the server's "+".
  enum class Literals : std::uint8_t { synchronising, minus, plus };
  // Is told every line that is sent, for the wire log: what stands for a literal or a secret is not shown,
  // unless `secrets`.
  using WireLog = std::function<void(const std::string& line)>;

  ~Outbox() { wipe(); }

  void setLog(WireLog log, bool secrets) {
    log_ = std::move(log);
    showSecrets_ = secrets;
  }
  void setLiterals(Literals literals) { literals_ = literals; }

  void push(std::string tag, Command command);
  // A line that goes on with the command of that tag, in front of all that waits: the server has asked for
  // it, and takes nothing else.
  void respond(std::string tag, std::string_view secret);

  // The next octets to send; empty if there are none, or if the server has to agree first.
  std::string_view next();
  void sent(std::size_t octets);

  bool empty() const { return queue_.empty() && end_ == 0; }
  std::size_t commands() const { return queue_.size(); }  // not, or not completely, in the buffer
  bool waiting() const { return waiting_ && end_ == 0; }  // for continued()
  // Something is left, but nothing goes before the server has said something.
  bool stuck() const { return end_ == 0 && waiting_; }
  bool betweenCommands() const { return end_ == 0 && (queue_.empty() || !queue_.front().begun); }

  // The server sent "+".
  void continued() { waiting_ = false; }
  // A command's tagged response came. If it was refused before all of it was sent, the rest is dropped; a
  // literal that was begun has been promised and is completed.
  void completed(std::string_view tag, bool ok);

 private:
  struct Queued {
    std::string tag;
    std::deque<Command::Piece> pieces;
    bool begun = false;
  };
  void fill();
  void put(Command::Piece& piece);
  void announce(const Command::Piece& piece);
  void append(std::string_view bytes);
  void octets(std::string_view bytes, bool secret);
  void endLine();
  void wipe();

  std::deque<Queued> queue_;
  std::string buffer_;   // octets for the stream; never shrunk: resize() would zero it each time
  std::size_t end_ = 0;  // how many there are; 0 when all are sent
  std::size_t at_ = 0;   // of which these are sent
  std::string shown_;    // the line being sent, as the log shows it
  Literals literals_ = Literals::synchronising;
  WireLog log_;
  bool showSecrets_ = false;
  bool announced_ = false;  // the front piece's size is sent
  bool waiting_ = false;
  bool secrets_ = false;  // in the buffer
};

}  // namespace interimap
