// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/lexer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "ipc/ascii.h"
#include "ipc/failure.h"
#include "net/wire/limits.h"

namespace interimap {

namespace {

[[noreturn]] void framingLost(const std::string& what) { throw Failure(ExitStatus::protocol, what); }

// The text of these ends at the line and may end in anything, "{5}" included (RFC 3501 section 7.1).
bool isStatusOrContinuation(std::string_view text) {
  if (text.starts_with('+')) return true;
  auto blank = text.find(' ');
  if (blank == std::string_view::npos) return false;
  auto word = text.substr(blank + 1);
  word = word.substr(0, word.find(' '));
  return equalIgnoringCase(word, "OK") || equalIgnoringCase(word, "NO") || equalIgnoringCase(word, "BAD") ||
         equalIgnoringCase(word, "BYE") || equalIgnoringCase(word, "PREAUTH");
}

bool isFetch(std::string_view text) {
  if (!text.starts_with("* ")) return false;
  std::size_t digits = 2;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  constexpr std::string_view kFetch = " FETCH (";
  return digits != 2 && equalIgnoringCase(text.substr(digits, kFetch.size()), kFetch);
}

// What the literal announced at the end of `text` is the value of, if it is one to be streamed.
std::optional<LiteralSink::Kind> streamedKind(std::string_view text) {
  struct Item {
    std::string_view name;
    LiteralSink::Kind kind;
  };
  constexpr Item kItems[] = {{"BODY[] ", LiteralSink::Kind::body},
                             {"RFC822 ", LiteralSink::Kind::body},
                             {"BODY[HEADER] ", LiteralSink::Kind::header},
                             {"RFC822.HEADER ", LiteralSink::Kind::header}};
  for (const Item& item : kItems) {
    if (text.size() <= item.name.size()) continue;
    auto at = text.size() - item.name.size();
    bool begins = text[at - 1] == ' ' || text[at - 1] == '(';
    if (begins && equalIgnoringCase(text.substr(at), item.name)) return item.kind;
  }
  return std::nullopt;
}

// What stands before the set of UIDs in a response that may be megabytes of them, and what separates them.
struct SetResponse {
  std::size_t before = 0;
  char separator = ',';
};

std::optional<SetResponse> setResponse(std::string_view text) {
  auto begins = [&](std::string_view with) { return equalIgnoringCase(text.substr(0, with.size()), with); };
  constexpr std::string_view kEarlier = "* VANISHED (EARLIER) ", kVanished = "* VANISHED ",
                             kSearch = "* SEARCH ", kExtended = "* ESEARCH ", kAll = " ALL ";
  if (begins(kEarlier)) return SetResponse{kEarlier.size(), ','};
  if (begins(kVanished)) return SetResponse{kVanished.size(), ','};
  if (begins(kSearch)) return SetResponse{kSearch.size(), ' '};
  if (!begins(kExtended)) return std::nullopt;
  auto all = text.find(kAll);
  if (all == std::string_view::npos || all > limits::kKeptOfLine) return std::nullopt;
  return SetResponse{all + kAll.size(), ','};
}

}  // namespace

bool Lexer::next(std::string_view& input) {
  if (complete_) begin();
  while (true) {
    bool more = state_ == State::line ? line(input) : literal(input);
    if (complete_) return true;
    if (!more) return false;
  }
}

void Lexer::begin() {
  response_.text = carry_;
  response_.literals.clear();
  carry_.clear();
  lineAt_ = quotesAt_ = 0;
  quoted_ = false;
  complete_ = false;
  leavingOut_ = false;
  leftOut_ = 0;
}

// Bare LF ends a line, too: nothing that a server sends can mean anything else by it.
bool Lexer::line(std::string_view& input) {
  std::string& text = response_.text;
  auto end = input.find('\n');
  text += input.substr(0, end);
  auto kept = std::max(lineAt_, text.size() - std::min(text.size(), limits::kKeptOfLine));
  if (leavingOut_ && kept > lineAt_) {
    countLeftOut(kept - lineAt_);
    text.erase(lineAt_, kept - lineAt_);
    markLeftOut(lineAt_);
  } else if (!leavingOut_ && text.size() > limits::kLongestResponse) {
    leaveOut(kept);
  }
  if (end == std::string_view::npos) {
    input = {};
    complete_ = splitSet();
    return false;
  }
  input.remove_prefix(end + 1);
  if (text.size() > lineAt_ && text.back() == '\r') text.pop_back();
  bool literal = announcesLiteral();
  complete_ = !literal && !insideQuotes();
  if (!literal && !complete_) text += "\r\n";
  return true;
}

// Of a header that holds a bare CR or LF some servers make a quoted string with a line break in it, which the
// grammar forbids. It does not end the response: what stands behind it is what somebody wrote in a message,
// and must not be taken for what the server says. Only in an ENVELOPE, where this happens, in front of the
// body, which has yet to come, and not without end.
bool Lexer::insideQuotes() {
  std::string& text = response_.text;
  if (leavingOut_ || !isFetch(text)) return false;
  for (const Literal& literal : response_.literals)
    if (literal.streamed) return false;
  quotesAt_ = std::max(quotesAt_, lineAt_);
  auto next = [&] { return quoted_ ? text.find_first_of("\"\\", quotesAt_) : text.find('"', quotesAt_); };
  for (; (quotesAt_ = next()) < text.size(); ++quotesAt_) {
    if (text[quotesAt_] == '\\')
      ++quotesAt_;
    else
      quoted_ = !quoted_;
  }
  quotesAt_ = text.size();
  return quoted_ && text.size() - lineAt_ <= limits::kLongestBroken &&
         text.find(" ENVELOPE (") != std::string::npos;
}

// From `at` on only the ends of lines are kept, as they may announce a literal.
void Lexer::leaveOut(std::size_t at) {
  std::string& text = response_.text;
  if (!isFetch(text))
    framingLost("response of more than " + std::to_string(limits::kLongestResponse) +
                " octets, or with more or longer literals than it may have: " + text.substr(0, 64));
  leavingOut_ = true;
  markLeftOut(at);
}

// No parser goes beyond a NUL; what stands behind it is not what it seems.
void Lexer::markLeftOut(std::size_t at) {
  std::string& text = response_.text;
  if (text[at - 1] != '\0') text.insert(at++, 1, '\0');
  lineAt_ = at;
}

void Lexer::countLeftOut(std::uint64_t octets) {
  leftOut_ += octets;
  if (leftOut_ > limits::kMostLeftOut)
    framingLost("response of more than " + std::to_string(limits::kMostLeftOut) +
                " octets: " + response_.text.substr(0, 64));
}

bool Lexer::literal(std::string_view& input) {
  auto piece = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size())));
  input.remove_prefix(piece.size());
  remaining_ -= piece.size();
  if (state_ == State::streamed && !piece.empty()) sink_.octets(piece);
  if (state_ == State::collected) response_.text += piece;
  if (remaining_ > 0) return false;
  state_ = State::line;
  lineAt_ = response_.text.size();
  return true;
}

// literal = "{" number "}" CRLF *CHAR8   ; RFC 3501 section 9; with "~" in front: literal8, RFC 3516
bool Lexer::announcesLiteral() {
  std::string& text = response_.text;
  if (text.size() < lineAt_ + 3 || text.back() != '}') return false;
  auto open = text.find_last_not_of("0123456789", text.size() - 2);
  if (open == std::string::npos || open <= lineAt_ || text[open] != '{' || open + 2 == text.size())
    return false;
  auto value = std::string_view(text).substr(0, text[open - 1] == '~' ? open - 1 : open);
  if (value.empty() || (value.back() != ' ' && value.back() != '(')) return false;
  if (isStatusOrContinuation(text)) return false;

  std::uint64_t size = 0;
  auto [end, error] = std::from_chars(text.data() + open + 1, text.data() + text.size() - 1, size);
  if (error != std::errc() || size > limits::kLongestStreamed)
    framingLost("absurd literal: " + text.substr(open, 40));
  auto kind = isFetch(text) ? streamedKind(value) : std::nullopt;
  if (!kind && insideQuotes()) return false;
  beginLiteral(kind, size);
  return true;
}

void Lexer::beginLiteral(std::optional<LiteralSink::Kind> kind, std::uint64_t size) {
  std::string& text = response_.text;
  auto& literals = response_.literals;
  if (literals.size() >= limits::kMostLiterals + limits::kMostStreamed)
    framingLost("too many literals in one response");
  remaining_ = size;
  if (kind) {
    text += "\r\n";
    literals.push_back({text.size(), size, true});
    sink_.begin(*kind, size, text);
    state_ = State::streamed;
  } else if (!leavingOut_ && size <= limits::kLongestLiteral && literals.size() < limits::kMostLiterals &&
             text.size() + 2 + size <= limits::kLongestResponse) {
    text += "\r\n";
    literals.push_back({text.size(), size, false});
    state_ = State::collected;
  } else {
    leavingOut_ ? text.resize(lineAt_) : leaveOut(text.size());
    countLeftOut(size);
    state_ = State::dropped;
  }
}

// A mailbox that lost every other of a million messages says so in one line of megabytes. What is known of it
// already is a response of its own.
bool Lexer::splitSet() {
  std::string& text = response_.text;
  if (text.size() < limits::kSetPiece || !response_.literals.empty() || leavingOut_) return false;
  auto set = setResponse(text);
  if (!set) return false;
  auto separator = text.rfind(set->separator);
  if (separator == std::string::npos || separator < set->before) return false;
  carry_ = text.substr(0, set->before) + text.substr(separator + 1);
  text.resize(separator);
  return true;
}

}  // namespace interimap
