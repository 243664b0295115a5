// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the server says to people, and what it says that nobody can read: log lines, each once, or so many a
// minute. And its last words.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "net/chatter.h"
#include "net/response/fetch_response.h"
#include "transport/log.h"

namespace interimap {

// Last words of a server that ends a session with its access token: "Session expired, please login again."
// (Gmail), "AccessTokenExpired" (Microsoft 365).
bool saysTokenExpired(std::string_view bye);

class Remarks {
 public:
  explicit Remarks(Log log) : log_(log), chatter_(std::move(log)) {}

  // RFC 3501 section 7.1: text that MUST be presented to the user; the same one once.
  void alert(const std::string& text);
  // RFC 3501 section 7.1.5: why the server is about to close the connection.
  void bye(const std::string& text) { bye_ = text; }
  const std::string& lastWords() const { return bye_; }

  // A response of that kind is ignored. `text` is all of it.
  void malformed(const std::string& kind, const std::string& text);
  // A keyword is left out of the message's flags.
  void dropped(const FetchResponse& fetch);

  // What was counted and not said.
  void tell() { chatter_.tell(); }

 private:
  Log log_;
  Chatter chatter_;
  std::string alert_;             // the last one shown
  std::set<std::string> warned_;  // kinds of malformed responses, and keywords
  std::string bye_;
};

}  // namespace interimap
