// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/lexer.h"

#include <doctest/doctest.h>

#include <vector>

#include "ipc/failure.h"
#include "net/wire/limits.h"

using namespace interimap;

namespace {

// Writes down what a lexer says of some octets, in a form that can be compared.
struct Transcript final : LiteralSink {
  std::string text;
  void begin(Kind kind, std::uint64_t size, std::string_view) override {
    text += (kind == Kind::body ? "<body " : "<header ") + std::to_string(size) + ">";
  }
  void octets(std::string_view piece) override { text += piece; }
};

std::string lex(std::string_view input, std::size_t step) {
  Transcript transcript;
  Lexer lexer(transcript);
  for (std::size_t at = 0; at < input.size(); at += step) {
    auto piece = input.substr(at, step);
    while (lexer.next(piece)) transcript.text += "|" + lexer.response().text + "|\n";
  }
  if (lexer.inside()) transcript.text += "<inside>";
  return transcript.text;
}

}  // namespace

TEST_CASE("responses are framed alike whether octets come one at a time or all at once") {
  struct Case {
    std::string_view input, transcript;
  };
  const Case cases[] = {
      {"* OK hello\r\n* BYE\r\n", "|* OK hello|\n|* BYE|\n"},
      {"* OK bare line feed\n", "|* OK bare line feed|\n"},
      {"* LIST () \"/\" {3}\r\na\r\n\r\n", "|* LIST () \"/\" {3}\r\na\r\n|\n"},
      {"* LIST () \"/\" {0}\r\n (x)\r\n", "|* LIST () \"/\" {0}\r\n (x)|\n"},
      {"* 1 FETCH (UID 5 BODY[] {5}\r\nhello FLAGS ())\r\n",
       "<body 5>hello|* 1 FETCH (UID 5 BODY[] {5}\r\n FLAGS ())|\n"},
      {"* 1 fetch (body[header] {4}\r\nA:\r\n)\r\n", "<header 4>A:\r\n|* 1 fetch (body[header] {4}\r\n)|\n"},
      {"* 2 FETCH (RFC822 {0}\r\n)\r\n", "<body 0>|* 2 FETCH (RFC822 {0}\r\n)|\n"},
      {"* 2 FETCH (BODY[TEXT] {1}\r\nx)\r\n", "|* 2 FETCH (BODY[TEXT] {1}\r\nx)|\n"},
      {"* 2 FETCH (ENVELOPE ({1}\r\nx {2}\r\nyz) BODY[] {1}\r\nb)\r\n",
       "<body 1>b|* 2 FETCH (ENVELOPE ({1}\r\nx {2}\r\nyz) BODY[] {1}\r\n)|\n"},
      {"* NO quota {5}\r\n* OK\r\n", "|* NO quota {5}|\n|* OK|\n"},
      {"000001 BAD {5}\r\n", "|000001 BAD {5}|\n"},
      {"+ {5}\r\n", "|+ {5}|\n"},
      {"* LIST () \"/\" a{5}\r\n", "|* LIST () \"/\" a{5}|\n"},
      {"* X {}\r\n", "|* X {}|\n"},
      {"\r\n", "||\n"},
      {"* 1 FETCH (BODY[] {5}\r\nhe", "<body 5>he<inside>"},
      {"* OK unfin", "<inside>"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.input);
    std::string whole = lex(c.input, c.input.size());
    CHECK(whole == c.transcript);
    for (std::size_t step : {1U, 2U, 3U, 7U}) CHECK(lex(c.input, step) == whole);
  }
}

TEST_CASE("a body with NUL is streamed as it is") {
  using namespace std::string_view_literals;
  CHECK(lex("* 1 FETCH (BODY[] ~{2}\r\na\0 UID 5)\r\n"sv, 1) ==
        "<body 2>a\0|* 1 FETCH (BODY[] ~{2}\r\n UID 5)|\n"sv);
}

TEST_CASE("lost framing ends the connection") {
  const std::string inputs[] = {
      "* LIST () \"/\" {99999999999999999999}\r\n",
      "* LIST () \"/\" {65537}\r\n",
      "* 1 FETCH (BODY[] {4294967296}\r\n",
      "* 1 FETCH (E {4294967295}\r\n",
      "* XYZ " + std::string(limits::kLongestResponse, 'x'),
  };
  for (const auto& input : inputs) {
    CAPTURE(input.substr(0, 40));
    CHECK_THROWS_AS(lex(input, 4096), Failure);
  }
  std::string many = "* X ";
  for (std::size_t i = 0; i <= limits::kMostLiterals; ++i) many += "{1}\r\na ";
  CHECK_THROWS_AS(lex(many, 4096), Failure);
}

TEST_CASE("what is left out of a FETCH response has its limit, however it is announced") {
  struct {
    const char* begin;
    std::string more;
  } table[] = {
      {"* 1 FETCH (X \"", std::string(limits::kReadBuffer, 'x')},
      {"* 1 FETCH (X (", std::string(limits::kReadBuffer, ' ')},
      {"* 1 FETCH (X {70000}\r\n", std::string(70000, 'x') + " {70000}\r\n"},
  };
  for (const auto& row : table) {
    CAPTURE(std::string(row.begin));
    Transcript transcript;
    Lexer lexer(transcript);
    std::string_view input = row.begin;
    CHECK_FALSE(lexer.next(input));
    std::uint64_t sent = 0;
    auto endless = [&] {
      while (sent < 2 * limits::kMostLeftOut) {
        input = row.more;
        if (lexer.next(input)) return;  // complete, which it is not
        sent += row.more.size();
      }
    };
    CHECK_THROWS_AS(endless(), Failure);
    CHECK(sent + 2 * row.more.size() >= limits::kMostLeftOut);
    CHECK(sent <= limits::kMostLeftOut + limits::kLongestResponse + row.more.size());
  }
}

TEST_CASE("a FETCH response beyond the limits loses a part, not its body") {
  const std::string large = std::to_string(limits::kLongestLiteral + 1), x(limits::kLongestLiteral + 1, 'x');
  std::string people, literals, kept;
  for (int i = 0; i < 100000; ++i) people += "(NIL NIL \"a\" \"b\")";
  for (std::size_t i = 0; i < limits::kMostLiterals; ++i) kept += " {1}\r\nx";
  for (std::size_t i = 0; i < limits::kMostLiterals; ++i) literals += " {1}\r\ny";
  const std::string nul(1, '\0'), body = " BODY[] {7}\r\na {1}\r\n", tail = " UID 5)\r\n";
  struct Case {
    std::string input, text;
  };
  const Case cases[] = {
      {"* 1 FETCH (E {" + large + "}\r\n" + x + " z)" + body + tail,
       "* 1 FETCH (E {" + large + "}" + nul + " z) BODY[] {7}\r\n UID 5)"},
      {"* 1 FETCH (E" + kept + literals + " z)" + body + tail,
       "* 1 FETCH (E" + kept + " {1}" + nul + " z) BODY[] {7}\r\n UID 5)"},
  };
  for (const Case& c : cases)
    for (std::size_t step : {1U, 7U, 4096U})
      CHECK(lex(c.input, step) == "<body 7>a {1}\r\n|" + c.text + "|\n");
  for (std::size_t step : {1021U, 4096U, 65536U}) {
    std::string out = lex("* 1 FETCH (E (" + people + ")" + body + " F (" + people + ")" + tail, step);
    CHECK(out.starts_with("<body 7>a {1}\r\n|* 1 FETCH (E ((NIL"));
    auto at = out.find("\"b\")) BODY[] {7}\r\n");
    REQUIRE(at != out.npos);
    CHECK(out.substr(0, at).find('\0') != out.npos);
    CHECK(out.substr(at).find("\r\n" + nul) != out.npos);
    CHECK(out.size() > limits::kLongestResponse - 65536);
    CHECK(out.size() < limits::kLongestResponse + 65536 + 3 * limits::kKeptOfLine);
  }
}

TEST_CASE("a VANISHED of any length is handled in pieces") {
  std::string input = "* VANISHED (EARLIER) 2";
  for (int i = 2; i <= 400000; ++i) input += "," + std::to_string(2 * i);
  input += "\r\n* OK\r\n";
  CHECK(input.size() > 2 * limits::kLongestResponse);
  Transcript none;
  Lexer lexer(none);
  std::string joined, last;
  for (std::size_t at = 0; at < input.size(); at += 10000) {
    auto piece = std::string_view(input).substr(at, 10000);
    while (lexer.next(piece)) {
      last = lexer.response().text;
      CHECK(last.size() < 2 * limits::kSetPiece);
      constexpr std::string_view kPrefix = "* VANISHED (EARLIER) ";
      if (last.starts_with(kPrefix)) joined += (joined.empty() ? "" : ",") + last.substr(kPrefix.size());
    }
  }
  CHECK(last == "* OK");
  CHECK("* VANISHED (EARLIER) " + joined + "\r\n* OK\r\n" == input);
}
