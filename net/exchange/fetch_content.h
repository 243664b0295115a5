// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// UID FETCH of BODY.PEEK[] for its digest, and what else tells messages apart: nothing of a body is kept, or
// counted against max-message-size.
#pragma once

#include "net/exchange/exchange.h"
#include "net/exchange/messages.h"
#include "net/response/message_digest.h"
#include "net/response/message_header.h"

namespace interimap {

class FetchContent final : public Exchange, LiteralSink {
 public:
  FetchContent(UidSet uids, MessageHeader& header) : uids_(std::move(uids)), header_(header) {}
  std::vector<Command> commands(const ExtensionSet&) override;
  bool take(Untagged& untagged, Answers& answers) override;
  void missed(std::string_view kind, std::optional<Uid> uid) override {
    if (tellsOfMessages(kind) && (!uid || uids_.contains(*uid))) spoil();
  }
  LiteralSink* sink(Kind kind, std::optional<Uid> uid) override;
  void finish(Answers& answers) override { messages_.flush(answers); }
  void lost(Answers& answers) override { messages_.flush(answers); }

 private:
  void begin(Kind, std::uint64_t, std::string_view) override { reset(); }
  void octets(std::string_view piece) override;
  void reset();

  UidSet uids_;
  MessageHeader& header_;
  MessageDigest digest_;
  MessagesAnswer messages_;
};

}  // namespace interimap
