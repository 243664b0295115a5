// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/tokens.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "ipc/ascii.h"
#include "net/wire/limits.h"

namespace interimap {

namespace {

// ATOM-CHAR of RFC 3501 section 9 excludes more: "%", "*", "]" and "\\". Flags, sets and section names hold
// those, and servers let them into names.
constexpr std::array<bool, 256> kEndsAtom = [] {
  std::array<bool, 256> ends{};
  for (std::size_t byte = 0; byte < ends.size(); ++byte)
    ends[byte] = byte <= ' ' || byte == 0x7f ||
                 std::string_view("(){\"").find(static_cast<char>(byte)) != std::string_view::npos;
  return ends;
}();

}  // namespace

bool Tokens::take(char c) {
  if (atEnd() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool Tokens::word(std::string_view expected) {
  auto before = at_;
  if (equalIgnoringCase(atom(), expected)) return true;
  at_ = before;
  return false;
}

std::optional<std::string_view> Tokens::upTo(char c) {
  std::string_view from = rest();
  auto length = from.find(c);
  if (length == std::string_view::npos) return std::nullopt;
  at_ += length + 1;
  return from.substr(0, length);
}

std::string_view Tokens::atom() {
  std::string_view from = rest();
  auto end = std::ranges::find_if(from, [](char c) { return kEndsAtom[static_cast<unsigned char>(c)]; });
  auto length = static_cast<std::size_t>(end - from.begin());
  at_ += length;
  return from.substr(0, length);
}

// BODY[HEADER.FIELDS (TO "A B")]<0>: what stands within the brackets belongs to the name.
std::string_view Tokens::item() {
  auto begin = at_;
  atom();
  auto name = text_.substr(begin, at_ - begin);
  if (name.find('[') == std::string_view::npos || name.find(']') != std::string_view::npos) return name;
  auto close = text_.find(']', at_);
  if (close == std::string_view::npos) return {};
  at_ = close + 1;
  atom();
  return text_.substr(begin, at_ - begin);
}

std::optional<std::uint64_t> Tokens::number() {
  std::uint64_t n = 0;
  auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), n);
  if (error != std::errc()) return std::nullopt;
  at_ = static_cast<std::size_t>(end - text_.data());
  return n;
}

std::optional<std::uint32_t> Tokens::number32() {
  auto n = number();
  if (!n || *n > 0xffffffffU) return std::nullopt;
  return static_cast<std::uint32_t>(*n);
}

std::optional<std::string> Tokens::quoted() {
  // As a rule nothing in it is escaped.
  auto end = ++at_;
  while (end < text_.size() && text_[end] != '"' && text_[end] != '\\' && text_[end] != '\0') ++end;
  std::string value(text_.substr(at_, end - at_));
  for (at_ = end; !atEnd(); ++at_) {
    char c = text_[at_];
    if (c == '"') {
      ++at_;
      return value;
    }
    if (c == '\0') break;  // never within quotes; the lexer marks with it what it has left out
    if (c == '\\' && ++at_ == text_.size()) break;
    value += text_[at_];
  }
  return std::nullopt;
}

// The lexer has found where literals are; what looks like one within a string is none.
const Literal* Tokens::literalHere() {
  // literal8 (RFC 3516)
  auto open = at_ + (peek() == '~' ? 1 : 0);
  if (open >= text_.size() || text_[open] != '{') return nullptr;
  auto close = text_.find("}\r\n", open);
  if (close == std::string_view::npos) return nullptr;
  for (const Literal& literal : literals_) {
    if (literal.at != close + 3) continue;
    at_ = literal.at;
    return &literal;
  }
  return nullptr;
}

std::optional<std::string> Tokens::string() {
  if (peek() == '"') return quoted();
  const Literal* literal = literalHere();
  if (literal == nullptr || literal->streamed) return std::nullopt;
  auto octets = text_.substr(at_, static_cast<std::size_t>(literal->size));
  at_ += octets.size();
  return std::string(octets);
}

std::optional<std::string> Tokens::astring() {
  if (peek() == '"' || peek() == '{' || rest().starts_with("~{")) return string();
  auto value = atom();
  if (value.empty()) return std::nullopt;
  return std::string(value);
}

std::optional<std::uint64_t> Tokens::streamed() {
  auto before = at_;
  const Literal* literal = literalHere();
  if (literal != nullptr && literal->streamed) return literal->size;
  at_ = before;
  return std::nullopt;
}

bool Tokens::skipToStreamed() {
  for (const Literal& literal : literals_) {
    if (!literal.streamed || literal.at <= at_) continue;
    // NAME SP ["~"] "{" number "}" CRLF, as the lexer has found it
    auto blank = text_.rfind(' ', text_.rfind('{', literal.at));
    auto begin = text_.find_last_of(" (", blank - 1) + 1;
    if (begin < at_) continue;
    at_ = begin;
    return true;
  }
  at_ = text_.size();
  return false;
}

bool Tokens::skipValue(int depth) {
  if (take('(')) {
    // Each level is a call of this function.
    if (depth == limits::kDeepest) return false;
    // Servers put lists side by side without a blank: BODYSTRUCTURE, ENVELOPE.
    while (!take(')')) {
      if (atEnd()) return false;
      if (!space() && !skipValue(depth + 1)) return false;
    }
    return true;
  }
  if (streamed()) return true;
  if (peek() == '"' || peek() == '{' || rest().starts_with("~{")) return string().has_value();
  return !item().empty();
}

}  // namespace interimap
