// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/command.h"

#include <strings.h>

#include <algorithm>

namespace interimap {

namespace {

// What stands between two bodies of an APPEND: flags and a date.
constexpr std::size_t kUsualText = 64;

// ASTRING-CHAR = ATOM-CHAR / resp-specials; list-char adds the list-wildcards (RFC 3501 section 9).
bool isAstringChar(char c, bool listChars) {
  constexpr std::string_view kNever = "(){\\\"", kWildcards = "%*";
  if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f) return false;
  if (kWildcards.find(c) != std::string_view::npos) return listChars;
  return kNever.find(c) == std::string_view::npos;
}

// quoted holds TEXT-CHAR: 7-bit, no CR, LF or NUL.
bool isQuotable(char c) {
  return static_cast<unsigned char>(c) < 0x80 && c != '\r' && c != '\n' && c != '\0';
}

// An atom like any other where the grammar wants an astring, but servers read it as no string at all.
bool isNil(std::string_view value) { return value.size() == 3 && strncasecmp(value.data(), "NIL", 3) == 0; }

std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

}  // namespace

Command::Piece& Command::text(bool secret) {
  if (pieces_.empty() || pieces_.back().kind != Piece::Kind::text || pieces_.back().secret != secret) {
    Piece piece;
    piece.secret = secret;
    piece.text.reserve(kUsualText);
    pieces_.push_back(std::move(piece));
  }
  return pieces_.back();
}

std::string Command::name() const {
  std::string_view words = pieces_.empty() ? std::string_view() : std::string_view(pieces_.front().text);
  std::size_t from = words.starts_with("UID ") ? 4 : 0;
  return std::string(words.substr(0, words.find(' ', from)));
}

Command& Command::add(std::string_view more) {
  text(false).text += more;
  return *this;
}

Command& Command::secretText(std::string_view more) {
  text(true).text += more;
  return *this;
}

Command& Command::argument(std::string_view value, bool listChars, bool secret) {
  add(" ");
  putAstring(value, listChars, secret);
  return *this;
}

Command& Command::patterns(const std::vector<std::string>& values) {
  add(" ");
  char before = '(';
  for (const auto& value : values) {
    add({&before, 1});
    putAstring(value, true, false);
    before = ' ';
  }
  return add(")");
}

void Command::putAstring(std::string_view value, bool listChars, bool secret) {
  auto is = [&](auto predicate) { return std::all_of(value.begin(), value.end(), predicate); };
  if (!value.empty() && !isNil(value) && is([&](char c) { return isAstringChar(c, listChars); })) {
    text(secret).text += value;
  } else if (is(isQuotable)) {
    text(secret).text += quoted(value);
  } else {
    Piece piece;
    piece.kind = Piece::Kind::literal;
    piece.text = value;
    piece.secret = secret;
    pieces_.push_back(std::move(piece));
    waits_ = true;
  }
}

Command& Command::set(const UidSet& uids) { return add(" ").add(uids.text()); }

Command& Command::flagList(const Flags& flags) { return add(" (").add(flags.text()).add(")"); }

Command& Command::body(std::shared_ptr<Bodies> bodies, BodyRange range) {
  // RFC 3501 section 6.3.11: a literal, whatever it holds. No octet of it is looked at.
  add(" ");
  Piece piece;
  piece.kind = Piece::Kind::body;
  piece.bodies = std::move(bodies);
  piece.range = range;
  pieces_.push_back(std::move(piece));
  waits_ = true;
  return *this;
}

Command& Command::response(std::string_view answer, bool secret) {
  Piece piece;
  piece.kind = Piece::Kind::response;
  piece.text = answer;
  piece.secret = secret;
  pieces_.push_back(std::move(piece));
  waits_ = true;
  return *this;
}

}  // namespace interimap
