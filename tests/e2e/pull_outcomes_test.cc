// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What becomes of messages that a server refuses, puts off, or leaves in doubt.

#include "tests/e2e/pull_scripted.h"

using namespace interimap::bed;

namespace {

// For the message with this subject, whatever it is sent by.
auto forSubject(std::string subject, SinkReply reply) {
  return [=](const SinkEvent& event) -> std::optional<SinkReply> {
    bool end = event.command.starts_with('.');
    if (end && headerField(event.message.text, "Subject") == subject) return reply;
    return std::nullopt;
  };
}

}  // namespace

TEST_CASE("scenario 97: what is delivered is marked as seen, what is not is not") {
  PullBed bed;
  bed.append(mails("m", 4));
  bed.sink.judge(forSubject("m3", {"451 4.3.0 later\r\n"}));
  checkStatus(bed.program.run(), 75);
  CHECK(seenUids(bed.alice()) == "1 2 4");
  bed.sink.forget();
  requireDone(bed.program.run());
  CHECK(seenUids(bed.alice()) == "1 2 3 4");
  CHECK(bed.delivered() == "m1 m2 m4 m3");
  CHECK(bed.sink.count("QUIT") == 2);
}

TEST_CASE("scenario 98, W37: whatever is said to one message, at whatever stage, the others are delivered") {
  struct Row {
    const char* what;
    const char* stage;  // a command of the second message
    std::string reply;
    int status;
  };
  const Row rows[] = {
      {"MAIL 4xx", "MAIL", "451 4.3.0 later\r\n", 75},
      {"MAIL 5xx", "MAIL", "550 5.7.1 not you\r\n", 65},
      {"RCPT 4xx", "RCPT", "450 4.2.1 later\r\n", 75},
      {"RCPT 5xx", "RCPT", "550 5.1.1 nobody of that name\r\n", 65},
      {"RCPT 5xx, several lines", "RCPT", "550-5.1.1 nobody\r\n550-5.1.1 of that\r\n550 5.1.1 name\r\n", 65},
      {"DATA 4xx", "DATA", "451 4.3.0 later\r\n", 75},
      {"DATA 5xx", "DATA", "554 5.5.1 no\r\n", 65},
      {"end 4xx", "\\.", "452 4.3.1 full\r\n", 75},
      {"end 5xx", "\\.", "554 5.6.0 spam\r\n", 65},
      {"end 5xx, no enhanced code", "\\.", "554 spam\r\n", 65},
      {"end 5xx, no text", "\\.", "554\r\n", 65},
  };
  for (const Row& row : rows) {
    for (int kind = 0; kind < 3; ++kind) {
      SinkOptions options{.lmtp = kind == 1};
      if (kind == 2) options.extensions = {"ENHANCEDSTATUSCODES"};
      CAPTURE(row.what);
      CAPTURE(kind);
      PullScripted bed(options);
      bed.add(mails("m", 3));
      bed.sink.on(row.stage, 2, {row.reply});
      Run run = bed.program.run();
      checkStatus(run, row.status);
      INFO(run.log());
      CHECK(bed.delivered() == "m1 m3");
      checkSays(run,
                {row.status == 65 ? "UID 2 was refused for <alice@example.test>: " + row.reply.substr(0, 3)
                                  : "UID 2 is deferred for <alice@example.test>: " + row.reply.substr(0, 3)});

      // It is not forgotten, and tried again only if it was put off.
      bed.sink.forget();
      bed.sink.clear();
      Run again = bed.program.run();
      if (row.status == 75) {
        checkStatus(again, 0);
        CHECK(bed.delivered() == "m2");
      } else {
        checkStatus(again, 65);
        checkSays(again, {"UID 2 stays undelivered: refused for <alice@example.test> on "});
        CHECK(bed.delivered() == "");
        checkStatus(bed.program.run({"--debug", "--retry-refused", "work"}), 0);
        CHECK(bed.delivered() == "m2");
        checkStatus(bed.program.run(), 0);
      }
      checkNoViolations(bed.sink);
    }
  }
}

TEST_CASE(
    "a refused message gets $DeliveryFailed, is not seen, is not purged; recovered, it loses the keyword") {
  PullBed bed({}, {"purge-after = 0"});
  bed.append(mails("m", 3));
  bed.sink.judge(forSubject("m2", {"550 5.7.1 poison\r\n"}));
  for (int round = 0; round < 3; ++round) {
    Run run = bed.program.run();
    checkStatus(run, 65);
    checkSays(run, {"poison"});
    CHECK(uidsWith(bed.alice(), "$DeliveryFailed") == "2");
    CHECK(seenUids(bed.alice()) == "");
    CHECK(flagsOf(bed.alice()).size() == 1);
  }
  bed.sink.forget();
  bed.set({});
  requireDone(bed.program.run({"--retry-refused", "work"}));
  CHECK(uidsWith(bed.alice(), "$DeliveryFailed") == "");
  CHECK(seenUids(bed.alice()) == "2");
  CHECK(bed.delivered() == "m1 m3 m2");
}

TEST_CASE("a refused message that the user deletes, or delivers by hand, is not reported any more") {
  PullBed bed;
  bed.append(mails("m", 2));
  bed.sink.judge(forSubject("m1", {"550 5.7.1 poison\r\n"}));
  checkStatus(bed.program.run(), 65);
  ImapClient alice = bed.alice();
  alice.select("INBOX");
  alice.expunge("1");
  Run run = bed.program.run();
  requireDone(run);
  checkSays(run, {"UID 1 was not delivered, and is gone from the server"});
}

TEST_CASE("LMTP: recipients with different outcomes; those who have it do not get it again") {
  PullScripted bed({.lmtp = true}, {}, {"deliver-rcpt = ann, ben cid@example.test dan"});
  bed.add(mails("m", 3));
  // What every RCPT after the first of the second message, and every final reply, is answered with.
  bed.sink.judge([](const SinkEvent& event) -> std::optional<SinkReply> {
    if (headerField(event.message.text, "Subject") != "m2") return std::nullopt;
    if (event.command == ". <ben>") return SinkReply{"452 4.2.2 full\r\n"};
    if (event.command == ". <cid@example.test>") return SinkReply{"550 5.7.1 no\r\n"};
    return std::nullopt;
  });
  bed.sink.on("RCPT TO:<dan>", 2, {"450 4.2.1 later\r\n"});
  Run run = bed.program.run();
  checkStatus(run, 65);
  checkSays(run, {"UID 2 is deferred for <ben>: 452", "UID 2 was refused for <cid@example.test>: 550",
                  "UID 2 is deferred for <dan>: 450"});
  auto recipientsOf = [&](const std::string& subject) {
    std::string result;
    for (const SinkMessage& message : bed.sink.messages()) {
      if (headerField(message.text, "Subject") != subject) continue;
      for (const std::string& recipient : message.recipients) result += recipient + " ";
    }
    return result;
  };
  const std::string all = "ann ben cid@example.test dan ";
  CHECK(recipientsOf("m1") == all);
  CHECK(recipientsOf("m2") == "ann ");
  CHECK(recipientsOf("m3") == all);

  bed.sink.forget();
  checkStatus(bed.program.run(), 65);
  CHECK(recipientsOf("m2") == "ann ben dan ");
  requireDone(bed.program.run({"--retry-refused", "work"}));
  CHECK(recipientsOf("m2") == "ann ben dan cid@example.test ");
  requireDone(bed.program.run());
  CHECK(duplicates(bed.sink.messages()).empty());
  checkNoViolations(bed.sink);
}

TEST_CASE("unknown: the dot was sent, and no reply came; it is named, and tried again") {
  for (bool lmtp : {false, true}) {
    for (bool chunking : {false, true}) {
      CAPTURE(lmtp);
      CAPTURE(chunking);
      SinkOptions options{.lmtp = lmtp};
      if (chunking) options.extensions = {"PIPELINING", "CHUNKING", "8BITMIME"};
      PullScripted bed(options);
      bed.add(mails("m", 3));
      bed.sink.on("\\.", 2, {.close = true, .takesOver = true});
      Run run = bed.program.run();
      INFO(run.log());
      CHECK((run.exitStatus == 0 || run.exitStatus == 75));
      checkSays(run, {"UID 2 may have been delivered to <alice@example.test>", "it may come twice"});
      if (run.exitStatus != 0) requireDone(bed.program.run());
      std::map<std::string, unsigned> twice = duplicates(bed.sink.messages());
      CHECK(twice.size() == 1);
      CHECK(twice["m2 <alice@example.test>"] == 2);
      CHECK(bed.sink.messages().size() == 4);
    }
  }
}

TEST_CASE("a connection lost before the final dot is no doubt: nothing is named, nothing comes twice") {
  for (const char* stage : {"greeting", "EHLO", "MAIL", "RCPT", "DATA"}) {
    CAPTURE(stage);
    PullScripted bed({.extensions = {"8BITMIME"}});
    bed.add(mails("m", 3));
    bed.sink.on(stage, 1, {.close = true});
    Run run = bed.program.run();
    if (run.exitStatus == 75) run = bed.program.run();
    requireDone(run);
    CHECK_FALSE(run.says("may have been delivered"));
    CHECK(bed.sink.messages().size() == 3);
    CHECK(duplicates(bed.sink.messages()).empty());
  }
}

TEST_CASE("W37: a 421 in the middle of anything is no end: a new connection goes on") {
  for (const char* stage : {"MAIL", "RCPT", "DATA", "\\."}) {
    CAPTURE(stage);
    PullScripted bed;
    bed.add(mails("m", 5));
    bed.sink.on(stage, 3, {.octets = "421 4.3.2 shutting down\r\n", .close = true});
    Run run = bed.program.run();
    INFO(run.log());
    if (run.exitStatus == 75) run = bed.program.run();
    requireDone(run);
    CHECK(bed.sink.messages().size() == 5);
    CHECK(duplicates(bed.sink.messages()).empty());
    CHECK(bed.sink.connections() >= 2);
    CHECK_FALSE(run.says("may have been delivered"));
  }
}

TEST_CASE("W37: 251 and other positive replies are success; EHLO of many lines; odd QUIT") {
  PullScripted bed;
  bed.add(mails("m", 2));
  bed.sink.on("RCPT", 0, {.octets = "251 2.1.5 will forward\r\n"});
  bed.sink.on("MAIL", 1, {.octets = "250-2.1.0 well\r\n250-\r\n250 \r\n"});
  bed.sink.on("QUIT", 0, {.octets = "500 no\r\n", .close = true});
  bed.sink.on("greeting", 0, {.octets = "220-hello\r\n220-dear\r\n220 client\r\n"});
  bed.sink.on("\\.", 1, {.octets = "250\r\n"});
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "m1 m2");
}

TEST_CASE("replies that make no sense: nothing is lost, nothing is taken for delivered") {
  const std::string replies[] = {
      "hello\r\n",
      "25\r\n",
      "250x\r\n",
      "999 what\r\n",
      "250-a\r\n251 b\r\n",
      std::string(100'000, '2'),
      "\r\n",
      std::string("250\0ok\r\n", 8),
      "354 more?\r\n",
      "\xff\xfe\x01\r\n",
  };
  for (const std::string& reply : replies) {
    for (const char* stage : {"greeting", "MAIL", "\\."}) {
      CAPTURE(reply.substr(0, 40));
      CAPTURE(stage);
      PullScripted bed;
      bed.add(mails("m", 2));
      bed.sink.on(stage, 1, {.octets = reply, .close = reply.size() > 1000});
      Run run = bed.program.run();
      INFO(run.log());
      CHECK_FALSE(run.timedOut);
      CHECK(run.signal == 0);
      CHECK(run.exitStatus != 70);
      bed.sink.forget();
      Run again = bed.program.run({"--debug", "--retry-refused", "work"});
      requireDone(again);
      CHECK(subjects(bed.sink.messages()).find("m1") != std::string::npos);
      CHECK(subjects(bed.sink.messages()).find("m2") != std::string::npos);
      for (const auto& [what, times] : duplicates(bed.sink.messages())) {
        CAPTURE(what);
        CHECK(run.says("may have been delivered"));
      }
    }
  }
}

TEST_CASE("EHLO refused and no HELO, greeting 554: nothing is delivered, nothing is lost") {
  for (const char* stage : {"greeting", "EHLO|HELO"}) {
    CAPTURE(stage);
    PullScripted bed;
    bed.add(mails("m", 2));
    bed.sink.on(stage, 0, {.octets = "554 5.7.1 go away\r\n"});
    Run run = bed.program.run();
    INFO(run.log());
    CHECK(run.exitStatus != 0);
    checkSays(run, {"Mail cannot be delivered: ", "go away"});
    CHECK_FALSE(bed.program.run({"--debug", "work"}).says("stays undelivered"));
    bed.sink.forget();
    requireDone(bed.program.run());
    CHECK(bed.delivered() == "m1 m2");
  }
}

TEST_CASE("a sink that is down: said once, all stays, 75") {
  PullBed bed;
  bed.append(mails("m", 3));
  bed.sink.stop();
  Run run = bed.program.run();
  checkStatus(run, 75);
  checkSays(run, {"Mail cannot be delivered: "});
  CHECK(seenUids(bed.alice()) == "");
  bed.sink.start();
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "m1 m2 m3");
}

TEST_CASE("a message larger than the server takes is refused before it is sent") {
  PullScripted bed({.extensions = {"SIZE 1000", "8BITMIME"}});
  bed.add({mail("small"), mail("large", std::string(2'000, 'x') + "\r\n"), mail("last")});
  Run run = bed.program.run();
  checkStatus(run, 65);
  CHECK(bed.delivered() == "small last");
  checkSays(run, {"UID 2 was refused for <alice@example.test>"});
}

TEST_CASE("a recipient added later gets what is undelivered; one removed no longer holds it up") {
  PullScripted bed({.lmtp = true}, {}, {"deliver-rcpt = ann ben"});
  bed.add(mails("m", 2));
  bed.sink.on("\\. <ben>", 1, {"450 4.2.1 later\r\n"});
  checkStatus(bed.program.run(), 75);
  bed.sink.forget();
  bed.sink.clear();
  bed.program.set(bed.complete({"deliver-rcpt = ann"}));
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "");
  bed.program.set(bed.complete({"deliver-rcpt = ann ben"}));
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "");
}
