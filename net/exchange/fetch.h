// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// UID FETCH of everything but bodies (RFC 3501 section 6.4.5).
#pragma once

#include "net/exchange/exchange.h"
#include "net/exchange/limited.h"
#include "net/exchange/messages.h"

namespace interimap {

class Fetch final : public Exchange, LiteralSink {
 public:
  Fetch(request::Fetch request, bool modSequences, MessageHeader& header)
      : request_(std::move(request)), modSequences_(modSequences), header_(header) {}
  std::vector<Command> commands(const ExtensionSet& extensions) override;
  bool hasMore() const override { return limited_.hasMore(); }
  std::vector<Command> more(const ExtensionSet&) override { return commandsFor(limited_.more()); }
  void completed(std::size_t index, const StatusResponse& status) override;
  bool take(Untagged& untagged, Answers& answers) override;
  void missed(std::string_view kind, std::optional<Uid> uid) override {
    if (tellsOfMessages(kind) && (!uid || request_.uids.contains(*uid))) spoil();
  }
  LiteralSink* sink(Kind kind, std::optional<Uid> uid) override;
  void finish(Answers& answers) override { messages_.flush(answers); }
  void lost(Answers& answers) override { messages_.flush(answers); }

 private:
  std::vector<Command> commandsFor(const std::vector<UidSet>& pieces) const;
  void begin(Kind, std::uint64_t, std::string_view) override { header_.reset(); }
  void octets(std::string_view piece) override { header_.add(piece); }

  request::Fetch request_;
  bool modSequences_;
  const char* idItem_ = "";  // by which this server tells what it calls a message
  MessageHeader& header_;
  MessagesAnswer messages_;
  Limited limited_;
};

}  // namespace interimap
