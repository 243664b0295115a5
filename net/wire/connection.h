// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A stream of octets as a sequence of commands and responses: tags, buffers, the wire log, the octet counts.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/launch.h"
#include "net/wire/deflate.h"
#include "net/wire/lexer.h"
#include "net/wire/outbox.h"
#include "transport/log.h"
#include "transport/stream.h"

namespace interimap {

class Connection {
 public:
  // `debug` as in settings::Net.
  Connection(std::unique_ptr<Stream> stream, LiteralSink& sink, Log log, int debug);

  // Queues a command; its tag.
  std::string send(Command command);
  Outbox& outbox() { return outbox_; }
  bool unsent() const { return unflushed_ || !(outbox_.empty() || outbox_.stuck()); }

  // Writes what goes, at most `most` octets. True if something went.
  bool write(std::size_t most);
  // Reads once, at most `most` octets, when everything read before has been taken.
  void read(std::size_t most);
  bool ended() const { return ended_; }
  std::uint64_t received() const { return received_; }  // octets, of all layers taken off
  std::uint64_t moved() const;                          // octets, both ways, compressed if they are

  // The next response in what was read, until the next call; nullptr if there is no complete one.
  const Response* next();
  bool unread() const { return !input_.empty(); }
  bool insideResponse() const { return lexer_.inside(); }

  // During authentication untagged responses are not logged, and of others only what they are.
  void setConfidential(bool confidential) { confidential_ = confidential; }

  // For poll.
  int fd() const { return stream_->fd(); }
  short events(bool reading) const;
  bool pending() const { return stream_->pending(); }

  // Between two responses: puts a layer over the stream. With startDeflate() goes what was read already.
  void startTls(const std::function<std::unique_ptr<Stream>(std::unique_ptr<Stream>)>& start);
  void startDeflate();

  std::vector<ChannelBinding> channelBindings() const { return stream_->channelBindings(); }

  Traffic traffic() const;

 private:
  void logResponse();

  std::unique_ptr<Stream> stream_;
  LiteralSink& sink_;
  DeflateStream* deflate_ = nullptr;  // stream_, if it is one
  Lexer lexer_;
  Outbox outbox_;
  Log log_;
  int debug_;
  bool confidential_ = false;
  std::vector<char> buffer_;
  std::string_view input_;  // what is read and not taken, in buffer_
  std::uint64_t tags_ = 0;
  bool unflushed_ = false, writeBlocked_ = false, ended_ = false;
  std::uint64_t received_ = 0, sent_ = 0, before_ = 0;  // before_: both, until compression began
};

}  // namespace interimap
