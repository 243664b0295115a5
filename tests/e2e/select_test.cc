// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 86 and 87: what is said at SELECT, and what is heard from servers that speak oddly.
#include <algorithm>

#include "tests/e2e/oracle.h"
#include "tests/e2e/scripted.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;

namespace {

// The parenthesis behind the known UIDs, "(1:3 7:9)", in a SELECT; empty if there is none.
std::string sampleOf(const std::string& command) {
  std::size_t begin = command.find("(QRESYNC (");
  begin = begin == std::string::npos ? begin : command.find(" (", begin + 10);
  if (begin == std::string::npos) return "";
  return command.substr(begin + 1, command.find(')', begin) - begin);
}

}  // namespace

TEST_CASE("scenario 86: SELECT names the newest messages that both have, in at most 280 characters") {
  Bed bed;
  {
    ImapClient alice = bed.alice();
    alice.append("INBOX", Corpus(1).smallMessages(600));
    alice.select("INBOX");
    std::string third = "3";
    for (int uid = 6; uid <= 600; uid += 3) third += "," + std::to_string(uid);
    alice.expunge(third);
  }
  synchronise(bed);
  bed.alice().append("INBOX", Corpus(2).smallMessages(1));
  Run run = bed.program.run();
  requireDone(run);
  std::string select;
  for (const std::string& command : run.commands("local")) {
    if (command.starts_with("SELECT INBOX")) select = command;
  }
  CAPTURE(select);
  std::string sample = sampleOf(select);
  CHECK(sample.size() > 100);
  std::size_t blank = sample.find(' ');
  REQUIRE(blank != std::string::npos);
  CHECK(sample.size() - blank <= 280);
  CHECK(sample.starts_with("("));
  CHECK(sample.find(":400 ") != std::string::npos);  // as many messages as there were
  CHECK(sample.find("599") != std::string::npos);
}

TEST_CASE("scenario 86: EXPUNGEs that the server forgot still reach the other side") {
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 50, 1);
  requireDone(bed.program.run());
  // RFC 7162 section 3.2.5.2: a server that no longer knows when compares with the sample, and reports
  // whatever is not there.
  bed.remote.access([](auto& mailboxes) {
    FakeMailbox& box = mailboxes["INBOX"];
    for (std::uint32_t uid : {3u, 49u}) box.expunge(uid);
    for (auto& [uid, modSeq] : box.vanished) modSeq = 1;  // long ago
  });
  bed.remote.on("SELECT INBOX", 1, {.octets = "* VANISHED (EARLIER) 3,49\r\n", .alsoAnswer = true});
  Run run = bed.program.run();
  INFO(run.log());
  CHECK(run.exitStatus == 0);
  CHECK(bed.here().messages() == 48);
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_CASE("scenario 87, W18: FETCH items, flags and LIST data that nobody asked for") {
  NOT_THE_REFERENCE();
  for (const std::string octets :
       {"* 1 FETCH (UID 1 X-GUID abc X-LIST (a (b {3}\r\n)\r\n) NIL) MODSEQ (2) FLAGS ())\r\n",
        "* 1 FETCH (UID 1 FLAGS (\\Seen \\X-Other $a] gr\xC3\xBC\xC3\x9F) MODSEQ (2))\r\n",
        "* 1 FETCH (UID 1 FLAGS () MODSEQ (2) EMAILID (M1) SAVEDATE NIL PREVIEW \"gr\xFC\xDF\")\r\n",
        "* LIST () \"/\" INBOX (\"CHILDINFO\" (\"SUBSCRIBED\") \"OLDNAME\" (\"y\"))\r\n",
        "* OK [X-NEW (a b) \"]\"] \r\n", "* OK [ALERT] gr\xC3\xBC\xC3\x9F\r\n", "* OK [HIGHESTMODSEQ 1]\r\n",
        "* NO \r\n", "* OK\r\n", "* 4 EXISTS\r\n", "* XYZZY {4}\r\n\r\n* \r\n",
        "* ESEARCH (TAG \"x\") ALL 1:3\r\n", "* SEARCH 1 2 (MODSEQ 4)\r\n", "* METADATA \"\" (/shared/x)\r\n",
        "* CAPABILITY IMAP4rev1 X\r\n"}) {
    CAPTURE(octets);
    Scripted bed;
    Scripted::add(bed.remote, "INBOX", 4, 1);
    Scripted::add(bed.local, "INBOX", 2, 2);
    for (const char* command : {"UID FETCH", "LIST", "SELECT", "APPEND", "ENABLE"})
      bed.remote.on(command, 1, {.octets = octets, .alsoAnswer = true});
    Run run = bed.program.run();
    INFO(run.log());
    CHECK(run.exitStatus == 0);
    bed.remote.forget();
    requireDone(bed.program.run());
    CHECK(bed.here().messages() == 6);
    CHECK(bed.there().messages() == 6);
  }
}

TEST_CASE("scenario 87, W22: response codes without text") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.remote, "bad", 2, 1);
  Scripted::add(bed.local, "bad", 1, 2);
  bed.remote.on(
      "SELECT \"?bad", 1,
      {.octets = "* FLAGS (\\Seen)\r\n* 2 EXISTS\r\n* OK [UIDVALIDITY 1700000002]\r\n* OK [UIDNEXT 3] \r\n"
                 "* OK [HIGHESTMODSEQ 3] gr\xC3\xBC\xC3\x9F\r\n{tag} OK [READ-WRITE]\r\n"});
  bed.remote.on("APPEND", 1,
                {.octets = "{tag} OK [APPENDUID 1700000002 3]\r\n",
                 .meanwhile = [](auto& mailboxes) { mailboxes["bad"].add("Subject: stored\r\n\r\n"); }});
  requireDone(bed.program.run());
  CHECK(bed.here().messages() == 3);
  CHECK(bed.there().messages() == 3);
  CHECK(sql(bed.program.database(), "SELECT lUID, rUID FROM mapping ORDER BY 2") == "2|1\n3|2\n1|3\n");
}

TEST_CASE("scenario 87, W19: what comes before a continuation, and how little there is in one") {
  NOT_THE_REFERENCE();
  for (const std::string before : {"", "* 5 EXISTS\r\n", "* OK [ALERT] still here\r\n* 0 RECENT\r\n"}) {
    for (const std::string continuation : {"+ go on\r\n", "+ \r\n", "+\r\n"}) {
      CAPTURE(before);
      CAPTURE(continuation);
      FakeOptions options;
      options.capabilities =
          "IMAP4rev1 SASL-IR AUTH=PLAIN ENABLE CONDSTORE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS UNSELECT";
      options.continuation = before + continuation;
      Scripted bed({}, options);
      Scripted::add(bed.local, "INBOX", 3, 1);
      Run run = bed.program.run();
      requireDone(run);
      CHECK(run.sent("APPEND"));
      CHECK_FALSE(run.says("+}"));
      CHECK(bed.there().messages() == 3);
    }
  }
}

TEST_CASE("scenario 87, W19: a literal that is refused before it is sent") {
  NOT_THE_REFERENCE();
  FakeOptions options;
  options.capabilities =
      "IMAP4rev1 SASL-IR AUTH=PLAIN ENABLE CONDSTORE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS UNSELECT";
  Scripted bed({}, options);
  Scripted::add(bed.local, "INBOX", 3, 1);
  std::size_t size = 0;
  bed.local.access([&](auto& mailboxes) {
    std::string& text = mailboxes["INBOX"].messages[1].text;
    text += std::string(10'000, 'x') + "\r\n";
    size = text.size();
  });
  bed.remote.on("APPEND .*\\{" + std::to_string(size) + "\\}", 0,
                {.octets = "{tag} NO [TOOBIG] too big for us\r\n", .atLiteral = true});
  Run run = bed.program.run();
  checkStatus(run, interimap::ExitStatus::tryAgain);
  CHECK(run.says("[TOOBIG] too big for us"));
  CHECK(bed.there().messages() == 2);
  bed.remote.forget();
  bed.checkRecovers();
}
