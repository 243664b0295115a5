// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the field found about delivery: mail that goes round, senders, what the log tells, \Seen.

#include <algorithm>

#include "tests/e2e/pull_scripted.h"

using namespace interimap::bed;

namespace {

std::string received(int number) {
  return "Received: from a.example.net by b.example.net\r\n\twith ESMTP id " + std::to_string(number) +
         ";\r\n Mon, 01 Feb 2021 03:04:05 +0000\r\n";
}

// The server that mail goes to delivers it into the mailbox that it is pulled from, with what it adds on top.
void loop(PullBed& bed, const std::string& added) {
  bed.sink.judge([&bed, added, number = 1000](const SinkEvent& event) mutable -> std::optional<SinkReply> {
    if (!event.command.starts_with(".")) return std::nullopt;
    Message copy = mail("unused");
    copy.text = (added.empty() ? "" : added + received(number++)) + event.message.text;
    bed.append({copy});
    return std::nullopt;
  });
}

std::size_t countInBox(const PullBed& bed) { return flagsOf(bed.alice()).size(); }

std::string envelope(const std::string& from, const std::string& sender) {
  return "(NIL \"s\" " + from + " " + sender + " NIL NIL NIL NIL NIL NIL)";
}

const std::string kBob = "((NIL NIL \"bob\" \"example.net\"))", kEve = "((NIL NIL \"eve\" \"example.net\"))";

std::vector<std::string> linesWith(const std::string& log, const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < log.size();) {
    std::size_t end = std::min(log.find('\n', at), log.size());
    std::string line = log.substr(at, end - at);
    if (line.find(text) != std::string::npos) lines.push_back(line);
    at = end + 1;
  }
  return lines;
}

}  // namespace

TEST_CASE("field 23: the sink delivers into the mailbox that is pulled: each message goes round once") {
  struct Row {
    const char *what, *of, *added;
  };
  for (const Row& row : {Row{"as Dovecot", "", "Return-Path: <bob@example.net>\r\nDelivered-To: alice\r\n"},
                         Row{"of mail that has come a way", "yes", "Return-Path: <bob@example.net>\r\n"},
                         Row{"without any trace", "", ""}}) {
    CAPTURE(row.what);
    PullBed bed;
    std::vector<Message> originals = mails("m", 5);
    if (*row.of != '\0')
      for (std::size_t i = 0; i < originals.size(); ++i)
        originals[i].text = received(static_cast<int>(i)) + received(77) + originals[i].text;
    bed.append(originals);
    loop(bed, row.added);
    Run run = bed.program.run();
    checkStatus(run, 75);
    checkSays(run, {"has come back"});
    CHECK(bed.sink.messages().size() == 5);
    CHECK(countInBox(bed) == 10);
    bed.program.run();
    bed.program.run();
    CHECK(bed.sink.messages().size() <= 5);
    // What comes besides is delivered.
    bed.append(mails("new", 1));
    bed.program.run();
    CHECK(bed.delivered() == "m1 m2 m3 m4 m5 new1");
  }
}

TEST_CASE("field 23: while idling, too") {
  PullBed bed;
  requireDone(bed.program.run());
  loop(bed, "Delivered-To: alice\r\n");
  BackgroundProcess idling = bed.program.runInBackground({"--idle=2", "work"});
  bed.append(mails("m", 3));
  REQUIRE(eventually([&] { return bed.sink.messages().size() >= 3; }));
  REQUIRE(eventually([&] { return bed.program.log().find("has come back") != std::string::npos; }));
  bed.append(mails("new", 1));
  REQUIRE(eventually([&] { return bed.delivered().find("new1") != std::string::npos; }));
  CHECK(bed.sink.messages().size() <= 5);
}

TEST_CASE("field 23: a message with 100 Received fields waits, one with 99 is delivered") {
  PullBed bed;
  std::vector<Message> all = mails("m", 3);
  for (std::size_t i = 0; i < 3; ++i)
    for (int n = 0; n < 98 + static_cast<int>(i); ++n) all[i].text = received(n) + all[i].text;
  bed.append(all);
  Run run = bed.program.run();
  checkStatus(run, 75);
  checkSays(run, {"WARNING: UID 3 has 100 Received fields"});
  CHECK(bed.delivered() == "m1 m2");
  checkStatus(bed.program.run(), 75);
  CHECK(bed.sink.messages().size() == 2);
}

TEST_CASE("field 23: deliver-drop leaves fields out, and nothing else") {
  for (auto extensions :
       {std::vector<std::string>{"PIPELINING", "SIZE 100000"}, {"PIPELINING", "CHUNKING"}, {}}) {
    PullBed bed({.extensions = extensions}, {"deliver-drop = Delivered-To, x-original-to"});
    Message message = mail("m", "Delivered-To: in the body\r\n.\r\n");
    const std::string plain = message.text;
    message.text =
        "Delivered-To: alice@example.test\r\nReturn-Path: <>\r\nX-Original-To:\r\n alice\r\n\tbob\r\n" +
        plain;
    bed.append({message});
    requireDone(bed.program.run());
    REQUIRE(bed.sink.messages().size() == 1);
    CHECK(bed.sink.messages()[0].text == "Return-Path: <>\r\n" + plain);
    checkNoViolations(bed.sink);
  }
  for (const char* value : {"Delivered To:", ":", "a\x80", "a:b"}) {
    CAPTURE(value);
    PullBed bed({}, {std::string("deliver-drop = ") + value});
    int status = bed.program.run().exitStatus;
    CHECK(status == (std::string(value) == "Delivered To:" ? 0 : 78));
  }
}

TEST_CASE("field 23: the envelope sender: Return-Path, Sender, From; or deliver-sender") {
  struct Row {
    std::string header, from, sender, reversePath;
  };
  const Row rows[] = {
      {"Return-Path: <list-bounces@example.org>\r\n", kBob, kEve, "list-bounces@example.org"},
      {"Return-Path: <>\r\n", kBob, kEve, ""},
      {"Return-Path: bad\r\n", kBob, kEve, "eve@example.net"},
      {"Return-Path: <a\r\nb@example.net>\r\n", kBob, kEve, "eve@example.net"},
      {"", kBob, kEve, "eve@example.net"},
      {"", kBob, "NIL", "bob@example.net"},
      {"", kBob, "()", "bob@example.net"},
      {"", "NIL", "NIL", ""},
      {"", "((NIL NIL \"\" \"example.net\"))", "NIL", "\"\"@example.net"},
  };
  for (std::string fixed : {"", "me@example.com", "<>"}) {
    CAPTURE(fixed);
    PullScripted bed({}, {},
                     fixed.empty() ? std::vector<std::string>{} : std::vector{"deliver-sender = " + fixed});
    for (const Row& row : rows)
      bed.add(row.header + "Subject: m\r\n\r\nwords\r\n", envelope(row.from, row.sender));
    requireDone(bed.program.run());
    std::vector<SinkMessage> got = bed.sink.messages();
    REQUIRE(got.size() == std::size(rows));
    for (std::size_t i = 0; i < got.size(); ++i) {
      CAPTURE(i);
      CHECK(got[i].reversePath == (fixed.empty() ? rows[i].reversePath : fixed == "<>" ? "" : fixed));
    }
    checkNoViolations(bed.sink);
  }
  PullBed wrong({}, {"deliver-sender = nobody at all"});
  checkStatus(wrong.program.run(), 78);
}

TEST_CASE("field 23: a sender that the server takes for none is left out, once; a refused one is refused") {
  struct Row {
    const char *pattern, *reply;
    int status;
    const char* delivered;
    std::size_t mails;  // MAIL commands
  };
  const Row rows[] = {
      {"MAIL FROM:<bob", "501 5.1.7 Bad sender address syntax\r\n", 0, "m", 2},
      {"MAIL FROM:<bob", "501 syntax\r\n", 0, "m", 2},
      {"MAIL FROM:<bob", "553 5.1.7 no\r\n", 0, "m", 2},
      {"MAIL FROM:<", "501 5.1.7 Bad sender address syntax\r\n", 65, "", 2},
      {"MAIL FROM:<bob", "553 5.1.8 no such domain\r\n", 65, "", 1},
      {"MAIL FROM:<bob", "550 5.7.1 go away\r\n", 65, "", 1},
      {"RCPT", "501 5.1.3 Bad recipient address syntax\r\n", 65, "", 1},
      {"RCPT", "504 5.5.2 <bob>: Sender address rejected: need fully-qualified address\r\n", 65, "", 1},
      {"RCPT", "504 5.5.2 <alice>: Recipient address rejected: need fully-qualified address\r\n", 75, "", 1},
  };
  for (const Row& row : rows) {
    for (auto extensions : {std::vector<std::string>{"PIPELINING", "ENHANCEDSTATUSCODES"}, {}}) {
      CAPTURE(row.pattern);
      CAPTURE(row.reply);
      PullBed bed({.extensions = extensions});
      bed.append({mail("m")});
      bed.sink.on(row.pattern, 0, {row.reply});
      checkStatus(bed.program.run(), row.status);
      CHECK(bed.delivered() == row.delivered);
      CHECK(bed.sink.count("MAIL") == row.mails);
    }
  }
}

TEST_CASE(
    "field 24: the log tells each delivery, with Message-ID and the server's words; as JSON in members") {
  PullBed bed;
  bed.append(mails("m", 3));
  bed.sink.on("\\.", 1, {.octets = "250 2.0.0 Ok: queued as 4XyZ\r\n", .takesOver = true});
  bed.sink.on("\\.", 1, {"451 4.3.0 later\r\n"});  // of those that are left
  bed.sink.on("\\.", 1, {"550 5.7.1 poison\r\n"});
  Run run = bed.program.run({"--log-format=json", "work"});
  checkStatus(run, 65);
  for (auto [uid, text, reply] : {std::tuple("1", "is delivered to", "250 2.0.0 Ok: queued as 4XyZ"),
                                  std::tuple("2", "is deferred for", "451 4.3.0 later"),
                                  std::tuple("3", "was refused for", "550 5.7.1 poison")}) {
    auto lines = linesWith(run.log(), text);
    REQUIRE(lines.size() == 1);
    INFO(lines[0]);
    for (const std::string& member :
         {std::string("\"uid\":") + uid, "\"messageId\":\"<m" + std::string(uid) + "@example.net>\"",
          std::string("\"sender\":\"bob@example.net\""), "\"recipient\":\"" + std::string(kRecipient) + "\"",
          "\"reply\":\"" + std::string(reply) + "\""})
      CHECK(lines[0].find(member) != std::string::npos);
  }
  auto summary = linesWith(run.log(), "\"summary\"");
  REQUIRE(summary.size() == 1);
  CHECK(summary[0].find("\"delivered\":1,\"deferred\":1,\"refused\":1,") != std::string::npos);
  // What waits is counted once, though it is tried again, and though nobody tries it.
  bed.sink.on("\\.", 0, {"451 4.3.0 later\r\n"});
  for (int i = 0; i < 2; ++i) {
    Run again = bed.program.run({"--log-format=json", "work"});
    INFO(again.log());
    CHECK(again.says("\"delivered\":0,\"deferred\":1,\"refused\":1,"));
  }
}

TEST_CASE("field 24: what was refused is reported until --forget-refused, or the keyword goes") {
  PullBed bed;
  bed.append(mails("m", 3));
  bed.sink.on("\\.", 0, {"550 5.7.1 poison\r\n"});
  checkStatus(bed.program.run(), 65);
  CHECK(uidsWith(bed.alice(), "$DeliveryFailed") == "1 2 3");
  {
    ImapClient alice = bed.alice();
    alice.select("INBOX");
    alice.store("2", "-FLAGS ($DeliveryFailed)");
  }
  Run run = bed.program.run();
  checkStatus(run, 65);
  checkSays(run, {"UID 1 stays undelivered", "UID 3 stays undelivered"});
  CHECK_FALSE(run.says("UID 2 stays undelivered"));
  requireDone(bed.program.run({"--forget-refused", "work"}));
  requireDone(bed.program.run());
  CHECK(seenUids(bed.alice()) == "");
  bed.set({"purge-after = 0"});
  requireDone(bed.program.run({"--retry-refused", "work"}));
  CHECK(countInBox(bed) == 3);
  CHECK(bed.delivered() == "");
}

TEST_CASE("field 25: deliver-seen = no leaves \\Seen to the reader, with --no-delivery, too") {
  PullBed bed({}, {"deliver-seen = no"});
  std::vector<Message> old = mails("old", 2);
  old[1].flags = {"\\Seen"};
  bed.append(old);
  requireDone(bed.program.run({"--no-delivery", "work"}));
  CHECK(seenUids(bed.alice()) == "2");
  bed.append(mails("new", 2));
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "new1 new2");
  CHECK(seenUids(bed.alice()) == "2");
  requireDone(bed.program.run());
  CHECK(bed.sink.messages().size() == 2);
  bed.set({});
  bed.append(mails("more", 1));
  requireDone(bed.program.run());
  CHECK(seenUids(bed.alice()) == "2 5");
}
