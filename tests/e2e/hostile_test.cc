// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Servers that attack, through the whole program: each ends in a clear error or is shrugged off, within a
// bound of time and memory; the other account is not touched, the terminal sees no control character, and
// once the attack is over everything is synchronised.
#include <signal.h>

#include <algorithm>
#include <regex>

#include "tests/e2e/hostile_bed.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

std::string repeated(std::size_t times, const std::string& text) {
  std::string all;
  all.reserve(times * text.size());
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string numbered(std::size_t times, const std::function<std::string(const std::string&)>& line) {
  std::string all;
  for (std::size_t i = 1; i <= times; ++i) all += line(std::to_string(i));
  return all;
}

constexpr std::size_t kMega = 1 << 20;

// What the remote server does at the first command of this kind, in front of its ordinary answer.
struct Attack {
  std::string name, at;
  std::function<std::string()> octets;
  ExitStatus status;
  std::string says = {};  // in the log
  bool close = false;
};

const Attack kAttacks[] = {
    // Lines and literals.
    {"an endless line", "LIST", [] { return "* OK " + std::string(80 * kMega, 'a'); }, ExitStatus::protocol,
     "remote: ERROR: "},
    {"an endless tag", "SELECT", [] { return std::string(80 * kMega, 'x'); }, ExitStatus::protocol,
     "remote: ERROR: "},
    {"an endless number", "SELECT", [] { return "* " + std::string(80 * kMega, '9'); }, ExitStatus::protocol,
     "remote: ERROR: "},
    {"an endless FETCH response", "UID FETCH",
     [] { return "* 1 FETCH (UID 1 X (" + std::string(80 * kMega, 'y'); }, ExitStatus::protocol,
     "remote: ERROR: response of more than 67108864 octets: * 1 FETCH (UID 1 X (yyy"},
    {"a FETCH response of endless literals", "UID FETCH",
     [] { return "* 1 FETCH (UID 1 X (" + repeated(1000, "{100000}\r\n" + std::string(100'000, 'y') + " "); },
     ExitStatus::protocol, "remote: ERROR: response of more than 67108864 octets: * 1 FETCH (UID 1 X ("},
    {"a long FETCH response that ends", "UID FETCH",
     [] { return "* 1 FETCH (UID 1 X (" + std::string(50 * kMega, 'y') + "))\r\n"; }, ExitStatus::ok},
    {"a name of 4 GiB", "LIST", [] { return "* LIST () \"/\" {4294967296}\r\n" + std::string(kMega, 'a'); },
     ExitStatus::protocol, "remote: ERROR: "},
    {"a literal longer than numbers go", "LIST",
     [] { return "* LIST () \"/\" {99999999999999999999999}\r\nabc\r\n"; }, ExitStatus::protocol,
     "remote: ERROR: "},
    {"a literal that is negative", "LIST", [] { return "* LIST () \"/\" {-1}\r\nabc\r\n"; },
     ExitStatus::protocol, "remote: ERROR: Unexpected response: abc"},
    {"a literal that never comes", "LIST", [] { return "* LIST () \"/\" {1000}\r\nshort"; },
     ExitStatus::unavailable, "remote: ERROR: ", true},
    {"a body that lies about its size", "UID FETCH",
     [] { return "* 1 FETCH (UID 1 BODY[] {5}\r\nmuch more than five octets)\r\n"; }, ExitStatus::ok},
    {"a body of 4 GiB, and one octet of it", "UID FETCH",
     [] { return "* 1 FETCH (UID 1 BODY[] {4294967295}\r\nx"; }, ExitStatus::unavailable,
     "remote: ERROR: ", true},
    {"a body of a tebibyte", "UID FETCH", [] { return "* 1 FETCH (UID 1 BODY[] {1099511627776}\r\nx"; },
     ExitStatus::protocol, "remote: ERROR: absurd literal"},
    {"a line of literals", "SELECT", [] { return "* X" + repeated(100'000, " {1}\r\na") + "\r\n"; },
     ExitStatus::protocol, "remote: ERROR: "},
    // Nesting.
    {"10,000 parentheses in LIST", "LIST",
     [] { return "* LIST () \"/\" INBOX " + std::string(10'000, '(') + std::string(10'000, ')') + "\r\n"; },
     ExitStatus::ok},
    {"10,000 parentheses in a body structure", "UID FETCH",
     [] {
       return "* 1 FETCH (UID 1 BODYSTRUCTURE " + std::string(10'000, '(') + std::string(10'000, ')') +
              ")\r\n";
     },
     ExitStatus::ok},
    {"a million open parentheses", "SELECT", [] { return "* X " + std::string(900'000, '(') + "\r\n"; },
     ExitStatus::ok},
    // Numbers and sets.
    {"all UIDs vanished", "SELECT", [] { return "* VANISHED 1:4294967295\r\n"; }, ExitStatus::ok},
    {"all UIDs vanished, earlier", "SELECT", [] { return "* VANISHED (EARLIER) 1:4294967295\r\n"; },
     ExitStatus::ok},
    {"every other UID vanished, for 800 KB", "SELECT",
     [] {
       std::string set = "1";
       for (int i = 3; i < 250'000; i += 2) set += "," + std::to_string(i);
       return "* VANISHED (EARLIER) " + set + "\r\n";
     },
     ExitStatus::ok},
    {"a search result of everything", "SELECT",
     [] { return "* ESEARCH (TAG \"x\") UID ALL 1:4294967295\r\n"; }, ExitStatus::ok},
    {"EXISTS shrinks", "UID FETCH", [] { return "* 4294967295 EXISTS\r\n* 1 EXISTS\r\n* 0 EXISTS\r\n"; },
     ExitStatus::ok},
    {"more expunged than there is", "UID FETCH", [] { return repeated(1000, "* 1 EXPUNGE\r\n"); },
     ExitStatus::ok},
    // Floods.
    {"a million FETCH responses unasked", "SELECT",
     [] {
       return numbered(1'000'000, [](auto& n) { return "* " + n + " FETCH (UID " + n + " FLAGS ())\r\n"; });
     },
     ExitStatus::ok},
    {"a million FETCH responses too many", "UID FETCH",
     [] { return repeated(1'000'000, "* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (1))\r\n"); }, ExitStatus::ok},
    {"a million responses of no sense", "SELECT", [] { return repeated(1'000'000, "* 1 X-NOISE (a b)\r\n"); },
     ExitStatus::ok},
    {"a million malformed responses", "SELECT", [] { return repeated(1'000'000, "* 1 FETCH (UID\r\n"); },
     ExitStatus::ok},
    {"responses of no sense without end", "SELECT", [] { return repeated(4'100'000, "* 1 X\r\n"); },
     ExitStatus::protocol, "remote: ERROR: more than 4000000 responses that nobody asked for"},
    {"a million alerts", "SELECT", [] { return repeated(300'000, "* OK [ALERT] wake up\r\n"); },
     ExitStatus::ok},
    {"450,000 mailboxes", "LIST",
     [] { return numbered(450'000, [](auto& n) { return "* LIST () \"/\" box" + n + "\r\n"; }); },
     ExitStatus::protocol, "mailboxes"},
    {"150,000 mailboxes that do not exist", "LIST",
     [] {
       return numbered(150'000, [](auto& n) { return "* LIST (\\NonExistent) \"/\" box" + n + "\r\n"; });
     },
     ExitStatus::ok},
    {"30,000 mailboxes with names of 4,000 octets", "LIST",
     [] {
       const std::string tail(4000, 'n');
       return numbered(30'000, [&](auto& n) { return "* LIST () \"/\" " + n + tail + "\r\n"; });
     },
     ExitStatus::protocol, "mailboxes"},
    {"a million STATUS responses", "LIST",
     [] { return numbered(1'000'000, [](auto& n) { return "* STATUS box" + n + " (MESSAGES 1)\r\n"; }); },
     ExitStatus::protocol, "mailboxes"},
    // Answers out of their place.
    {"another's tag", "LIST", [] { return "zzzz OK done\r\n"; }, ExitStatus::protocol, "remote: ERROR: "},
    {"its own tag, twice", "LIST", [] { return "{tag} OK done\r\n{tag} OK done\r\n"; }, ExitStatus::protocol,
     "remote: ERROR: "},
    {"a tag of no command", "SELECT", [] { return "000001 OK done\r\n"; }, ExitStatus::protocol,
     "remote: ERROR: "},
    {"FETCH before SELECT", "LIST",
     [] {
       return "* 1 FETCH (UID 1 FLAGS (\\Deleted) BODY[] {3}\r\nabc)\r\n* 5 EXISTS\r\n* VANISHED 1:5\r\n";
     },
     ExitStatus::ok},
    {"a continuation that nobody waits for", "LIST", [] { return repeated(1000, "+ go on\r\n"); },
     ExitStatus::ok},
    {"goodbye in the middle", "UID FETCH", [] { return "* BYE enough\r\n"; }, ExitStatus::unavailable,
     "remote: ERROR: server closed the connection: BYE enough", true},
    {"octets of no meaning", "SELECT", [] { return std::string("\0\x01\xff\xfe\r\n\r\n\n\r\0*\r\n", 15); },
     ExitStatus::protocol, "remote: ERROR: "},
};

}  // namespace

TEST_CASE("hostile IMAP servers") {
  NOT_THE_REFERENCE();
  for (const Attack& attack : kAttacks) {
    CAPTURE(attack.name);
    Hostile bed;
    bed.remote.on(attack.at, 1,
                  {.octets = attack.octets(), .close = attack.close, .alsoAnswer = !attack.close});
    Run run = bed.attacked({});
    INFO(run.log().substr(0, 4000));
    CHECK(run.exitStatus == static_cast<int>(attack.status));
    CHECK(run.says(attack.says));
    bed.checkRecovers();
  }
}

// At login nothing is known yet, and nothing is to be sent to the other side.
TEST_CASE("hostile greetings") {
  NOT_THE_REFERENCE();
  struct {
    std::string greeting;
    ExitStatus status;
  } table[] = {
      {"* BYE go away\r\n", ExitStatus::unavailable},
      {"* BYE \x1b[2J\r\n", ExitStatus::unavailable},
      {"* NO\r\n", ExitStatus::protocol},
      {"* OK " + std::string(8 * kMega, 'a') + "\r\n", ExitStatus::protocol},
      {repeated(200'000, "* CAPABILITY IMAP4rev1\r\n"), ExitStatus::protocol},
      {"* OK [CAPABILITY " + repeated(100'000, "AUTH=X ") + "] hi\r\n", ExitStatus::protocol},
      {"a OK hello\r\n", ExitStatus::protocol},
      {"+ OK hello\r\n", ExitStatus::protocol},
      {"\r\n", ExitStatus::protocol},
      {"* LIST () \"/\" {3}\r\nabc\r\n", ExitStatus::protocol},
      {std::string(1000, '\0') + "\r\n", ExitStatus::protocol},
  };
  for (const auto& row : table) {
    CAPTURE(row.greeting.substr(0, 40));
    Hostile bed({.greeting = row.greeting}, /*synchronised=*/false);
    Run run = bed.attacked({});
    INFO(run.log().substr(0, 4000));
    CHECK(run.exitStatus == static_cast<int>(row.status));
    CHECK(run.says("remote: ERROR: "));
  }
}

TEST_CASE("control characters and line ends in names, alerts and refusals") {
  NOT_THE_REFERENCE();
  // A name comes as a literal, and may hold what no command line may.
  for (const std::string name : {"line\r\nbreak", "a\r\nx9 LOGOUT\r\n", "tab\there", "esc\x1b[31m", "bell\a",
                                 "del\x7f", "c1\xC2\x9B", "nul"}) {
    CAPTURE(name);
    for (const std::string log : {"", "--debug", "--log-format=json"}) {
      Hostile bed;
      const std::string sent = name == "nul" ? std::string("n\0l", 3) : name;
      const std::string literal = "{" + std::to_string(sent.size()) + "}\r\n" + sent;
      bed.remote.on(
          "LIST", 1,
          {.octets = "* LIST () \"/\" " + literal + "\r\n* STATUS " + literal +
                     " (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4)\r\n* OK [ALERT] \x1b[1m" +
                     "loud\a\r\n",
           .alsoAnswer = true});
      bed.mayCreate = true;  // a mailbox of an odd name is still one
      Run run = bed.attacked(log.empty() ? std::vector<std::string>{} : std::vector{log});
      INFO(run.log());
      CHECK_FALSE(run.says("Connection reset"));
      for (const std::string& command : bed.local.commands()) CHECK_FALSE(command.starts_with("x9"));
    }
  }
}

// A server that says an octet now and then.
TEST_CASE("a server that dribbles does not keep SIGTERM waiting") {
  NOT_THE_REFERENCE();
  Dribbler dribbler;
  Directory directory;
  FakeServer local({.user = "alice"});
  Interimap it(directory / "program", cleartext(local.port(), "alice"), cleartext(dribbler.port(), "bob"));
  BackgroundProcess process = it.runInBackground({});
  const pid_t group = process.pid();
  REQUIRE(eventually([&] { return dribbler.octets() > 20; }));
  process.signal(SIGTERM);
  Outcome outcome = process.wait(std::chrono::seconds(20));
  INFO(readFile(it.directory() / "stderr"));
  CHECK(outcome.exitStatus == 0);
  CHECK(processesOf(group) == "");
}

namespace {

Message ofSize(std::size_t i) {
  const std::string n = std::to_string(i);
  return {.text = "Message-ID: <" + n + "@example.net>\r\nSubject: " + n + "\r\n\r\n" +
                  std::string(10 * i, 'x') + "\r\n",
          .flags = {},
          .internalDate = "02-Feb-2021 03:04:0" + n + " +0000"};
}

void put(FakeServer& server, std::size_t from, std::size_t to) {
  server.access([&](auto& boxes) {
    auto [box, isNew] = boxes.try_emplace("INBOX");
    for (std::size_t i = from; i <= to; ++i) box->second.add(ofSize(i).text, {}, ofSize(i).internalDate);
  });
}

// Replaces the UIDs of an APPENDUID.
std::function<std::string(const std::string&)> telling(std::map<std::string, std::string> instead) {
  return [instead = std::move(instead)](const std::string& line) {
    static const std::regex kAppendUid("(\\[APPENDUID \\d+ )([0-9:,]+)\\]");
    std::smatch match;
    if (!std::regex_search(line, match, kAppendUid)) return line;
    auto it = instead.find(match[2]);
    if (it == instead.end()) return line;
    return match.prefix().str() + match[1].str() + it->second + "]" + match.suffix().str();
  };
}

}  // namespace

// Plausible: not below UIDNEXT, each once. The next look shows their sizes.
TEST_CASE("an APPENDUID that names other messages is found out, and the copies where they are") {
  NOT_THE_REFERENCE();
  FakeOptions swapping, shifting;
  swapping.capabilities = std::regex_replace(swapping.capabilities, std::regex("MULTIAPPEND "), "");
  swapping.rewrite = telling({{"1", "2"}, {"2", "1"}});
  shifting.rewrite = telling({{"1:3", "2:4"}});
  for (bool swaps : {true, false}) {
    CAPTURE(swaps);
    Scripted bed({}, swaps ? swapping : shifting);
    put(bed.local, 1, 3);
    // A message of somebody else's has the UID that is too many.
    if (!swaps)
      bed.remote.on("SELECT", 2, {.alsoAnswer = true, .meanwhile = [](auto& boxes) {
                                    boxes["INBOX"].add(ofSize(9).text, {}, ofSize(9).internalDate);
                                  }});
    Run run = bed.program.run();
    INFO(run.log());
    requireDone(run);
    CHECK(run.says("remote(INBOX): WARNING: Server told wrong UIDs: "));
    CHECK(run.says("remote(INBOX): Recovered "));
    CHECK_FALSE(run.sent("UID EXPUNGE"));
    checkEqual(bed.here(), bed.there());
    for (FakeServer* server : {&bed.local, &bed.remote})
      server->access([&](auto& boxes) { CHECK(boxes["INBOX"].messages.size() == (swaps ? 3 : 4)); });
    // Each is paired with its own copy.
    bed.local.access(
        [](auto& boxes) { boxes["INBOX"].setFlags(boxes["INBOX"].messages.at(0), {"\\Flagged"}); });
    bed.remote.access([](auto& boxes) { boxes["INBOX"].expunge(boxes["INBOX"].messages.at(1).uid); });
    requireDone(bed.program.run());
    checkEqual(bed.here(), bed.there());
    checkNothingToDo(bed.program);
  }
}

// Servers that change what they store are as they are.
TEST_CASE("copies of another size that are what they should be are left alone") {
  NOT_THE_REFERENCE();
  FakeOptions counting;
  counting.rewrite = [](const std::string& line) {
    static const std::regex kSize("RFC822.SIZE (\\d+)");
    std::smatch match;
    if (!std::regex_search(line, match, kSize)) return line;
    return match.prefix().str() + "RFC822.SIZE " + std::to_string(std::stoul(match[1]) + 7) +
           match.suffix().str();
  };
  Scripted bed({}, counting);
  put(bed.local, 1, 5);
  put(bed.remote, 6, 8);
  Run run = bed.program.run();
  requireDone(run);
  CHECK_FALSE(run.says("wrong UIDs"));
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

// RFC 5819 section 2: no STATUS of a mailbox that cannot be selected.
TEST_CASE("a mailbox that is listed and cannot be selected is not created on the other side") {
  NOT_THE_REFERENCE();
  Scripted bed;
  Scripted::add(bed.local, "INBOX", 3, 1);
  bed.remote.on("LIST", 0, {.octets = "* LIST () \"/\" locked\r\n", .alsoAnswer = true});
  bed.remote.on("SELECT \"?locked", 0, {.octets = "{tag} NO [NOPERM] not yours\r\n"});
  for (int runs = 0; runs < 2; ++runs) {
    Run run = bed.program.run();
    INFO(run.log());
    checkStatus(run, ExitStatus::tryAgain);
    CHECK(run.says("remote(locked): ERROR: Mailbox is listed, but cannot be selected; it is left alone: "));
    CHECK(run.says("not yours"));
    CHECK_FALSE(run.sent("CREATE"));
  }
  bed.remote.forget();
  bed.checkRecovers();
}

// Those who stay meet the attacker again and again.
TEST_CASE("an attacker that is met again and again: launch holds no more descriptors than before") {
  NOT_THE_REFERENCE();
  Hostile bed;
  bed.remote.on("LIST", 0, {.octets = "* 1 FETCH (BODY[] {5}\r\nx* BYE\r\n", .close = true});
  BackgroundProcess process = bed.program.runInBackground({"--watch=1"});
  auto met = [&](unsigned sessions) {
    REQUIRE(eventually(
        [&] {
          return std::ranges::count_if(bed.remote.commands(), [](const std::string& command) {
                   return command.starts_with("AUTHENTICATE");
                 }) >= sessions;
        },
        kLongestAttack));
  };
  met(3);
  const std::size_t before = descriptorsOf(process.pid());
  met(6);
  // In the middle of a session there may be more than there were in the middle of another.
  CHECK(eventually([&] { return descriptorsOf(process.pid()) <= before; }, kLongestAttack));
  process.signal(SIGTERM);
  CHECK(process.wait(std::chrono::seconds(20)).exitStatus == 0);
  bed.checkRecovers();
}
