// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The tokens of a response (RFC 3501 section 9), read from left to right by the parsers of its nouns. A
// reader that returns nothing has found something else; then the response is malformed, and lost.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/wire/lexer.h"

namespace interimap {

class Tokens {
 public:
  explicit Tokens(std::string_view text, std::span<const Literal> literals = {})
      : text_(text), literals_(literals) {}
  explicit Tokens(const Response& response) : Tokens(response.text, response.literals) {}

  bool atEnd() const { return at_ == text_.size(); }
  char peek() const { return atEnd() ? '\0' : text_[at_]; }
  std::string_view rest() const { return text_.substr(at_); }

  bool take(char c);  // that character, if it is next
  bool space() { return take(' '); }
  bool word(std::string_view);  // that word, in any case, if it is the next atom

  // What stands before that character, which is taken, too.
  std::optional<std::string_view> upTo(char c);
  // A run of what cannot end an atom: more lenient than ATOM-CHAR, "]", "%", "*", "\" and 8-bit are let
  // through. Empty if there is none.
  std::string_view atom();
  // A FETCH item's name: "FLAGS", "BODY[HEADER.FIELDS (DATE)]<0>". Empty if there is none.
  std::string_view item();
  // At most 64 bits, without sign.
  std::optional<std::uint64_t> number();
  std::optional<std::uint32_t> number32();

  // quoted / literal; 8-bit is let through. Of a streamed literal, nothing.
  std::optional<std::string> string();
  std::optional<std::string> astring();
  // A streamed literal, if that is what comes: its size.
  std::optional<std::uint64_t> streamed();

  // Goes on to the name of the next item whose value is a streamed literal: past something that cannot be
  // read. False: to the end, there is none.
  bool skipToStreamed();

  // Any value: atom, string, literal (streamed, too), or a list of such.
  bool skipValue(int depth = 0);

 private:
  const Literal* literalHere();  // behind its announcement
  std::optional<std::string> quoted();

  std::string_view text_;
  std::span<const Literal> literals_;
  std::size_t at_ = 0;
};

}  // namespace interimap
