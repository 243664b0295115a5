// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// IMAP servers that attack pullimap: each ends in a clear error or is shrugged off, within a bound of time
// and memory; the sink gets no mail that the server did not hand out for one, and once the attack is over
// everything arrives.
#include <signal.h>

#include "tests/e2e/hostile_pull_bed.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

constexpr std::size_t kMega = 1 << 20;

std::string numbered(std::size_t times, const std::function<std::string(const std::string&)>& line) {
  std::string all;
  for (std::size_t i = 1; i <= times; ++i) all += line(std::to_string(i));
  return all;
}

// In front of the ordinary answer to the first command of this kind.
struct Attack {
  std::string name, at;
  std::function<std::string()> octets;
  ExitStatus status;
  std::string says = {};  // in the log
  bool close = false;
};

std::string fetched(const std::string& uid, const std::string& items) {
  return "* 1 FETCH (UID " + uid + " MODSEQ (5) FLAGS () INTERNALDATE \"02-Feb-2021 03:04:05 +0000\" " +
         items + ")\r\n";
}

const Attack kAttacks[] = {
    {"an endless line", "SELECT", [] { return "* OK " + std::string(80 * kMega, 'a'); }, ExitStatus::protocol,
     "ERROR: response of more than "},
    {"an endless FETCH response", "UID FETCH",
     [] { return "* 1 FETCH (UID 1 ENVELOPE (" + std::string(80 * kMega, 'y'); }, ExitStatus::protocol,
     "ERROR: response of more than 67108864 octets"},
    {"an endless address list in an ENVELOPE", "UID FETCH",
     [] {
       return "* 1 FETCH (UID 1 ENVELOPE (NIL NIL (" +
              numbered(3'000'000, [](auto& n) { return "(NIL NIL \"" + n + "\" \"example.net\")"; });
     },
     ExitStatus::protocol, "ERROR: response of more than 67108864 octets"},
    {"10,000 parentheses in an ENVELOPE", "UID FETCH",
     [] { return fetched("1", "ENVELOPE " + std::string(10'000, '(') + std::string(10'000, ')')); },
     ExitStatus::ok},
    {"a body that lies about its size", "UID FETCH",
     [] { return "* 1 FETCH (UID 1 BODY[] {5}\r\nmuch more than five octets)\r\n"; }, ExitStatus::ok},
    {"a body that never comes", "UID FETCH", [] { return "* 1 FETCH (UID 1 BODY[] {1000}\r\nshort"; },
     ExitStatus::unavailable, "EOF", true},
    {"a body of 4 GiB, and one octet of it", "UID FETCH",
     [] { return "* 1 FETCH (UID 1 BODY[] {4294967295}\r\nx"; }, ExitStatus::unavailable, "EOF", true},
    {"a body that nobody asked for", "UID FETCH",
     [] {
       return fetched("4000000000",
                      "ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) BODY[] {9}\r\nSubject: ");
     },
     ExitStatus::ok},
    {"all UIDs vanished", "SELECT", [] { return "* VANISHED (EARLIER) 1:4294967295\r\n"; }, ExitStatus::ok},
    {"a search result of everything", "SELECT",
     [] { return "* ESEARCH (TAG \"x\") UID ALL 1:4294967295\r\n* SEARCH 1 2 3 4000000000\r\n"; },
     ExitStatus::ok},
    {"a million FETCH responses unasked", "SELECT",
     [] {
       return numbered(1'000'000, [](auto& n) { return "* " + n + " FETCH (UID " + n + " FLAGS ())\r\n"; });
     },
     ExitStatus::ok},
    {"a million FETCH responses too many", "UID FETCH",
     [] {
       return numbered(1'000'000, [](auto& n) { return "* " + n + " FETCH (UID " + n + " FLAGS ())\r\n"; });
     },
     ExitStatus::ok},
    {"responses of no sense without end", "SELECT",
     [] { return numbered(4'100'000, [](auto&) { return "* 1 X\r\n"; }); }, ExitStatus::protocol,
     "ERROR: more than 4000000 responses that nobody asked for"},
    {"EXISTS shrinks", "UID FETCH", [] { return "* 4294967295 EXISTS\r\n* 1 EXISTS\r\n* 0 EXISTS\r\n"; },
     ExitStatus::ok},
    {"another's tag", "SELECT", [] { return "zzzz OK done\r\n"; }, ExitStatus::protocol, "ERROR: "},
    {"its own tag, twice", "AUTHENTICATE|LOGIN", [] { return "{tag} OK done\r\n{tag} OK done\r\n"; },
     ExitStatus::protocol, "ERROR: "},
    {"a UIDNEXT beyond all", "SELECT", [] { return "* OK [UIDNEXT 4294967295] so many\r\n"; },
     ExitStatus::ok},
    {"control characters in alerts", "SELECT",
     [] { return "* OK [ALERT] \x1b[2J\x1b]0;owned\a\xC2\x9B\r\n"; }, ExitStatus::ok},
    {"goodbye in the middle", "UID FETCH", [] { return "* BYE \x1b[2Jenough\r\n"; }, ExitStatus::unavailable,
     "enough", true},
};

}  // namespace

TEST_CASE("hostile IMAP servers, and pullimap") {
  for (const Attack& attack : kAttacks) {
    CAPTURE(attack.name);
    HostilePull bed;
    bed.server.on(attack.at, 1,
                  {.octets = attack.octets(), .close = attack.close, .alsoAnswer = !attack.close});
    Run run = bed.attacked();
    INFO(run.log().substr(0, 4000));
    CHECK(run.exitStatus == static_cast<int>(attack.status));
    CHECK(run.says(attack.says));
    bed.checkRecovers();
  }
}

// What a message says of its sender ends up in a command: it must not become two.
TEST_CASE("senders and mail that would speak SMTP") {
  const std::string commands = "x>\r\nRCPT TO:<eve@example.test>\r\nDATA\r\n.\r\n";
  const std::string literal = "{" + std::to_string(commands.size()) + "}\r\n" + commands;
  for (const std::string& address :
       {"((NIL NIL " + literal + " \"example.net\"))", "((NIL NIL \"bob\" " + literal + "))",
        "((NIL " + literal + " \"bob\" \"example.net\"))",
        std::string("((NIL NIL \"bo\x01\x7f b\" \"ex>ample\"))")}) {
    CAPTURE(address);
    HostilePull bed({}, {}, {}, 0);
    bed.add("Subject: m\r\n\r\n.\r\nMAIL FROM:<>\r\n\r.\r\n.\n.\r\n",
            "(NIL \"m\" " + address + " " + address + " " + address + " NIL NIL NIL NIL NIL)");
    Run run = watched(bed.program.command(pullimapPath(), {"work"}));
    INFO(run.log());
    CHECK(run.exitStatus == 0);
    CHECK(bed.sink.messages().size() == 1);
    CHECK(bed.sink.count("RCPT TO:<eve") == 0);
    CHECK(bed.sink.count("MAIL") == 1);
    checkNoViolations(bed.sink);
  }
}

// Each is asked for, with others and then alone, which takes as long as the server likes.
TEST_CASE("a million messages that do not exist take little memory, and do not keep SIGTERM waiting") {
  HostilePull bed;
  bed.server.on("UID FETCH", 1,
                {.octets = numbered(1'000'000, [](auto& n) { return fetched(n, "RFC822.SIZE 5"); }),
                 .alsoAnswer = true});
  MemoryWatch memory;
  BackgroundProcess process(bed.program.command(pullimapPath(), {"work"}),
                            bed.program.directory() / "stderr");
  const pid_t group = process.pid();
  memory.start(group);
  REQUIRE(eventually([&] { return bed.server.commands().size() > 50; }, kLongestAttack));
  process.signal(SIGTERM);
  Outcome outcome = process.wait(kLongestAttack);
  memory.stop();
  INFO(bed.program.log());
  MESSAGE("", memory.proportional() / 1024, " KiB together, ", memory.peak() / 1024, " KiB the largest");
  CHECK(outcome.exitStatus == 0);
  CHECK(memory.proportional() < kMostMemory);
  CHECK(memory.peak() < kMostMemory);
  CHECK(processesOf(group) == "");
  bed.checkNothingLost();
  bed.checkRecovers();
}
