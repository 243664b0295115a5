// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a server gets: envelopes and octets.

#include "tests/e2e/fake_server.h"
#include "tests/e2e/port.h"
#include "tests/e2e/pull_bed.h"

using namespace interimap::bed;

TEST_CASE("scenario 92: SMTP and LMTP, over IPv4, IPv6 and a Unix socket, with and without PIPELINING") {
  struct Row {
    const char* what;
    SinkOptions sink;
  };
  const std::vector<std::string> bare = {"SIZE"};
  const Row rows[] = {
      {"SMTP", {}},
      {"SMTP, stepwise", {.extensions = bare}},
      {"SMTP, no extension at all", {.extensions = {}}},
      {"SMTP, HELO", {.extensions = {}, .knowsEhlo = false}},
      {"SMTP, chunking", {.extensions = {"PIPELINING", "CHUNKING", "8BITMIME"}}},
      {"SMTP, chunking stepwise", {.extensions = {"CHUNKING"}}},
      {"SMTP, IPv6", {.ipv6 = true}},
      {"SMTP, socket", {.socket = "sink"}},
      {"LMTP", {.lmtp = true}},
      {"LMTP, stepwise", {.lmtp = true, .extensions = {}}},
      {"LMTP, IPv6", {.lmtp = true, .ipv6 = true}},
      {"LMTP, socket", {.lmtp = true, .socket = "sink"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    if (row.sink.ipv6 && !hasIpv6()) continue;
    PullBed bed(row.sink, {"deliver-ehlo = mail.example.org"});
    std::vector<Message> sent = mails("m", 5);
    bed.append(sent);
    Run run = bed.program.run();
    requireDone(run);
    checkSays(run, {"work(INBOX): UID 1 from <bob@example.net> (", "work(INBOX): UID 5 from"});
    std::vector<SinkMessage> got = bed.sink.messages();
    INFO(run.log());
    REQUIRE(got.size() == sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      CHECK(got[i].text == sent[i].text);
      CHECK(got[i].reversePath == "bob@example.net");
      CHECK(got[i].recipients == std::vector<std::string>{kRecipient});
      CHECK(got[i].hello == "mail.example.org");
      CHECK(got[i].connection == 1);
    }
    CHECK(bed.sink.commands().back() == "QUIT");
    CHECK(seenUids(bed.alice()) == "1 2 3 4 5");
    checkNoViolations(bed.sink);

    bed.sink.clear();
    Run again = bed.program.run();
    requireDone(again);
    CHECK(bed.sink.connections() == 1);
    CHECK_FALSE(again.sent("UID STORE"));
  }
}

TEST_CASE("scenario 92: with PIPELINING an envelope is one write, and the next one follows the final dot") {
  PullBed bed;
  bed.sink.on("MAIL", 0, {.alsoAnswer = true, .awaitsMore = true});
  bed.sink.on("\\.", 1, {.alsoAnswer = true, .awaitsMore = true});
  bed.append(mails("m", 2));
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "m1 m2");
  checkNoViolations(bed.sink);
}

TEST_CASE("scenario 92: a name is looked up, and all its addresses are tried") {
  PullBed bed;
  bed.set({"deliver-method = smtp:localhost:" + std::to_string(bed.sink.port())});
  bed.append(mails("m", 1));
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "m1");
}

TEST_CASE("scenario 93: dots, no CRLF at the end, an empty body, long lines and 8 bits arrive as they are") {
  const std::string header = "From: bob@example.net\r\nSubject: odd\r\n\r\n";
  const std::vector<std::string> texts = {
      header + ".\r\n..\r\n.dot\r\nend\r\n.\r\n",
      header + "no line end",
      header + ".",
      header,
      "Subject: no body",
      header + "\r\n\r\n\r\n",
      header + std::string(70'000, 'x') + "\r\n" + std::string(5'000, '.') + "\r\n",
      header + "caf\xc3\xa9 \xff\xfe\r\n",
      header + std::string(300'000, 'y') + "\r\n.\r\n",
  };
  for (auto extensions : {std::vector<std::string>{"PIPELINING", "8BITMIME"},
                          std::vector<std::string>{"PIPELINING", "8BITMIME", "CHUNKING", "SIZE 1000000"},
                          std::vector<std::string>{}}) {
    for (bool lmtp : {false, true}) {
      CAPTURE(extensions.size());
      CAPTURE(lmtp);
      PullBed bed({.lmtp = lmtp, .extensions = extensions});
      std::vector<Message> messages;
      for (const std::string& text : texts) messages.push_back({text, {}, "02-Feb-2021 03:04:05 +0000"});
      bed.append(messages);
      requireDone(bed.program.run());
      std::vector<SinkMessage> got = bed.sink.messages();
      REQUIRE(got.size() == texts.size());
      for (std::size_t i = 0; i < texts.size(); ++i) {
        CAPTURE(i);
        CHECK(got[i].text == withCrLf(texts[i]));
        CHECK(got[i].chunked == (extensions.size() == 4));
      }
      checkNoViolations(bed.sink);
    }
  }
}
