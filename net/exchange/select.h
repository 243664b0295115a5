// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SELECT and EXAMINE, with what changed since (RFC 3501 section 6.3.1, RFC 7162 section 3.2.5).
#pragma once

#include "net/exchange/exchange.h"
#include "net/exchange/messages.h"

namespace interimap {

class Select final : public Exchange {
 public:
  // `replaces`: a mailbox may be selected when this is sent, and the server talk about it until it says
  // [CLOSED].
  Select(request::Select request, bool replaces);
  std::vector<Command> commands(const ExtensionSet&) override;
  bool take(Untagged& untagged, Answers& answers) override;
  void missed(std::string_view kind, std::optional<Uid>) override {
    if (tellsOfMessages(kind)) spoil();
  }
  bool selects() const override { return true; }
  void completed(std::size_t index, const StatusResponse& status) override;
  void finish(Answers& answers) override;

 private:
  std::string resyncParameter() const;
  void note(const RespText& text, Answers& answers);
  void release(Answers& answers);

  request::Select request_;
  // What comes may be about the mailbox before. RFC 7162 section 3.2.11 promises [CLOSED] in between; servers
  // that do not keep it still name the UIDVALIDITY of the new one first.
  bool holding_;
  std::vector<answer::Message> held_;
  answer::Selected selected_;
  MessagesAnswer messages_;
};

}  // namespace interimap
