#include "net/lexer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "ipc/failure.h"
#include "net/ascii.h"
#include "net/limits.h"

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
  auto digits = text.find_first_not_of("0123456789", 2);
  constexpr std::string_view kFetch = " FETCH (";
  return digits != 2 && digits != std::string_view::npos &&
         equalIgnoringCase(text.substr(digits, kFetch.size()), kFetch);
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
  lineAt_ = 0;
  complete_ = false;
}

// Bare LF ends a line, too: nothing that a server sends can mean anything else by it.
bool Lexer::line(std::string_view& input) {
  std::string& text = response_.text;
  auto end = input.find('\n');
  auto piece = input.substr(0, end);
  if (text.size() + piece.size() > limits::kLongestResponse)
    framingLost("response of more than " + std::to_string(limits::kLongestResponse) +
                " octets: " + text.substr(0, 64));
  text += piece;
  if (end == std::string_view::npos) {
    input = {};
    complete_ = splitVanished();
    return false;
  }
  input.remove_prefix(end + 1);
  if (text.size() > lineAt_ && text.back() == '\r') text.pop_back();
  complete_ = !announcesLiteral();
  return true;
}

bool Lexer::literal(std::string_view& input) {
  auto piece = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size())));
  input.remove_prefix(piece.size());
  remaining_ -= piece.size();
  if (state_ == State::streamed) {
    if (!piece.empty()) sink_.octets(piece);
  } else {
    response_.text += piece;
  }
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
  if (response_.literals.size() == limits::kMostLiterals) framingLost("too many literals in one response");
  auto kind = isFetch(text) ? streamedKind(value) : std::nullopt;
  if (!kind && size > limits::kLongestLiteral)
    framingLost("literal of " + std::to_string(size) + " octets in a response that begins " +
                text.substr(0, 64));
  text += "\r\n";
  if (text.size() + (kind ? 0 : size) > limits::kLongestResponse) framingLost("response is too long");
  response_.literals.push_back({text.size(), size, kind.has_value()});
  if (kind) sink_.begin(*kind, size, text);
  remaining_ = size;
  state_ = kind ? State::streamed : State::collected;
  return true;
}

// A mailbox that lost every other of a million messages says so in one line of megabytes. What is known of it
// already is a response of its own.
bool Lexer::splitVanished() {
  std::string& text = response_.text;
  if (text.size() < limits::kVanishedPiece || !response_.literals.empty()) return false;
  constexpr std::string_view kVanished = "* VANISHED ", kEarlier = "(EARLIER) ";
  if (!equalIgnoringCase(std::string_view(text).substr(0, kVanished.size()), kVanished)) return false;
  auto prefix = kVanished.size();
  if (equalIgnoringCase(std::string_view(text).substr(prefix, kEarlier.size()), kEarlier))
    prefix += kEarlier.size();
  auto comma = text.rfind(',');
  if (comma == std::string::npos || comma < prefix) return false;
  carry_ = text.substr(0, prefix) + text.substr(comma + 1);
  text.resize(comma);
  return true;
}

}  // namespace interimap
