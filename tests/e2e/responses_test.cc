// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What servers say beside what they were asked for: it is understood, or skipped, or shown, and costs
// nothing.
#include <sys/stat.h>

#include <algorithm>
#include <regex>

#include "tests/e2e/scripted.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// Mail on the local side, as in most of these tests it is the remote server that is odd.
struct Odd : Scripted {
  explicit Odd(FakeOptions options = {}) : Scripted({}, std::move(options)) {
    add(local, "INBOX", 4, 1);
    add(local, "other", 4, 2);
  }
  void checkWorks() {
    requireDone(program.run());
    checkEqual(here(), there());
    checkNothingToDo(program);
  }
};

// Everything that a terminal would act on.
bool harmless(const std::string& log) {
  return std::ranges::all_of(log, [](unsigned char c) { return c == '\n' || (c >= 0x20 && c != 0x7F); }) &&
         log.find("\xC2\x9B") == log.npos && log.find("\xE2\x80\xAE") == log.npos;
}

}  // namespace

TEST_CASE("W8: extended data behind a mailbox in LIST") {
  NOT_THE_REFERENCE();
  for (const std::string extended :
       {"(\"CHILDINFO\" (\"SUBSCRIBED\"))", "(OLDNAME (\"old name\"))", "(\"OLDNAME\" (old) X-NEW {3}\r\n)()",
        "(X-NESTED ((a (b \"c\\\")\")) NIL 5))", "()"}) {
    CAPTURE(extended);
    Odd odd;
    std::string end = extended.ends_with("{3}\r\n)()") ? ")" : "";
    odd.remote.on("LIST", 0,
                  {.octets = "* LIST () \"/\" INBOX " + extended + end + "\r\n", .alsoAnswer = true});
    odd.checkWorks();
  }
}

TEST_CASE("W10: mailboxes without mod-sequences are compared as a whole, on a server that has them") {
  NOT_THE_REFERENCE();
  for (const std::string code : {"* OK [NOMODSEQ] none here", "* OK [HIGHESTMODSEQ 0] none", "* OK none"}) {
    CAPTURE(code);
    FakeOptions options;
    options.rewrite = [code](const std::string& line) {
      return line.starts_with("* OK [HIGHESTMODSEQ ") ? code + "\r\n" : line;
    };
    Odd odd(std::move(options));
    odd.checkWorks();
    {
      ImapClient bob = odd.bob();
      bob.select("other");
      bob.store("2", "+FLAGS (\\Flagged)");
      bob.expunge("3");
    }
    Scripted::add(odd.remote, "other", 1, 3);
    Scripted::add(odd.local, "other", 1, 4);
    odd.checkWorks();
    CHECK(odd.here().mailboxes.at("other").messages.size() == 5);
  }
}

TEST_CASE("W10: STATUS without HIGHESTMODSEQ, and with 0: the run ends, and everything is copied") {
  NOT_THE_REFERENCE();
  for (const std::string value : {"", " HIGHESTMODSEQ 0"}) {
    CAPTURE(value);
    const std::regex item(" HIGHESTMODSEQ [0-9]+\\)");
    Odd odd({.rewrite = [&](const std::string& line) {
      return line.starts_with("* STATUS") ? std::regex_replace(line, item, value + ")") : line;
    }});
    for (int i = 0; i < 2; ++i) {
      Run run = odd.program.run();
      requireDone(run);
      CHECK(run.commands("remote").size() < 60);
    }
    checkEqual(odd.here(), odd.there());
  }
}

TEST_CASE("W16: neither a long VANISHED nor endless lines and literals take memory, or mail") {
  NOT_THE_REFERENCE();
  const std::string limit = isSanitized() ? "" : "ulimit -v 400000;";  // KiB
  const std::string limited = limit + "exec \"$0\" --debug";
  struct {
    const char* at;
    std::string octets;
    ExitStatus status;
  } table[] = {
      {"SELECT", "* VANISHED (EARLIER) 1:3000000\r\n", ExitStatus::ok},
      {"SELECT", "* VANISHED (EARLIER) 1:4294967295\r\n", ExitStatus::ok},
      {"SELECT", "* VANISHED (EARLIER) 1,3,5:2000000000,7:4294967295\r\n", ExitStatus::ok},
      {"UID FETCH", "* VANISHED 1:4294967295\r\n", ExitStatus::ok},
      {"LIST", "* LIST (" + std::string(100 << 20, 'a'), ExitStatus::protocol},
      {"LIST", "* LIST () \"/\" {500000000}\r\n" + std::string(50 << 20, 'a'), ExitStatus::protocol},
      {"SELECT", "* OK " + std::string(100 << 20, ' '), ExitStatus::protocol},
  };
  for (const auto& row : table) {
    CAPTURE(row.at);
    CAPTURE(row.octets.substr(0, 60));
    Odd odd;
    requireDone(odd.program.run());
    Scripted::add(odd.local, "INBOX", 3, 10);
    Scripted::add(odd.remote, "INBOX", 3, 11);
    odd.remote.on(row.at, 1, {.octets = row.octets, .alsoAnswer = true});
    Run run = odd.program.runWith("sh", {"-c", limited, programPath()});
    INFO(run.log().substr(0, 20000));
    CHECK(run.exitStatus == static_cast<int>(row.status));
    odd.checkRecovers();
    CHECK(odd.here().messages() == 14);
  }
}

TEST_CASE("W18: unknown FETCH items, odd keywords, 8-bit text where it does not belong") {
  NOT_THE_REFERENCE();
  for (const std::string octets :
       {"* 1 FETCH (UID 1 X-GM-LABELS (\"\\\\Inbox\" foo) X-GM-MSGID 1278455344230334865)\r\n",
        "* 1 FETCH (UID 1 EMAILID (M6d99ac3275bb4e) THREADID NIL PREVIEW \"hi\")\r\n",
        "* 1 FETCH (UID 1 ENVELOPE (\"now\" \"caf\xE9 \xC3\xA9\" NIL NIL NIL NIL NIL NIL NIL NIL))\r\n",
        "* 1 FETCH (UID 1 BODYSTRUCTURE (\"text\" \"plain\" (\"charset\" \"\xE9\") NIL NIL \"7bit\" 1 "
        "1))\r\n",
        "* LIST (\\NonExistent) \"/\" \"caf\xE9\"\r\n", "* LIST (\\NonExistent) \"/\" caf\xC3\xA9\r\n",
        "* METADATA INBOX /shared/comment\r\n", "* XGUID\r\n", "* 5 UNKNOWN x\r\n"}) {
    CAPTURE(octets);
    Odd odd;
    for (const char* at : {"LIST", "SELECT", "UID FETCH"})
      odd.remote.on(at, 1, {.octets = octets, .alsoAnswer = true});
    odd.checkWorks();
  }
  Odd odd;  // RFC 3501 allows neither, and both have been seen
  odd.remote.access([](auto& mailboxes) {
    mailboxes["INBOX"].add(Corpus(5).smallMessage().text, {"\\Seen", "[x]y", "caf\xC3\xA9"});
  });
  odd.checkWorks();
  CHECK(odd.here().messages() == 9);
}

TEST_CASE("W19: what may come before the continuation of a literal, and instead of it") {
  NOT_THE_REFERENCE();
  const std::string capabilities =
      "IMAP4rev1 AUTH=PLAIN SASL-IR ENABLE CONDSTORE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS MULTIAPPEND";
  SUBCASE("untagged responses") {
    Odd odd({.capabilities = capabilities});
    odd.remote.on("APPEND", 0,
                  {.octets = "* OK still here\r\n* 0 RECENT\r\n* 7 X-NOISE\r\n",
                   .alsoAnswer = true,
                   .atLiteral = true});
    odd.checkWorks();
  }
  SUBCASE("a bare +") {
    Odd odd({.capabilities = capabilities, .continuation = "+\r\n"});
    odd.checkWorks();
  }
  SUBCASE("NO [TOOBIG]") {
    Odd odd({.capabilities = capabilities});
    std::string size;
    odd.local.access([&](auto& boxes) { size = std::to_string(boxes["INBOX"].messages[1].text.size()); });
    odd.remote.on("APPEND \"?INBOX.*\\{" + size + "\\}$", 0,
                  {.octets = "{tag} NO [TOOBIG] not that large\r\n", .atLiteral = true});
    for (int i = 0; i < 2; ++i) {
      Run run = odd.program.run();
      checkStatus(run, ExitStatus::tryAgain);
      INFO(run.log());
      CHECK(run.says("[TOOBIG] not that large"));
      CHECK(odd.there().mailboxes.at("INBOX").messages.size() == 3);
      CHECK(odd.there().mailboxes.at("other").messages.size() == 4);
    }
  }
}

TEST_CASE("W22: a response code counts without text behind it, and with 8-bit text") {
  NOT_THE_REFERENCE();
  for (const std::string text : {"", " ", " \xC3\xA9t\xC3\xA9", " \xE9\xFF", " [x] y"}) {
    CAPTURE(text);
    const std::regex code("^([^ ]+ OK \\[[A-Z-]+[^\\]]*\\]).*\r\n$");
    Odd odd({.rewrite = [&](const std::string& line) {
      std::smatch match;
      return std::regex_match(line, match, code) ? match[1].str() + text + "\r\n" : line;
    }});
    odd.checkWorks();
  }
}

TEST_CASE("W26: why the server says goodbye") {
  NOT_THE_REFERENCE();
  for (const char* at : {"AUTHENTICATE", "LIST", "SELECT", "UID FETCH", "APPEND"}) {
    CAPTURE(std::string(at));
    Odd odd;
    Scripted::add(odd.remote, "INBOX", 2, 9);
    odd.remote.on(at, 1, {.octets = "* BYE [UNAVAILABLE] down for \x1b[1mmaintenance\r\n", .close = true});
    Run run = odd.program.run();
    checkStatus(run, ExitStatus::unavailable);
    CHECK(run.says(
        "remote: ERROR: server closed the connection: BYE [UNAVAILABLE] down for \\x1B[1mmaintenance\n"));
    odd.checkRecovers();
  }
}

TEST_CASE("W32: nothing that a server says reaches the terminal as it is") {
  NOT_THE_REFERENCE();
  const std::string evil =
      "\x1b]0;owned\x07 \x1b[2J\b\x7f \xC2\x9B"
      "31m \xE2\x80\xAE \x9b"
      "1m";
  Odd odd({.greeting = "* OK [ALERT] " + evil + "\r\n"});
  odd.remote.on("LIST", 1,
                {.octets = "* NO [ALERT] " + evil + " again\r\n* X " + evil + "\r\n", .alsoAnswer = true});
  odd.remote.on("CREATE", 1, {.octets = "{tag} NO " + evil + "\r\n"});
  odd.remote.access([&](auto& mailboxes) { mailboxes["a\x1b[31mb"].uidValidity = 5; });
  odd.remote.refuse([&](const std::string& text) { return text.find("0") != text.npos ? evil : ""; });
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"--debug"}, {"--debug", "--debug"}, {"--log-format=json"}}) {
    CAPTURE(arguments.size());
    Run run = odd.program.run(arguments);
    CHECK(run.says("x1B]0;owned"));
    CHECK(harmless(run.log()));
    CHECK(harmless(run.output));
  }
  const std::string log = odd.directory / "log";
  odd.program.configure("logfile = " + log + "\n" + odd.program.configuration());
  odd.program.run({"--debug"});
  CHECK(harmless(readFile(log)));
}
