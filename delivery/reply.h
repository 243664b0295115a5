// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A server's reply: three digits, lines of text. RFC 5321 section 4.2.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/enhanced_status.h"

namespace interimap {

struct Reply {
  int code = 0;                    // 200 ... 599
  std::vector<std::string> lines;  // at least one; without code, blank and line end

  bool positive() const { return code < 300; }
  bool intermediate() const { return code / 100 == 3; }
  bool transient() const { return code / 100 == 4; }
  bool permanent() const { return code / 100 == 5; }

  // RFC 2034 section 4: the enhanced status code at the beginning of the text, if its class fits the code.
  std::optional<EnhancedStatus> status() const;
  // The words alone, the lines joined by blanks; at most kMostReplyText octets. May hold control characters.
  std::string text() const;
  std::string withCode() const;  // "550 5.1.1 no such user", for messages
};

// Cuts what the server sends into replies, however it arrives.
class ReplyParser {
 public:
  // Takes at most one line off `bytes`, and returns how many octets that was. The reply, if this line has
  // completed one, is next(). Throws Failure(protocol) for what is no reply, or a line or reply that is too
  // long.
  std::size_t feed(std::string_view bytes);
  std::optional<Reply> next();
  // Lines completed so far: the measure of progress.
  std::size_t lines() const { return lines_; }

 private:
  void line(std::string_view line);

  std::string partial_;  // a line that has not ended yet
  Reply reply_;          // a reply, and whether it has ended
  bool complete_ = false;
  std::size_t lines_ = 0;
};

}  // namespace interimap
