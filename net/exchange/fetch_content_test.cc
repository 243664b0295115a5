// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/fetch_content.h"

#include "net/script_test.h"
#include "net/wire/limits.h"

using namespace interimap;

TEST_CASE("the digest of a message that is not kept, however large it is") {
  settings::Net settings = account();
  settings.maxMessageSize = 10;
  Script script(std::move(settings));
  script.ready();
  auto id = script.ask(request::Fetch{uids("1:4"), request::Fetch::Items::content});
  script.hear("000002 UID FETCH 1:4 (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\r\n");
  std::string body = "Message-ID: <x@y>\r\n\r\n" + std::string(2 * limits::kLongestLiteral, 'x') + "\r\n";
  script.say(
      "* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (3) RFC822.SIZE 7 INTERNALDATE "
      "\"17-Jul-1996 02:44:25 -0700\" BODY[] {" +
      std::to_string(body.size()) + "}\r\n" + body +
      ")\r\n* 2 FETCH (FLAGS () BODY[] \"small\" UID 2)\r\n* 3 FETCH (UID 3 FLAGS (x))\r\n" +
      "* 9 FETCH (UID 9 BODY[] \"unasked\")\r\n000002 OK\r\n");
  auto messages = script.answer<answer::Messages>(id).messages;
  REQUIRE(messages.size() == 2);
  MessageDigest expected;
  expected.add(body);
  REQUIRE(messages[0].content);
  CHECK(*messages[0].content == expected.digest());
  MessageHeader header;
  header.add(body);
  CHECK(messages[0].header == header.digest());
  CHECK(messages[0].size == 7);
  CHECK(messages[0].date->seconds() == 837596665);
  CHECK(messages[0].flags->text() == "\\Seen");
  expected.reset();
  expected.add("small");
  CHECK(*messages[1].content == expected.digest());
  CHECK(messages[1].uid.value() == 2);
  CHECK(script.done(id).ok());
}
