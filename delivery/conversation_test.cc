// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/conversation.h"

#include <doctest/doctest.h>

#include "delivery/deadlines.h"
#include "ipc/failure.h"

using namespace interimap;
using Command = Conversation::Command;

namespace {

struct Logged {
  explicit Logged(std::uint8_t debug)
      : conversation(debug, [this](LogLevel, const std::string& line) { log += line + "\n"; }) {}
  std::string log;
  Conversation conversation;
};

}  // namespace

TEST_CASE("conversation: how long is waited, for what") {
  const struct {
    Command command;
    std::chrono::milliseconds patience;
    const char* awaited;
  } table[] = {{Command::greeting, deadlines::kGreeting, "its greeting"},
               {Command::ehlo, deadlines::kCommand, "its reply to EHLO"},
               {Command::rcpt, deadlines::kCommand, "its reply to RCPT"},
               {Command::data, deadlines::kDataInitiation, "its reply to DATA"},
               {Command::end, deadlines::kDataTermination, "its reply to the end of mail data"},
               {Command::quit, deadlines::kQuit, "its reply to QUIT"}};
  for (const auto& row : table) {
    CAPTURE(row.awaited);
    Logged logged(0);
    Conversation& conversation = logged.conversation;
    CHECK_FALSE(conversation.patience());
    CHECK(conversation.awaited() == "nothing");
    conversation.say(row.command, "X");
    CHECK(conversation.patience() == deadlines::kDataBlock);  // it is our turn to write
    conversation.written(3);
    CHECK(conversation.patience() == row.patience);
    CHECK(conversation.awaited() == row.awaited);
    CHECK(conversation.awaits(row.command));
    conversation.pop();
    CHECK_FALSE(conversation.awaits());
  }
}

TEST_CASE("conversation: octets are counted from the first one, however they are written") {
  Logged logged(0);
  Conversation& conversation = logged.conversation;
  conversation.say(Command::mail, "MAIL");
  std::uint64_t end = conversation.prepared();
  CHECK(end == 6);
  conversation.written(2);
  CHECK(conversation.unwritten() == "IL\r\n");
  CHECK_FALSE(conversation.isWritten(end));
  conversation.written(4);
  CHECK(conversation.isWritten(end));
  conversation.out() += "data";
  CHECK(conversation.prepared() == 10);
  CHECK(conversation.unwritten() == "data");
}

TEST_CASE("conversation: replies come out of octets as they are complete") {
  Logged logged(1);
  Conversation& conversation = logged.conversation;
  std::string_view octets = "250-one\r\n250 two\r\n4";
  auto reply = conversation.hear(octets);
  while (!reply && !octets.empty()) reply = conversation.hear(octets);
  REQUIRE(reply);
  CHECK(reply->code == 250);
  CHECK(conversation.lines() == 2);
  CHECK(octets == "4");
  conversation.logReply(*reply, [](std::string line) { return "<" + line + ">"; });
  CHECK(logged.log == "S: 250-<one>\nS: 250 <two>\n");
  std::string_view broken = "x\r\n";
  CHECK_THROWS_AS(while (!broken.empty()) conversation.hear(broken), Failure);
}

TEST_CASE("conversation: a secret is in the log only if that is asked for") {
  const struct {
    std::uint8_t debug;
    const char* log;
  } table[] = {{0, ""}, {1, "C: AUTH PLAIN [REDACTED]\nC: RSET\n"}, {2, "C: AUTH PLAIN c2VjcmV0\nC: RSET\n"}};
  for (const auto& row : table) {
    CAPTURE(static_cast<int>(row.debug));
    Logged logged(row.debug);
    logged.conversation.saySecret("AUTH PLAIN ", "c2VjcmV0");
    CHECK(logged.conversation.unwritten() == "AUTH PLAIN c2VjcmV0\r\n");
    logged.conversation.written(21);
    logged.conversation.say(Command::rset, "RSET");
    CHECK(logged.log == row.log);
  }
}
