// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Whom pullimap's mail is for, from which mailboxes, and over how many connections: with the recipes for
// that, as they are written in interimap-recipes(7), and with mail servers as they are.
#include <signal.h>

#include <chrono>
#include <map>
#include <regex>
#include <set>

#include "tests/e2e/mta.h"
#include "tests/e2e/port.h"
#include "tests/e2e/pull_scripted.h"
#include "tests/e2e/relay.h"
#include "tests/e2e/snapshot.h"
#include "tests/e2e/submission.h"

using namespace interimap::bed;
using namespace std::chrono_literals;
using interimap::ExitStatus;

namespace {

const fs::path kManual = "man/interimap-recipes.7";

// What stands in the display below ".Ss NAME", without the account and where mail goes: both are ours.
std::vector<std::string> recipe(const std::string& name) {
  const std::string manual = readFile(kManual);
  std::size_t at = manual.find(".Ss " + name + "\n");
  REQUIRE(at != std::string::npos);
  const std::string begin = ".Bd -literal -offset indent\n";
  at = manual.find(begin, at) + begin.size();
  std::istringstream text(manual.substr(at, manual.find(".Ed\n", at) - at));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);)
    if (!std::regex_search(line, std::regex("^(\\[|host|username|password|deliver-method)")))
      lines.push_back(line);
  return lines;
}

Message addressed(const std::string& subject, const std::string& fields) {
  Message message = mail(subject);
  message.text = fields + message.text;
  return message;
}

void appendTo(const Dovecot& server, const std::string& mailbox, const std::vector<Message>& messages) {
  ImapClient client = server.client("alice");
  if (mailbox != "INBOX") client.tryCommand("CREATE " + ImapClient::quoted(mailbox));
  client.append(mailbox, messages);
}

// "SUBJECT RECIPIENT" of each message and recipient.
std::multiset<std::string> delivered(const Sink& sink) {
  std::multiset<std::string> all;
  for (const SinkMessage& message : sink.messages())
    for (const std::string& recipient : message.recipients)
      all.insert(headerField(message.text, "Subject") + " " + recipient);
  return all;
}

#define IN_THE_SOURCE_TREE()                            \
  if (!fs::exists(kManual)) {                           \
    MESSAGE("skipped: not started in the source tree"); \
    return;                                             \
  }

}  // namespace

TEST_CASE("recipes: a catch-all mailbox, to Postfix: each message to those it was sent to") {
  IN_THE_SOURCE_TREE();
  std::optional<fs::path> root = Postfix::programs();
  if (!root) return;
  Directory directory;
  Certificates certificates(directory / "certificates");
  Dovecot server(directory / "server");
  Sink sink({.lmtp = true});
  Postfix postfix(*root, directory / "postfix", certificates, freePort(), sink);
  INFO(postfix.log());
  std::vector<std::string> keys;
  for (std::string line : recipe("A catch-all mailbox"))
    keys.push_back(std::regex_replace(line, std::regex("example\\.org"), "example.test"));
  keys.push_back("deliver-method = smtp:[127.0.0.1]:" + std::to_string(postfix.smtp()));
  Pullimap program(directory / "program", {{"work", cleartext(server.imap(), "alice")}}, keys);

  server.client("alice").append(
      "INBOX", {addressed("one", "X-Original-To: ann@example.test\r\nDelivered-To: catchall@example.net\r\n"),
                addressed("two", "Envelope-To: ann@example.test, ben@example.test, eve@example.net\r\n"),
                // Not what others wrote below the server's own fields, nor what anybody shows.
                addressed("three",
                          "Delivered-To: cat@example.test\r\nReceived: from x by y\r\n"
                          "Delivered-To: ben@example.test\r\nTo: ann@example.test\r\n"),
                addressed("four", "To: ann@example.test\r\nX-Original-To: eve@example.net\r\n"),
                addressed("five", "X-Original-To: ann@example.test>\r\n"),
                addressed("six", "X-Original-To: tempfail@example.test\r\n"),
                addressed("seven", "X-Original-To: reject@example.test\r\n"),
                addressed("eight", "X-Original-To: \"a b\"@example.test\r\n"),
                // Postfix relays for us, and takes these for eve@example.net.
                addressed("nine", "X-Original-To: eve%example.net@example.test\r\n"),
                addressed("ten", "X-Original-To: \"eve@example.net\"@example.test\r\n")});
  Run run = program.run();
  checkStatus(run, ExitStatus::data);
  checkSays(run, {"UID 6 is deferred for <tempfail@example.test>: 450",
                  "UID 7 was refused for <reject@example.test>: 55",
                  "UID 2 is also for <eve@example.net>, who is not in rcpt-allow",
                  "UID 4 is for <eve@example.net>, who is not in rcpt-allow: it goes to deliver-rcpt",
                  "UID 9 is for <eve%example.net@example.test>, who is not in rcpt-allow"});
  const std::multiset<std::string> expected{
      "one ann@example.test",       "two ann@example.test",         "two ben@example.test",
      "three cat@example.test",     "four postmaster@example.test", "five postmaster@example.test",
      "eight \"a b\"@example.test", "nine postmaster@example.test", "ten postmaster@example.test"};
  CHECK(eventually([&] { return delivered(sink).size() >= expected.size(); }));
  CHECK(delivered(sink) == expected);
  for (const SinkMessage& message : sink.messages()) {
    CAPTURE(message.text);
    CHECK(headerField(message.text, "X-Original-To").find("example.net") == std::string::npos);
  }
  CHECK(seenUids(server.client("alice")) == "1 2 3 4 5 8 9 10");
  Run again = program.run();
  checkStatus(again, ExitStatus::data);
  CHECK(delivered(sink).size() == expected.size());
}

TEST_CASE("recipes: from folder to folder, to Dovecot's LMTP server") {
  IN_THE_SOURCE_TREE();
  if (dovecotIs24()) return;
  std::optional<fs::path> programs = Submission::programs();
  if (!programs) return;
  Directory directory;
  Dovecot from(directory / "from");
  Submission submission;
  Dovecot to(directory / "to", {.extra = submission.configuration(*programs, 1) +
                                         "recipient_delimiter = +\nlmtp_save_to_detail_mailbox = yes\n"
                                         "lda_mailbox_autocreate = yes\nauth_username_format = %n\n"
                                         "ssl = no\n"});
  std::vector<std::string> keys = recipe("From folder to folder");
  keys.push_back("deliver-method = lmtp:[127.0.0.1]:" + std::to_string(submission.lmtp));
  Pullimap program(directory / "program", {{"work", cleartext(from.imap(), "alice")}}, keys);
  for (const char* mailbox : {"INBOX", "Junk", "Sent Items", "Lists"})
    appendTo(from, mailbox, {mail(std::string("in ") + mailbox)});
  Run run = program.run();
  INFO(to.log());
  requireDone(run);
  for (const char* mailbox : {"INBOX", "Junk", "Sent Items", "Lists"}) {
    CAPTURE(mailbox);
    CHECK(to.client("bob").select(mailbox) == 1);
    CHECK(from.client("alice").select(mailbox) == 0);
  }
  CHECK(from.client("alice").select("Archive") == 4);
  requireDone(program.run());
  CHECK(from.client("alice").select("Archive") == 4);  // is not delivered from
  CHECK(to.client("bob").select("INBOX") == 1);
  Run status = program.run({"--status", "work"});
  CHECK(status.exitStatus == 0);
  CHECK(status.output.find("work(Sent Items): 1 delivered") != std::string::npos);
  Run check = program.run({"--check", "work"});
  CHECK(check.exitStatus == 0);
  CHECK(check.output.find("ok: work(Lists): 0 messages\n") != std::string::npos);
}

namespace {

// Mail comes from one Dovecot, and goes to the LMTP server of another.
struct ToDovecot {
  explicit ToDovecot(const fs::path& programs)
      : to(directory / "to",
           {.extra = submission.configuration(programs, 1) + "auth_username_format = %Ln\nssl = no\n"}),
        program(directory / "program", {{"work", cleartext(from.imap(), "alice")}}) {}
  void set(std::vector<std::string> keys) {
    keys.push_back("deliver-method = lmtp:[127.0.0.1]:" + std::to_string(submission.lmtp));
    program.set(keys);
  }
  // Subjects in a user's INBOX.
  std::multiset<std::string> has(const std::string& user) const {
    std::multiset<std::string> all;
    Snapshot snapshot = Snapshot::of(to.client(user));
    for (const MessageState& message : snapshot.mailboxes["INBOX"].messages) all.insert(message.subject);
    return all;
  }

  Directory directory;
  Submission submission;
  Dovecot from{directory / "from"};
  Dovecot to;
  Pullimap program;
};

}  // namespace

TEST_CASE(
    "rcpt-from: to two users of Dovecot's LMTP server, killed at every write; what is for nobody stays") {
  if (dovecotIs24()) return;
  std::optional<fs::path> programs = Submission::programs();
  if (!programs) return;
  ToDovecot bed(*programs);
  bed.set({"rcpt-from = X-Original-To Delivered-To", "rcpt-allow = alice@example.test bob@example.test",
           "after = move Done"});
  bed.from.client("alice").append(
      "INBOX", {addressed("m1", "X-Original-To: alice@example.test\r\n"),
                addressed("m2", "X-Original-To: bob@example.test, alice@example.test\r\n"),
                addressed("m3", "X-Original-To: eve@example.test\r\nTo: bob@example.test\r\n"),
                addressed("m4", "Delivered-To: Bob@Example.test, bob@example.test\r\n"),
                addressed("m5", "To: alice@example.test\r\n")});
  bed.from.waitUntilIdle();
  bed.to.waitUntilIdle();
  const fs::path saved = bed.directory.path() / "saved";
  makeDirectory(saved);
  copyTree(bed.from.home("alice"), saved / "from");
  for (const std::string when : {"", "INTERIMAP_STOP_AT_WRITE=", "INTERIMAP_STOP_AFTER_WRITE="}) {
    for (int n = 1; n <= 100; ++n) {
      INFO(when, n);
      bed.from.waitUntilIdle();
      bed.to.waitUntilIdle();
      fs::remove_all(bed.from.home("alice"));
      copyTree(saved / "from", bed.from.home("alice"));
      for (const char* user : {"alice", "bob"}) {
        bed.to.client(user).select("INBOX");
        fs::remove_all(bed.to.home(user));
      }
      fs::remove(bed.program.state());
      Run run;
      if (!when.empty()) run = bed.program.run({}, {when + std::to_string(n)});
      std::string log = run.log();
      const bool killed = !when.empty() && run.exitStatus != 65;
      if (killed || when.empty()) run = bed.program.run();
      log += run.log();
      INFO(log);
      REQUIRE(run.exitStatus == 65);
      CHECK(log.find("for <eve@example.test>, who is not in rcpt-allow") != std::string::npos);
      CHECK(log.find("for nobody: rcpt-from names nobody") != std::string::npos);
      const auto named = uidsOf(log, kInDoubt);
      const std::map<std::string, std::set<std::string>> expected{{"alice", {"m1", "m2"}},
                                                                  {"bob", {"m2", "m4"}}};
      for (const auto& each : expected) {
        const auto has = bed.has(each.first);
        CAPTURE(each.first);
        CHECK(std::set<std::string>(has.begin(), has.end()) == each.second);
        for (const std::string& subject : each.second)
          CHECK((has.count(subject) <= 1 || named.contains(static_cast<std::uint32_t>(subject[1] - '0'))));
      }
      CHECK(bed.from.client("alice").select("INBOX") == 2);
      CHECK(bed.from.client("alice").select("Done") == 3);
      if (!killed) break;
    }
  }
}

TEST_CASE("mailbox = patterns: a mailbox that appears while idling is pulled from, and the unseen alone") {
  PullBed bed;
  bed.set({"mailbox = \"INBOX\" \"Lists/*\"", "filter = unseen"});
  bed.append(mails("a", 1));
  appendTo(bed.server, "Lists/b", mails("b", 1));
  requireDone(bed.program.run());
  BackgroundProcess watcher = bed.program.runInBackground({"--debug", "--idle=1", "work"});
  std::vector<Message> read = mails("c", 2);
  read[0].flags = {"\\Seen"};
  appendTo(bed.server, "Lists/c", read);
  appendTo(bed.server, "Other", mails("d", 1));
  REQUIRE(eventually([&] { return bed.sink.messages().size() == 3; }));
  CHECK(bed.delivered() == "a1 b1 c2");
  // One that goes is no reason to end.
  bed.alice().command("DELETE Lists/b");
  bed.append(mails("e", 1));
  REQUIRE(eventually([&] { return bed.sink.messages().size() == 4; }));
  CHECK(watcher.running());
  watcher.signal(SIGTERM);
  Outcome end = watcher.wait(20s);
  INFO(bed.program.log());
  CHECK(end.exitStatus == 0);
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "a1 b1 c2 e1");
}

TEST_CASE("filter = unseen: what has been read is left alone, and not removed") {
  PullBed bed;
  std::vector<Message> messages = mails("m", 6);
  for (std::size_t i : {1U, 4U}) messages[i].flags = {"\\Seen"};
  bed.append(messages);
  bed.set({"filter = unseen", "after = delete"});
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "m1 m3 m4 m6");
  CHECK(seenUids(bed.alice()) == "2 5");
  bed.alice().select("INBOX");
  bed.set({"after = delete"});
  requireDone(bed.program.run());
  CHECK(bed.delivered() == "m1 m3 m4 m6");
  CHECK(seenUids(bed.alice()) == "2 5");
}

TEST_CASE("deliver-connections: late replies cost less, and everything comes once") {
  constexpr std::size_t kMessages = 600;
  PullScripted bed;
  bed.add(mails("m", kMessages));
  Relay relay(bed.sink.port(), {.delay = 3ms});
  auto pull = [&](unsigned connections) {
    bed.sink.clear();
    Pullimap program(bed.directory / ("program" + std::to_string(connections)),
                     {{"work", cleartext(bed.server.port(), "bob")}},
                     {"deliver-method = smtp:[127.0.0.1]:" + std::to_string(relay.port()),
                      std::string("deliver-rcpt = ") + kRecipient,
                      "deliver-connections = " + std::to_string(connections)});
    Run run = program.run({"work"});
    requireDone(run);
    CHECK(bed.sink.messages().size() == kMessages);
    CHECK(duplicates(bed.sink.messages()).empty());
    checkNoViolations(bed.sink);
    std::set<unsigned> used;
    for (const SinkMessage& message : bed.sink.messages()) used.insert(message.connection);
    CHECK(used.size() <= connections);
    if (connections > 1) CHECK(used.size() > 1);
    return run.wall.count();
  };
  const double one = pull(1), eight = pull(8);
  MESSAGE(kMessages, " messages: ", one, " s by one connection, ", eight, " s by eight");
  CHECK(eight < one);
}

TEST_CASE("deliver-connections: one that is turned away is done without") {
  PullScripted bed;
  bed.add(mails("m", 400));
  bed.sink.on("greeting", 2, {.octets = "421 4.7.0 too many connections\r\n", .close = true});
  bed.program.set(bed.complete({"deliver-connections = 4"}));
  Run run = bed.program.run({"work"});
  requireDone(run);
  CHECK(bed.sink.messages().size() == 400);
  CHECK(duplicates(bed.sink.messages()).empty());
}

TEST_CASE("deliver-connections: connections that are lost lose nothing, and what may come twice is named") {
  PullScripted bed;
  bed.add(mails("m", 500));
  unsigned seen = 0;
  bed.sink.judge([&](const SinkEvent& event) -> std::optional<SinkReply> {
    if (event.command == "." && ++seen % 60 == 0) return SinkReply{.close = true};
    return std::nullopt;
  });
  bed.program.set(bed.complete({"deliver-connections = 8"}));
  std::string log;
  Run run;
  for (int i = 0; i < 5; ++i) {
    run = bed.program.run({"work"});
    log += run.log();
    if (run.exitStatus == 0) break;
  }
  INFO(log);
  CHECK(run.exitStatus == 0);
  const auto named = uidsOf(log, kInDoubt);
  std::set<std::string> all;
  for (const SinkMessage& message : bed.sink.messages()) all.insert(headerField(message.text, "Subject"));
  CHECK(all.size() == 500);
  for (const auto& [what, times] : duplicates(bed.sink.messages()))
    CHECK(named.contains(static_cast<std::uint32_t>(std::stoul(what.substr(1)))));
}
