// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The trace fields of a message's header (RFC 5322 section 3.6.7), and its Message-ID: which way it came.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ipc/identity.h"
#include "ipc/path.h"
#include "net/response/message_digest.h"

namespace interimap {

struct Trace {
  std::optional<ReversePath> returnPath;  // of the topmost Return-Path; nothing if there is none that holds
  std::string messageId;                  // with its brackets, at most kMostMessageId octets
  std::uint32_t received = 0;             // how many fields there are
  std::vector<ContentDigest> hops;        // of the topmost of them, at most kMostHops, blanks left out
  std::vector<std::vector<ForwardPath>> named;  // by field that is asked for, as in answer::WindowMessage
};

// Keeps the header while a message goes by in pieces of any size: up to its empty line, or as much as
// matters.
class TraceReader {
 public:
  // `fields`: whose addresses are asked for, in upper case.
  explicit TraceReader(std::vector<std::string> fields = {}) : fields_(std::move(fields)) {}
  void reset();
  void add(std::string_view octets);
  Trace trace();  // of what was added since reset()

 private:
  static constexpr std::size_t kMostHeader = 256 << 10;  // octets: a loop of a hundred hops takes a fifth

  std::vector<std::string> fields_;
  std::string header_;
  bool complete_ = false;
  MessageDigest digest_;
};

}  // namespace interimap
