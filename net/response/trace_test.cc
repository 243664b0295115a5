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
