// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SMTP and LMTP servers that attack, through the whole of pullimap: each ends in a clear error or is shrugged
// off, within a bound of time and memory; no mail is lost or taken for delivered, the terminal sees no
// control character, and once the attack is over everything arrives.
#include <signal.h>

#include "tests/e2e/hostile_pull_bed.h"

using namespace interimap::bed;

namespace {

constexpr std::size_t kMega = 1 << 20;

std::string repeated(std::size_t times, const std::string& text) {
  std::string all;
  all.reserve(times * text.size());
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

// What the server says at this command instead of its ordinary reply.
struct Attack {
  std::string name, at;
  std::function<std::string()> octets;
  int status;
  std::string says = {};  // in the log
  bool close = false;
};

// The greeting, EHLO, and whatever comes at the end.
const Attack kSessions[] = {
    {"an endless greeting", "greeting", [] { return "220 " + std::string(80 * kMega, 'a'); }, 76, "too long"},
    {"an endless greeting of many lines", "greeting",
     [] { return repeated(4'000'000, "220-still there\r\n"); }, 76, "too many lines"},
    {"a greeting of nine digits", "greeting", [] { return "220220220 hello\r\n"; }, 76, "no reply"},
    {"a greeting of control characters", "greeting", [] { return "554 \x1b]0;x\a\x1b[2J\x9b\r\n"; }, 0,
     "refuses the connection"},
    {"a greeting that is cut", "greeting", [] { return "220 sink.exam"; }, 0, "closed the connection", true},
    {"a greeting of NULs", "greeting", [] { return std::string(1000, '\0') + "\r\n"; }, 76, "no reply"},
    {"replies before commands", "greeting",
     [] { return "220 hello\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 ok\r\n"; }, 76, "before it was sent"},
    {"an endless line of EHLO", "EHLO|LHLO",
     [] { return "250-sink\r\n250-X" + std::string(80 * kMega, 'a'); }, 76, "too long"},
    {"keywords without end", "EHLO|LHLO", [] { return "250-sink\r\n" + repeated(4'000'000, "250-X\r\n"); },
     76, "too many lines"},
    {"keywords with control characters", "EHLO|LHLO",
     [] {
       return "250-sink\x1b[2J\r\n250-PIPELINING\x1b[31m\r\n250-\rSIZE 5\r\n250-AUTH \aPLAIN\r\n250 \x7f\r\n";
     },
     0},
    {"line ends in keywords", "EHLO|LHLO",
     [] { return "250-sink\r\n250-PIPELINING\n250-SIZE 100000000\r\r\n250 8BITMIME\n"; }, 0},
    {"numbers that do not fit", "EHLO|LHLO",
     [] {
       return "250-sink\r\n250-SIZE 99999999999999999999999\r\n250-SIZE -1\r\n250 SIZE "
              "18446744073709551615\r\n";
     },
     0},
    {"everything there is", "EHLO|LHLO",
     [] {
       return "250-sink\r\n250-PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-STARTTLS\r\n250-"
              "DSN\r\n"
              "250-BINARYMIME\r\n250-DELIVERBY\r\n250-XCLIENT NAME\r\n250-BURL imap\r\n250-AUTH PLAIN LOGIN "
              "X" +
              repeated(300, " M") + "\r\n250-CHUNKING\r\n250 ETRN\r\n";
     },
     75},
    {"two replies to EHLO", "EHLO|LHLO", [] { return "250 sink\r\n250 sink\r\n"; }, 76},
    {"EHLO that goes on in digits", "EHLO|LHLO", [] { return "250-sink\r\n251-x\r\n250 y\r\n"; }, 76,
     "no reply"},
    {"a size of one octet", "EHLO|LHLO", [] { return "250-sink\r\n250 SIZE 1\r\n"; }, 65,
     "more than the 1 that the server takes"},
    {"an endless farewell", "QUIT", [] { return "221 " + std::string(80 * kMega, 'a'); }, 0},
    {"a farewell of many lines", "QUIT", [] { return repeated(4'000'000, "221-bye\r\n"); }, 0},
    {"a farewell of control characters", "QUIT", [] { return "221 \x1b[2J\r\n"; }, 0},
};

// What comes with each message.
const Attack kTransactions[] = {
    {"an endless reply to MAIL", "MAIL", [] { return "250 " + std::string(80 * kMega, 'a'); }, 76,
     "too long"},
    {"control characters in a refusal", "MAIL",
     [] { return "550 5.1.0 \x1b[2J\x1b]0;owned\a\xC2\x9B gone\x7f\r\n"; }, 65, "gone"},
    {"a refusal of 128 long lines", "RCPT",
     [] { return repeated(127, "550-" + std::string(2000, 'n') + "\r\n") + "550 no\r\n"; }, 65, "nnn"},
    {"a refusal that says it is IMAP", "RCPT", [] { return "550 * BYE\r\n"; }, 65, "* BYE"},
    {"replies for more recipients than were named", "RCPT", [] { return "250 ok\r\n250 ok\r\n250 ok\r\n"; },
     76},
    {"an end that came before its beginning", "MAIL",
     [] { return "250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n"; }, 76},
    {"354 twice", "DATA", [] { return "354 go\r\n354 go\r\n"; }, 76, "makes no sense"},
    {"taken over before it came", "DATA", [] { return "354 go\r\n250 2.0.0 queued\r\n"; }, 76},
    {"taken over without 354", "DATA", [] { return "250 2.0.0 queued\r\n"; }, 76, "makes no sense"},
    {"a positive reply in many lines of 250", "DATA", [] { return repeated(4'000'000, "354-go\r\n"); }, 76,
     "too many lines"},
    {"a reply that is cut", "DATA", [] { return "354"; }, 0, "closed the connection", true},
    {"two replies to the end", "\\.", [] { return "250 ok\r\n250 ok\r\n"; }, 76},
    {"an endless reply to the end", "\\.", [] { return "250 " + std::string(80 * kMega, 'a'); }, 76,
     kInDoubt},
    {"half a reply to the end", "\\.", [] { return "250 o"; }, 75, kInDoubt, true},
    {"half a reply of many lines to the end", "\\.", [] { return "250-ok\r\n"; }, 75, kInDoubt, true},
    {"a reply of control characters to the end", "\\.", [] { return "250 2.0.0 \x1b[2J\a queued\r\n"; }, 0},
    {"octets of no meaning", "\\.", [] { return std::string("\0\x01\xff\xfe\r\n\n\n", 8); }, 76, kInDoubt},
};

void check(const Attack& attack, bool lmtp) {
  CAPTURE(attack.name);
  CAPTURE(lmtp);
  HostilePull bed({.lmtp = lmtp});
  bed.sink.on(attack.at, 1, {.octets = attack.octets(), .close = attack.close});
  Run run = bed.attacked();
  INFO(run.log().substr(0, 4000));
  CHECK(run.exitStatus == attack.status);
  CHECK(run.says(attack.says));
  bed.checkRecovers();
}

}  // namespace

TEST_CASE("hostile SMTP and LMTP servers: sessions") {
  for (const Attack& attack : kSessions)
    for (bool lmtp : {false, true}) check(attack, lmtp);
}

TEST_CASE("hostile SMTP and LMTP servers: messages") {
  for (const Attack& attack : kTransactions)
    for (bool lmtp : {false, true}) check(attack, lmtp);
}

// Each recipient that was accepted has a reply; one more is the reply to something else.
TEST_CASE("LMTP: replies for more and for fewer recipients than there are") {
  for (unsigned replies : {1u, 3u, 10u, 100'000u}) {
    CAPTURE(replies);
    HostilePull bed({.lmtp = true}, {}, {"deliver-rcpt = ann@example.test ben@example.test"});
    bed.sink.on("\\. <ann", 1, {.octets = repeated(replies, "250 2.0.0 ok\r\n"), .close = replies == 1});
    Run run = bed.attacked();
    INFO(run.log().substr(0, 4000));
    CHECK(run.exitStatus == (replies == 1 ? 75 : 76));
    bed.checkRecovers();
  }
}

TEST_CASE("a sink that says everything it can think of, all the time") {
  for (const std::string flood : {"250 ok\r\n", "354 go\r\n", "550 no\r\n", "421 bye\r\n", "250-more\r\n"}) {
    for (const std::string at : {"greeting", "EHLO", "MAIL", "DATA", "\\."}) {
      CAPTURE(flood);
      CAPTURE(at);
      HostilePull bed;
      bed.sink.on(at, 0, {.octets = repeated(500'000, flood)});
      Run run = bed.attacked();
      INFO(run.log().substr(0, 4000));
      CHECK(run.exitStatus != 0);
      CHECK(run.exitStatus != 70);
      bed.checkRecovers();
    }
  }
}

TEST_CASE("a sink that dribbles, line after line or one without end: bounded, and SIGTERM does not wait") {
  struct {
    std::string first, rest, says;
  } table[] = {
      {"220-", "a", "too long"},
      {"220-hello\r\n", "220-a\r\n", "too many lines"},
  };
  for (const auto& row : table) {
    for (bool stopped : {false, true}) {
      CAPTURE(row.first);
      CAPTURE(stopped);
      Dribbler dribbler(row.first, row.rest, std::chrono::milliseconds(3));
      HostilePull bed;
      bed.program.set({"deliver-method = smtp:[127.0.0.1]:" + std::to_string(dribbler.port()),
                       std::string("deliver-rcpt = ") + kRecipient});
      BackgroundProcess process = bed.program.runInBackground({"work"});
      const pid_t group = process.pid();
      REQUIRE(eventually([&] { return dribbler.octets() > 20; }));
      if (stopped) process.signal(SIGTERM);
      Outcome outcome = process.wait(kLongestAttack);
      INFO(bed.program.log());
      CHECK_FALSE(outcome.timedOut);
      CHECK(outcome.exitStatus == (stopped ? 0 : 76));
      if (!stopped) CHECK(bed.program.log().find(row.says) != std::string::npos);
      CHECK(processesOf(group) == "");
      bed.checkNothingLost();
      bed.program.set(bed.complete({}));
      bed.checkRecovers();
    }
  }
}
