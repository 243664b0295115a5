// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// UID FETCH of whole messages, from the server's literals straight into what holds a window's bodies.
#pragma once

#include <optional>
#include <utility>

#include "net/exchange/exchange.h"
#include "net/response/message_digest.h"
#include "net/response/trace.h"

namespace interimap {

class FetchBodies final : public Exchange, LiteralSink {
 public:
  // A message of more than `maxMessageSize` octets is skipped; 0: none is.
  FetchBodies(request::FetchBodies request, std::uint64_t maxMessageSize, MessageHeader& header)
      : uids_(std::move(request.uids)),
        remaining_(uids_),
        envelope_(request.envelope),
        reading_(request.reading),
        maxMessageSize_(maxMessageSize),
        header_(header),
        trace_(std::move(request.fields)) {}
  std::vector<Command> commands(const ExtensionSet&) override;
  bool take(Untagged& untagged, Answers& answers) override;
  LiteralSink* sink(Kind kind, std::optional<Uid> uid) override;
  void piecesEnd() override;
  void finish(Answers& answers) override { flush(answers); }
  void lost(Answers& answers) override { flush(answers); }

 private:
  void begin(Kind, std::uint64_t size, std::string_view) override;
  void octets(std::string_view piece) override;
  void flush(Answers& answers);

  UidSet uids_;
  UidSet remaining_;  // not come yet: a message counts once
  bool envelope_;
  Reading reading_;
  std::uint64_t maxMessageSize_;
  MessageHeader& header_;
  MessageDigest content_;  // this and the trace only with the envelope
  TraceReader trace_;
  std::optional<BodyWriter> bodies_;
  std::uint64_t kept_ = 0;  // octets in bodies_ of messages in window_; beyond: the message that is coming
  bool tooLarge_ = false;   // that one
  answer::Window window_;
  std::size_t bytes_ = 0;  // of window_ in a packet, about
};

}  // namespace interimap
