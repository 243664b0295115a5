// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/mail_data.h"

#include <doctest/doctest.h>

#include <optional>
#include <random>
#include <vector>

#include "delivery/limits.h"

using namespace interimap;
using namespace std::string_literals;
using Transparency = MailData::Transparency;

namespace {

std::string converted(const std::vector<std::string>& pieces, Transparency transparency) {
  MailData data(transparency);
  std::string out;
  for (const std::string& piece : pieces) data.feed(piece, out);
  data.finish(out);
  return out;
}

// What a server makes of it: lines end in CRLF, one dot is taken off. Nothing if it ends early.
std::optional<std::string> received(std::string_view wire) {
  std::string message;
  while (!wire.empty()) {
    std::size_t end = wire.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = wire.substr(0, end);
    if (line == ".") return std::nullopt;
    message += line.starts_with('.') ? line.substr(1) : line;
    message += "\r\n";
    wire.remove_prefix(end + 2);
  }
  return message;
}

}  // namespace

TEST_CASE("mail data, cut at every place") {
  struct {
    std::string message, data, stuffed;
  } const table[] = {
      {"", "\r\n", "\r\n"},
      {"a", "a\r\n", "a\r\n"},
      {"a\r\n", "a\r\n", "a\r\n"},
      {"\r\n", "\r\n", "\r\n"},
      {"a\nb\n", "a\r\nb\r\n", "a\r\nb\r\n"},
      {"a\rb\r", "a\r\nb\r\n", "a\r\nb\r\n"},
      {"a\n\rb", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
      {"a\r\r\nb", "a\r\nb\r\n", "a\r\nb\r\n"},
      {"a\r\rb", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
      {".", ".\r\n", "..\r\n"},
      {".\r\n", ".\r\n", "..\r\n"},
      {"..a\r\n.b.c\r\n", "..a\r\n.b.c\r\n", "...a\r\n..b.c\r\n"},
      {"a\n.\nb", "a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n"},
      {"a\n.\r\nMAIL FROM:<x@y>", "a\r\n.\r\nMAIL FROM:<x@y>\r\n", "a\r\n..\r\nMAIL FROM:<x@y>\r\n"},
      {"a\r.\rb", "a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n"},
      {"a\r\n.\nb", "a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n"},
      {"a\r\r.\r\r\nb", "a\r\n\r\n.\r\nb\r\n", "a\r\n\r\n..\r\nb\r\n"},
      {"a\0\n\0.\nb\0"s, "a\x80\r\n\x80.\r\nb\x80\r\n", "a\x80\r\n\x80.\r\nb\x80\r\n"},
      {"a\r\0\n.\r\n"s, "a\r\n\x80\r\n.\r\n", "a\r\n\x80\r\n..\r\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.message);
    for (std::size_t i = 0; i <= row.message.size(); ++i)
      for (std::size_t j = i; j <= row.message.size(); ++j) {
        std::vector<std::string> pieces = {row.message.substr(0, i), row.message.substr(i, j - i),
                                           row.message.substr(j)};
        CHECK(converted(pieces, Transparency::none) == row.data);
        CHECK(converted(pieces, Transparency::dots) == row.stuffed);
      }
    CHECK(received(row.stuffed) == row.data);
  }
}

TEST_CASE("no octets make mail data that ends early, and no cut changes it") {
  std::mt19937 random(5321);
  constexpr std::string_view kLikely("\r\n.\0a", 5);
  for (int i = 0; i < 20000; ++i) {
    std::string message(random() % 40, ' ');
    for (char& c : message) c = kLikely[random() % kLikely.size()];
    std::string data = converted({message}, Transparency::none),
                stuffed = converted({message}, Transparency::dots);
    REQUIRE(received(stuffed) == data);
    std::vector<std::string> pieces;
    for (char c : message) pieces.emplace_back(1, c);
    REQUIRE(converted(pieces, Transparency::dots) == stuffed);
    for (std::size_t at = 0; at < data.size(); ++at) {
      if (data[at] == '\n') REQUIRE((at > 0 && data[at - 1] == '\r'));
      if (data[at] == '\r') REQUIRE((at + 1 < data.size() && data[at + 1] == '\n'));
      REQUIRE(data[at] != '\0');
    }
    REQUIRE(data.ends_with("\r\n"));
  }
}

TEST_CASE("mail data that is well formed stays as it is") {
  std::string message = "Subject: x\r\n\r\nh\xc3\xa4\r\n\r\nend\r\n";
  CHECK(converted({message}, Transparency::none) == message);
}

TEST_CASE("CRs in a row are not remembered without end") {
  std::string many(limits::kMostCarriageReturns * 100, '\r'), out;
  MailData data(Transparency::none);
  data.feed(many, out);
  CHECK(out.size() == 2 * (many.size() - limits::kMostCarriageReturns));
  data.finish(out);
  CHECK(out.size() == 2 * many.size());
}

TEST_CASE("a survey tells the size and whether there are octets above 0x7f") {
  std::string large(limits::kBodyPiece * 2 + 7, '\n');
  struct {
    std::string message;
    std::uint64_t size;
    bool eightBit;
  } const table[] = {{"", 2, false},
                     {"a\n", 3, false},
                     {".\r\n", 3, false},
                     {"\xc3\xbc", 4, true},
                     {"\0"s, 3, true},
                     {large, 2 * large.size(), false},
                     {large + "\xff", 2 * large.size() + 3, true}};
  for (const auto& row : table) {
    BodyWriter writer;
    writer.write("before\xff" + row.message + "behind\xff");
    BodyRange range{7, row.message.size()};
    Bodies bodies(writer.seal(), std::span(&range, 1));
    auto survey = MailDataSurvey::of(bodies, range);
    CHECK(survey.size == row.size);
    CHECK(survey.eightBit == row.eightBit);
  }
}
