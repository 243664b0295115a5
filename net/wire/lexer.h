// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Framing: from octets to complete responses (RFC 3501 section 2.2.2). Incremental and bounded; the octets of
// message bodies and headers pass through without being collected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interimap {

// A literal within a response. `at` is where its octets stand in Response::text, behind "{n}" CRLF; those of
// a streamed literal are not in the text.
struct Literal {
  std::size_t at = 0;
  std::uint64_t size = 0;
  bool streamed = false;
};

// One response as it came, without its final CRLF.
struct Response {
  std::string text;
  std::vector<Literal> literals;
};

// Where the octets of a FETCH response's BODY[] or BODY[HEADER] literal go, as they come. Which message they
// belong to may be known only when the response is complete; `before` is what came of it so far.
class LiteralSink {
 public:
  enum class Kind : std::uint8_t { body, header };
  virtual ~LiteralSink() = default;
  virtual void begin(Kind kind, std::uint64_t size, std::string_view before) = 0;
  virtual void octets(std::string_view piece) = 0;
  // The pieces that octets() was given are about to be overwritten.
  virtual void piecesEnd() {}
};

class Lexer {
 public:
  explicit Lexer(LiteralSink& sink) : sink_(sink) {}

  // Takes octets from the front of `input` until a response is complete (true: see response()) or nothing is
  // left (false). Throws Failure(protocol) when framing is lost: a response or literal beyond its limit.
  // Of a FETCH response beyond them a part is left out, and a NUL in its place; its bodies are streamed all
  // the same, as the ENVELOPE of a message to ten thousand recipients must not cost the connection. What is
  // left out has its limit as well.
  bool next(std::string_view& input);

  // The complete response, until the next call of next(). An overlong VANISHED or SEARCH comes as several.
  const Response& response() const { return response_; }
  // A response has begun and is not complete.
  bool inside() const { return !complete_ && !(response_.text.empty() && state_ == State::line); }

 private:
  enum class State : std::uint8_t { line, collected, streamed, dropped };
  bool line(std::string_view& input);
  bool literal(std::string_view& input);
  bool announcesLiteral();
  bool insideQuotes();
  void beginLiteral(std::optional<LiteralSink::Kind> kind, std::uint64_t size);
  void leaveOut(std::size_t at);
  void markLeftOut(std::size_t at);
  void countLeftOut(std::uint64_t octets);
  bool splitSet();
  void begin();

  LiteralSink& sink_;
  Response response_;
  std::size_t lineAt_ = 0;    // where the current line begins in response_.text
  std::size_t quotesAt_ = 0;  // up to there quotes were looked for
  bool quoted_ = false;       // one is open there
  std::string carry_;         // the beginning of the response that continues a split one
  State state_ = State::line;
  std::uint64_t remaining_ = 0;  // of the literal
  bool complete_ = false;
  bool leavingOut_ = false;    // the response is too long
  std::uint64_t leftOut_ = 0;  // octets of it so far
};

}  // namespace interimap
