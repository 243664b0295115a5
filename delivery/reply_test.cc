// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/reply.h"

#include <doctest/doctest.h>

#include "delivery/limits.h"
#include "ipc/delivery.h"
#include "ipc/failure.h"

using namespace interimap;

namespace {

// All replies in `text`, fed in pieces of `step` octets.
std::vector<Reply> repliesIn(std::string_view text, std::size_t step) {
  ReplyParser parser;
  std::vector<Reply> replies;
  while (!text.empty()) {
    std::string_view piece = text.substr(0, step);
    text.remove_prefix(piece.size());
    while (!piece.empty()) {
      piece.remove_prefix(parser.feed(piece));
      if (auto reply = parser.next()) replies.push_back(*reply);
    }
  }
  return replies;
}

}  // namespace

TEST_CASE("replies, however they arrive") {
  struct {
    const char* bytes;
    int code;
    const char* status;
    const char* text;
  } const table[] = {
      {"220 mx.example.org ESMTP\r\n", 220, nullptr, "mx.example.org ESMTP"},
      {"250 2.1.0 Ok\r\n", 250, "2.1.0", "Ok"},
      {"250 2.1.0\r\n", 250, "2.1.0", ""},
      {"250\r\n", 250, nullptr, ""},
      {"250 \r\n", 250, nullptr, ""},
      {"250 Ok\n", 250, nullptr, "Ok"},
      {"354 go ahead\r\n", 354, nullptr, "go ahead"},
      {"550-5.1.1 no\r\n550-5.1.1 such\r\n550 5.1.1 user\r\n", 550, "5.1.1", "no such user"},
      {"550-no\r\n550-\r\n550 user\r\n", 550, nullptr, "no user"},
      {"450 5.1.1 the class does not fit\r\n", 450, nullptr, "5.1.1 the class does not fit"},
      {"599 x\ry\r\n", 599, nullptr, "x\ry"},
  };
  for (const auto& row : table) {
    for (std::size_t step : {1, 2, 3, 1000}) {
      CAPTURE(row.bytes);
      CAPTURE(step);
      auto replies = repliesIn(row.bytes, step);
      REQUIRE(replies.size() == 1);
      CHECK(replies[0].code == row.code);
      CHECK(replies[0].text() == row.text);
      auto status = replies[0].status();
      CHECK((status ? status->text() : "") == (row.status ? row.status : ""));
    }
  }
  auto several = repliesIn("250 a\r\n250-b\r\n250 c\r\n550 5.0.0 d\r\n", 5);
  REQUIRE(several.size() == 3);
  CHECK(several[1].lines == std::vector<std::string>{"b", "c"});
  CHECK(several[2].withCode() == "550 5.0.0 d");
}

TEST_CASE("what is no reply is refused") {
  for (const char* bytes :
       {"\r\n", "25\r\n", "2500 x\r\n", "250x\r\n", "150 x\r\n", "650 x\r\n", "2x0 x\r\n", "ok\r\n",
        "250-a\r\n251 b\r\n", "250-a\r\nb\r\n", " 250 x\r\n", "SSH-2.0-OpenSSH\r\n"}) {
    CAPTURE(bytes);
    CHECK_THROWS_AS(repliesIn(bytes, 1), Failure);
    CHECK_THROWS_AS(repliesIn(bytes, 1000), Failure);
  }
}

TEST_CASE("the limits of a reply") {
  std::string longest = "250 " + std::string(limits::kLongestReplyLine - 6, 'x') + "\r\n";
  CHECK(repliesIn(longest, 100).size() == 1);
  CHECK(repliesIn(longest, 100)[0].text().size() == kMostReplyText);
  CHECK_THROWS_AS(repliesIn("250 x" + longest, 100), Failure);
  CHECK_THROWS_AS(repliesIn(std::string(limits::kLongestReplyLine, '2'), 100), Failure);

  std::string lines;
  for (std::size_t i = 1; i < limits::kMostReplyLines; ++i) lines += "250-x\r\n";
  CHECK(repliesIn(lines + "250 x\r\n", 100).size() == 1);
  CHECK_THROWS_AS(repliesIn(lines + "250-x\r\n250 x\r\n", 100), Failure);
  CHECK(repliesIn(lines + "250 x\r\n", 100)[0].text().size() < kMostReplyText);
}
