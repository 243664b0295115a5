// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// UID COPY (RFC 3501 section 6.4.7), and the UIDs of the copies (COPYUID, RFC 4315 section 3).
//
// All of a command's messages are copied or none. What is not there any more is not copied, and the server
// says OK: then COPYUID tells which ones were, or is not there at all.
#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "net/exchange/exchange.h"

namespace interimap {

class Copy final : public Exchange {
 public:
  explicit Copy(request::Copy request) : request_(std::move(request)) {}
  std::vector<Command> commands(const ExtensionSet& extensions) override;
  void completed(std::size_t index, const StatusResponse& status) override;
  void finish(Answers& answers) override;

 private:
  request::Copy request_;
  std::vector<UidSet> pieces_;     // by command
  std::map<Uid, std::size_t> at_;  // of a message in the answer
  answer::Appended copied_;
};

}  // namespace interimap
