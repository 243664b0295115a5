// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/trace.h"

#include <doctest/doctest.h>

#include "ipc/imap.h"

using namespace interimap;

namespace {

Trace traceOf(const std::string& text, std::size_t piece) {
  TraceReader reader;
  reader.reset();
  for (std::size_t at = 0; at < text.size(); at += piece)
    reader.add(std::string_view(text).substr(at, piece));
  return reader.trace();
}

}  // namespace

TEST_CASE("field 23: Return-Path tells the envelope sender") {
  const struct {
    const char* header;
    const char* path;  // null: it tells nothing
  } cases[] = {
      {"Return-Path: <bob@example.net>\r\n", "bob@example.net"},
      {"return-path : <bob@example.net>  \r\n", "bob@example.net"},
      {"Return-Path:\r\n <bob@example.net>\r\n", "bob@example.net"},
      {"Return-Path: bob@example.net\n", "bob@example.net"},
      {"Return-Path: <>\r\n", ""},
      {"Return-Path: < >\r\n", ""},
      {"Return-Path: <\"\"@example.net>\r\n", "\"\"@example.net"},
      {"Return-Path:\r\n", nullptr},
      {"Return-Path: <bob@example.net\r\n", nullptr},
      {"Return-Path: <bob@example.net> RCPT TO:<eve@evil.example>\r\n", nullptr},
      {"Return-Path: <@a,@b:bob@example.net>\r\n", nullptr},
      {"Return-Path: <bob>\r\n", nullptr},
      {"X-Return-Path: <bob@example.net>\r\n", nullptr},
      {"Return-Path: <>\r\nReturn-Path: <bob@example.net>\r\n", ""},
      {"Subject: x\r\n\r\nReturn-Path: <bob@example.net>\r\n", nullptr},
      {"\r\nReturn-Path: <bob@example.net>\r\n", "bob@example.net"},  // no header ends where none began
      {"", nullptr},
  };
  for (const auto& each : cases) {
    CAPTURE(each.header);
    for (std::size_t piece : {1, 2, 3, 1000}) {
      auto path = traceOf(each.header, piece).returnPath;
      CHECK(path.has_value() == (each.path != nullptr));
      if (path && each.path != nullptr) CHECK(path->text() == each.path);
    }
  }
}

TEST_CASE("field 23: Received fields are counted, and the topmost told apart") {
  std::string text;
  for (int i = 0; i < 150; ++i)
    text += "Received: from a by b\r\n\twith ESMTP id " + std::to_string(i) + ";\r\n Mon, 1 Feb 2021\r\n";
  text += "Message-ID:\r\n <1@example.net>\r\nReceived-SPF: pass\r\nMessage-ID: <2>\r\n\r\nReceived: no\r\n";
  Trace trace = traceOf(text, 7);
  CHECK(trace.received == 150);
  CHECK(trace.hops.size() == kMostHops);
  CHECK(trace.hops[0] != trace.hops[1]);
  CHECK(trace.messageId == "<1@example.net>");
  // One server more on the way: what was on top is below it, however it is folded now.
  Trace later =
      traceOf("Received: from b by c\r\nReceived: from a by b with ESMTP id 0; Mon, 1 Feb 2021\r\n", 5);
  CHECK(later.received == 2);
  CHECK(later.hops.at(1) == trace.hops[0]);
}

TEST_CASE("a header without end is not kept without end") {
  TraceReader reader;
  reader.reset();
  std::string line = "Message-ID: <" + std::string(100'000, 'x') + ">\r\n";
  for (int i = 0; i < 100; ++i) reader.add(line);
  CHECK(reader.trace().messageId.size() == kMostMessageId);
  reader.reset();
  CHECK(reader.trace().messageId.empty());
}

TEST_CASE("the addresses of header fields are those of the topmost of each name") {
  TraceReader reader({"DELIVERED-TO", "X-ORIGINAL-TO", "ENVELOPE-TO"});
  const std::string text =
      "Return-Path: <bob@example.net>\r\nX-Original-To: alice@example.org\r\n"
      "delivered-to : catchall@example.org\r\nReceived: x\r\nDelivered-To: eve@example.org\r\n"
      "To: all@example.org\r\nX-Original-To-Not: no@example.org\r\nEnvelope-To: a@x.org,\r\n\tb@x.org\r\n"
      "\r\nEnvelope-To: body@example.org\r\n";
  for (std::size_t piece : {1, 7, 1000}) {
    reader.reset();
    for (std::size_t at = 0; at < text.size(); at += piece)
      reader.add(std::string_view(text).substr(at, piece));
    Trace trace = reader.trace();
    REQUIRE(trace.named.size() == 3);
    REQUIRE(trace.named[0].size() == 1);
    CHECK(trace.named[0][0].text() == "catchall@example.org");
    REQUIRE(trace.named[1].size() == 1);
    CHECK(trace.named[1][0].text() == "alice@example.org");
    REQUIRE(trace.named[2].size() == 2);
    CHECK(trace.named[2][1].text() == "b@x.org");
  }
  // What cannot be read is nobody, and what stands below it is not believed instead.
  reader.reset();
  reader.add("Delivered-To: a b\r\nDelivered-To: eve@example.org\r\n\r\n");
  Trace odd = reader.trace();
  REQUIRE(odd.named.size() == 3);
  for (const auto& paths : odd.named) CHECK(paths.empty());
}
