// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// APPEND (RFC 3501 section 6.3.11), several in one with MULTIAPPEND (RFC 3502), and the UIDs it gave (RFC
// 4315).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "net/exchange/exchange.h"

namespace interimap {

// The most octets that the server takes in a message (RFC 7889), if it says so for all mailboxes.
std::optional<std::uint64_t> appendLimit(const Capabilities& capabilities);

class Append final : public Exchange {
 public:
  // Throws PeerViolation for bodies that do not hold.
  // `limit`: the most octets that the server takes in a message, if it says so for all mailboxes.
  Append(request::Append request, Descriptor bodies, std::optional<std::uint64_t> limit);
  std::vector<Command> commands(const ExtensionSet& extensions) override;
  void completed(std::size_t index, const StatusResponse& status) override;
  void finish(Answers& answers) override;

 private:
  void addMessage(Command& command, const request::NewMessage& message) const;
  void refuse(std::uint64_t octets);

  request::Append request_;
  std::shared_ptr<Bodies> bodies_;
  std::optional<std::uint64_t> limit_;
  std::vector<std::size_t> sent_;  // which of the messages
  std::size_t perCommand_ = 1;     // messages
  answer::Appended appended_;
  bool isNotNow_ = false;  // for some of them
};

}  // namespace interimap
