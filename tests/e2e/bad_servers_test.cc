// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Servers that say OK and do nothing, cut answers, lie, contradict themselves or hang up, in one mailbox.
// That mailbox is left alone and named, all others go on, and nothing is lost or doubled on either side: not
// while it lasts, and not when it is over.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <regex>
#include <set>

#include "tests/e2e/scripted.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

using Lines = std::vector<std::string>;
using Boxes = std::map<std::string, FakeMailbox>;

constexpr const char* kBad = "bad";  // the mailbox that is lied about
constexpr const char* kBoxes[] = {"INBOX", kBad, "good"};

struct Level {
  std::string name, capabilities;
};
const Level kLevels[] = {{"QRESYNC", "ENABLE CONDSTORE QRESYNC UIDPLUS"},
                         {"CONDSTORE", "CONDSTORE UIDPLUS"},
                         {"bare", "UIDPLUS"},
                         {"bare, no UIDPLUS", ""}};

// What all of them have.
const std::string kCommon = "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ LIST-EXTENDED LIST-STATUS UNSELECT ";

// What a server does that should not be.
struct Lie {
  std::string name;
  std::function<bool(const FakeCommand&)> shirks = {};
  std::function<void(const FakeCommand&, Lines&)> retells = {};
  std::string capability = {};
};

bool is(const FakeCommand& command, std::string_view verb) {
  return command.mailbox == kBad && command.text.starts_with(verb);
}

std::function<bool(const FakeCommand&)> shirking(std::string verb) {
  return [verb = std::move(verb)](const FakeCommand& command) { return is(command, verb); };
}

// Edits each line of the answer to commands of that verb that match.
std::function<void(const FakeCommand&, Lines&)> editing(std::string verb, const std::string& pattern,
                                                        std::string with) {
  return [verb = std::move(verb), pattern = std::regex(pattern), with = std::move(with)](
             const FakeCommand& command, Lines& lines) {
    if (!is(command, verb)) return;
    for (std::string& line : lines) line = std::regex_replace(line, pattern, with);
    std::erase(lines, "");
  };
}

// The untagged lines of that kind, and what is left of them.
std::function<void(const FakeCommand&, Lines&)> keeping(std::string verb, std::string kind,
                                                        std::function<void(Lines&)> change) {
  return [verb = std::move(verb), kind = std::move(kind), change = std::move(change)](
             const FakeCommand& command, Lines& lines) {
    if (!is(command, verb)) return;
    auto isOther = [&](const std::string& line) {
      return !line.starts_with("* ") || line.find(kind) == std::string::npos;
    };
    auto from = std::stable_partition(lines.begin(), lines.end(), [&](auto& line) { return !isOther(line); });
    Lines of(lines.begin(), from), rest(from, lines.end());
    change(of);
    rest.insert(rest.begin(), of.begin(), of.end());
    lines = std::move(rest);
  };
}

void none(Lines& lines) { lines.clear(); }
void firstOnly(Lines& lines) { lines.resize(std::min<std::size_t>(lines.size(), 1)); }
void withoutFirst(Lines& lines) {
  if (!lines.empty()) lines.erase(lines.begin());
}
void twice(Lines& lines) {
  const Lines once = lines;
  lines.insert(lines.end(), once.begin(), once.end());
}
void backwards(Lines& lines) { std::ranges::reverse(lines); }

std::function<void(const FakeCommand&, Lines&)> inFront(std::string verb, std::string octets) {
  return [verb = std::move(verb), octets = std::move(octets)](const FakeCommand& command, Lines& lines) {
    if (is(command, verb)) lines.insert(lines.begin(), octets);
  };
}

std::function<void(const FakeCommand&, Lines&)> behindTagged(std::string verb) {
  return [verb = std::move(verb)](const FakeCommand& command, Lines& lines) {
    if (is(command, verb)) std::ranges::rotate(lines, lines.end() - 1);
  };
}

// LIST … RETURN (STATUS) of that mailbox.
std::function<void(const FakeCommand&, Lines&)> editingStatus(const std::string& pattern, std::string with) {
  return [pattern = std::regex(pattern), with = std::move(with)](const FakeCommand&, Lines& lines) {
    for (std::string& line : lines)
      if (line.starts_with("* STATUS \"bad\"")) line = std::regex_replace(line, pattern, with);
  };
}

std::vector<Lie> shirkers() {
  return {
      {.name = "STORE does nothing", .shirks = shirking("UID STORE")},
      {.name = "EXPUNGE does nothing",
       .shirks = [](auto& it) { return is(it, "UID EXPUNGE") || is(it, "EXPUNGE"); }},
      {.name = "APPEND does nothing", .shirks = shirking("APPEND")},
      {.name = "APPEND does nothing, and tells a UID",
       .shirks = shirking("APPEND"),
       .retells = editing("APPEND", " OK done", " OK [APPENDUID 1700000002 77] done")},
      {.name = "everything does nothing", .shirks = [](auto& it) { return it.mailbox == kBad; }},
  };
}

std::vector<Lie> cutters() {
  return {
      {.name = "FETCH: none", .retells = keeping("UID FETCH", " FETCH ", none)},
      {.name = "FETCH: the first alone", .retells = keeping("UID FETCH", " FETCH ", firstOnly)},
      {.name = "FETCH: without the first", .retells = keeping("UID FETCH", " FETCH ", withoutFirst)},
      {.name = "FETCH: twice", .retells = keeping("UID FETCH", " FETCH ", twice)},
      {.name = "FETCH: backwards", .retells = keeping("UID FETCH", " FETCH ", backwards)},
      {.name = "FETCH: without UID", .retells = editing("UID FETCH", "UID \\d+ ?", "")},
      {.name = "FETCH: UID 0", .retells = editing("UID FETCH", "UID \\d+", "UID 0")},
      {.name = "FETCH: all are one UID", .retells = editing("UID FETCH", "UID \\d+", "UID 7")},
      {.name = "FETCH: one number for all", .retells = editing("UID FETCH", "^\\* \\d+ FETCH", "* 1 FETCH")},
      {.name = "FETCH: without flags", .retells = editing("UID FETCH", "FLAGS \\([^)]*\\) ?", "")},
      {.name = "FETCH: NO",
       .retells = editing("UID FETCH", "^([^*]\\S*) OK.*\r\n$", "$1 NO [UNAVAILABLE] later\r\n")},
      {.name = "FETCH: BAD", .retells = editing("UID FETCH", "^([^*]\\S*) OK.*\r\n$", "$1 BAD no\r\n")},
      {.name = "SEARCH: none", .retells = editing("UID SEARCH", "^\\* SEARCH.*\r\n$", "* SEARCH\r\n")},
      {.name = "SEARCH: no answer", .retells = keeping("UID SEARCH", "SEARCH", none)},
      {.name = "SEARCH: without the first", .retells = editing("UID SEARCH", "^\\* SEARCH \\d+", "* SEARCH")},
      {.name = "SEARCH: NO", .retells = editing("UID SEARCH", "^([^*]\\S*) OK.*\r\n$", "$1 NO no\r\n")},
      {.name = "cut: MESSAGELIMIT unannounced",
       .retells =
           [](auto& command, auto& lines) {
             keeping("UID FETCH", " FETCH ", firstOnly)(command, lines);
             editing("UID FETCH", "^([^*]\\S*) OK.*\r\n$", "$1 OK [MESSAGELIMIT 1 3] cut\r\n")(command,
                                                                                               lines);
           }},
      {.name = "cut: MESSAGELIMIT without a UID",
       .retells =
           [](auto& command, auto& lines) {
             keeping("UID FETCH", " FETCH ", firstOnly)(command, lines);
             editing("UID FETCH", "^([^*]\\S*) OK.*\r\n$", "$1 OK [MESSAGELIMIT 1] cut\r\n")(command, lines);
           },
       .capability = "MESSAGELIMIT=1"},
      {.name = "cut: MESSAGELIMIT that gets nowhere",
       .retells =
           [](auto& command, auto& lines) {
             keeping("UID FETCH", " FETCH ", firstOnly)(command, lines);
             editing("UID FETCH", "^([^*]\\S*) OK.*\r\n$", "$1 OK [MESSAGELIMIT 1 999] cut\r\n")(command,
                                                                                                 lines);
           },
       .capability = "MESSAGELIMIT=1"},
  };
}

std::vector<Lie> liars() {
  return {
      {.name = "SELECT: UIDNEXT 1", .retells = editing("SELECT", "UIDNEXT \\d+", "UIDNEXT 1")},
      {.name = "SELECT: UIDNEXT 0", .retells = editing("SELECT", "UIDNEXT \\d+", "UIDNEXT 0")},
      {.name = "SELECT: UIDNEXT 8, of what is there",
       .retells = editing("SELECT", "UIDNEXT \\d+", "UIDNEXT 8")},
      {.name = "SELECT: UIDNEXT 100", .retells = editing("SELECT", "UIDNEXT \\d+", "UIDNEXT 100")},
      {.name = "SELECT: UIDNEXT 4294967296",
       .retells = editing("SELECT", "UIDNEXT \\d+", "UIDNEXT 4294967296")},
      {.name = "SELECT: without UIDNEXT", .retells = editing("SELECT", "^.*UIDNEXT \\d+.*\r\n$", "")},
      {.name = "SELECT: without UIDVALIDITY", .retells = editing("SELECT", "^.*UIDVALIDITY \\d+.*\r\n$", "")},
      {.name = "SELECT: UIDVALIDITY 0", .retells = editing("SELECT", "UIDVALIDITY \\d+", "UIDVALIDITY 0")},
      {.name = "SELECT: UIDVALIDITY 4294967296",
       .retells = editing("SELECT", "UIDVALIDITY \\d+", "UIDVALIDITY 4294967296")},
      {.name = "SELECT: another UIDVALIDITY",
       .retells = editing("SELECT", "UIDVALIDITY \\d+", "UIDVALIDITY 9")},
      {.name = "SELECT: EXISTS 0", .retells = editing("SELECT", "\\d+ EXISTS", "0 EXISTS")},
      {.name = "SELECT: EXISTS one less", .retells = editing("SELECT", "\\d+ EXISTS", "7 EXISTS")},
      {.name = "SELECT: EXISTS more", .retells = editing("SELECT", "\\d+ EXISTS", "99 EXISTS")},
      {.name = "SELECT: no EXISTS", .retells = editing("SELECT", "^.*\\d+ EXISTS.*\r\n$", "")},
      {.name = "SELECT: all vanished", .retells = inFront("SELECT", "* VANISHED (EARLIER) 1:100\r\n")},
      {.name = "SELECT: two vanished, and FETCH does not show them",
       .retells =
           [](auto& command, auto& lines) {
             if (is(command, "SELECT")) lines.insert(lines.end() - 1, "* VANISHED (EARLIER) 1:2\r\n");
             editing("UID FETCH", "^.*\\(UID [12] .*\r\n$", "")(command, lines);
             editing("UID SEARCH", "^\\* SEARCH 1 2", "* SEARCH")(command, lines);
           }},
      {.name = "SELECT: HIGHESTMODSEQ 1",
       .retells = editing("SELECT", "HIGHESTMODSEQ \\d+", "HIGHESTMODSEQ 1")},
      {.name = "SELECT: HIGHESTMODSEQ too high",
       .retells = editing("SELECT", "HIGHESTMODSEQ \\d+", "HIGHESTMODSEQ 99999")},
      {.name = "SELECT: NO",
       .retells =
           [](auto& command, auto& lines) {
             if (is(command, "SELECT"))
               lines = {command.text.empty() ? ""
                                             : std::regex_replace(lines.back(), std::regex(" OK.*\r\n"),
                                                                  " NO [NOPERM] not for you\r\n")};
           }},
      {.name = "STATUS: without UIDVALIDITY", .retells = editingStatus("UIDVALIDITY \\d+", "X 1")},
      {.name = "STATUS: UIDVALIDITY 0", .retells = editingStatus("UIDVALIDITY \\d+", "UIDVALIDITY 0")},
      {.name = "STATUS: another UIDVALIDITY", .retells = editingStatus("UIDVALIDITY \\d+", "UIDVALIDITY 9")},
      {.name = "STATUS: without UIDNEXT", .retells = editingStatus("UIDNEXT \\d+", "X 1")},
      {.name = "STATUS: UIDNEXT 1", .retells = editingStatus("UIDNEXT \\d+", "UIDNEXT 1")},
      {.name = "STATUS: MESSAGES 0", .retells = editingStatus("MESSAGES \\d+", "MESSAGES 0")},
      {.name = "STATUS: MESSAGES 99", .retells = editingStatus("MESSAGES \\d+", "MESSAGES 99")},
      {.name = "OK before the answer: FETCH", .retells = behindTagged("UID FETCH")},
      {.name = "OK before the answer: SEARCH", .retells = behindTagged("UID SEARCH")},
      {.name = "OK before the answer: STORE", .retells = behindTagged("UID STORE")},
      {.name = "APPENDUID of another message",
       .retells = editing("APPEND", "APPENDUID (\\d+) \\d+", "APPENDUID $1 1")},
      {.name = "APPENDUID 0", .retells = editing("APPEND", "APPENDUID (\\d+) \\d+", "APPENDUID $1 0")},
      {.name = "APPENDUID of another UIDVALIDITY",
       .retells = editing("APPEND", "APPENDUID \\d+", "APPENDUID 5")},
      {.name = "EXPUNGE: tells of others",
       .retells =
           [](auto& command, auto& lines) {
             inFront("UID EXPUNGE", "* VANISHED 1:100\r\n")(command, lines);
             inFront("EXPUNGE", "* VANISHED 1:100\r\n")(command, lines);
           }},
  };
}

// Between a server that is true and one that is not while `lying`.
struct Lied : Scripted {
  Lied(const Level& level, const Lie& lie) : Scripted({}, options(level, lie, *this)) {}

  static FakeOptions options(const Level& level, const Lie& lie, Lied& bed) {
    FakeOptions options;
    options.capabilities = kCommon + level.capabilities + " " + lie.capability;
    options.shirks = [&](const FakeCommand& it) { return bed.lying && lie.shirks && lie.shirks(it); };
    options.retells = [&](const FakeCommand& it, Lines& lines) {
      if (bed.lying && lie.retells) lie.retells(it, lines);
    };
    return options;
  }

  void change() {
    for (const std::string box : kBoxes) {
      add(local, box, 1, 100 + box.size());
      add(remote, box, 2, 200 + box.size());
      auto flag = [&](std::size_t at, std::string name) {
        return [&box, at, name](Boxes& boxes) {
          FakeMessage& message = boxes[box].messages.at(at);
          std::set<std::string> flags = message.flags;
          flags.insert(name);
          boxes[box].setFlags(message, flags);
        };
      };
      local.access(flag(0, "\\Flagged"));
      remote.access(flag(1, "\\Seen"));
      local.access([&](Boxes& boxes) { expunge(boxes[box], 2); });
      remote.access([&](Boxes& boxes) { expunge(boxes[box], 3); });
    }
  }
  void expunge(FakeMailbox& box, std::size_t at) {
    gone.insert(box.messages.at(at).text);
    box.expunge(box.messages.at(at).uid);
  }

  // What is in a mailbox: texts with their flags, and how many of each.
  using Contents = std::map<std::string, int>;
  static Contents contents(FakeServer& server, const std::string& box, bool flags) {
    Contents out;
    server.access([&](Boxes& boxes) {
      for (const FakeMessage& message : boxes[box].messages) {
        std::string text = message.text;
        for (const std::string& flag : message.flags) text += flags ? flag : "";
        ++out[text];
      }
    });
    return out;
  }
  bool isEqual(const std::string& box) { return contents(local, box, true) == contents(remote, box, true); }

  // What was there and nobody expunged is still there; nothing is there twice.
  using All = std::map<std::pair<FakeServer*, std::string>, Contents>;
  All all() {
    All out;
    for (FakeServer* server : {&local, &remote})
      for (const char* box : kBoxes) out[{server, box}] = contents(*server, box, false);
    return out;
  }
  void checkKept(const All& before) {
    for (const auto& [place, texts] : before) {
      const Contents now = contents(*place.first, place.second, false);
      CAPTURE(place.second);
      CAPTURE(place.first == &local);
      for (const auto& [text, _] : texts) CHECK((gone.contains(text) || now.contains(text)));
      for (const auto& [text, count] : now) CHECK(count == 1);
    }
  }

  std::atomic<bool> lying = false;
  std::set<std::string> gone;
};

// With new mail, flags and expunges on both sides; or at the first synchronisation.
void check(const Level& level, const Lie& lie, bool first) {
  CAPTURE(lie.name);
  CAPTURE(level.name);
  CAPTURE(first);
  Lied bed(level, lie);
  for (const char* box : kBoxes) {
    const std::size_t seed = std::strlen(box);
    Scripted::add(bed.local, box, 6, seed);
    Scripted::add(bed.remote, box, first ? 3 : 0, 50 + seed);
  }
  if (!first) {
    requireDone(bed.program.run());
    bed.change();
  }
  Lied::All before = bed.all();
  bed.lying = true;
  for (int runs = 0; runs < 2; ++runs) {
    Run run = bed.program.run({});
    INFO(run.log());
    const auto status = static_cast<ExitStatus>(run.exitStatus);
    CHECK((status == ExitStatus::ok || status == ExitStatus::data || status == ExitStatus::tryAgain));
    if (status == ExitStatus::ok)
      CHECK(bed.isEqual(kBad));
    else
      CHECK(run.says("(bad): "));
    for (const char* box : {"INBOX", "good"}) CHECK(bed.isEqual(box));
    bed.checkKept(before);
  }
  before = bed.all();
  bed.lying = false;
  Run run;
  std::string logs;
  for (int runs = 0; runs == 0 || (runs < 4 && run.exitStatus != 0); ++runs) {
    const bool decide = run.exitStatus == static_cast<int>(ExitStatus::data);
    run = bed.program.run(decide ? std::vector<std::string>{"--adopt"} : std::vector<std::string>{});
    logs += run.log();
  }
  INFO(logs);
  requireDone(run);
  bed.checkKept(before);
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

void check(const std::vector<Lie>& lies) {
  NOT_THE_REFERENCE();
  const char* only = getenv("LIE");
  for (const Lie& lie : lies) {
    if (only && lie.name.find(only) == std::string::npos) continue;
    for (const Level& level : kLevels)
      for (bool first : {false, true}) check(level, lie, first);
  }
}

}  // namespace

TEST_CASE("bad servers: OK is said, and nothing is done") { check(shirkers()); }
TEST_CASE("bad servers: answers are cut, doubled or out of place") { check(cutters()); }
TEST_CASE("bad servers: numbers are missing, wrong or contradict each other") { check(liars()); }

TEST_CASE("bad servers: CREATE says OK and makes nothing") {
  NOT_THE_REFERENCE();
  for (const Level& level : kLevels) {
    CAPTURE(level.name);
    std::atomic<bool> lying = true;
    FakeOptions options;
    options.capabilities = kCommon + level.capabilities;
    options.shirks = [&](const FakeCommand& it) { return lying && is(it, "CREATE"); };
    Scripted bed({}, options);
    for (const char* box : kBoxes) Scripted::add(bed.local, box, 3, std::strlen(box));
    for (const char* box : {"INBOX", "good"}) Scripted::add(bed.remote, box, 2, 50);
    for (int runs = 0; runs < 2; ++runs) {
      Run run = bed.program.run();
      INFO(run.log());
      const auto status = static_cast<ExitStatus>(run.exitStatus);
      CHECK((status == ExitStatus::data || status == ExitStatus::tryAgain));
      CHECK(run.says("remote(bad): "));
      for (const char* box : {"INBOX", "good"})
        CHECK(Lied::contents(bed.local, box, true) == Lied::contents(bed.remote, box, true));
      CHECK(Lied::contents(bed.local, kBad, false).size() == 3);
    }
    lying = false;
    bed.checkRecovers();
    CHECK(Lied::contents(bed.remote, kBad, false).size() == 3);
  }
}

namespace {

std::size_t count(FakeServer& server, const std::string& verb) {
  const std::vector<std::string> commands = server.commands();
  return static_cast<std::size_t>(
      std::ranges::count_if(commands, [&](auto& command) { return command.starts_with(verb); }));
}

std::size_t bodiesFetched(const FakeServer& server) {
  const std::vector<std::string> commands = server.commands();
  return static_cast<std::size_t>(std::ranges::count_if(
      commands, [](auto& command) { return command.find("BODY.PEEK[])") != command.npos; }));
}

}  // namespace

TEST_CASE("bad servers: UID EXPUNGE is offered and refused: as on a server without UIDPLUS") {
  NOT_THE_REFERENCE();
  struct {
    std::string reply;
    bool falls;  // back to EXPUNGE
  } table[] = {{"{tag} BAD what is that\r\n", true},
               {"{tag} NO not implemented\r\n", true},
               {"{tag} NO [CANNOT] no\r\n", true},
               {"{tag} NO [NOPERM] not for you\r\n", false},
               {"{tag} NO [INUSE] later\r\n", false}};
  for (const Level& level : kLevels)
    for (const auto& row : table) {
      if (level.capabilities.find("UIDPLUS") == std::string::npos) continue;
      CAPTURE(level.name);
      CAPTURE(row.reply);
      FakeOptions options;
      options.capabilities =
          std::string("IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ LIST-EXTENDED LIST-STATUS UNSELECT ") +
          level.capabilities;
      Scripted bed({}, options);
      for (const char* box : {"INBOX", "other"}) Scripted::add(bed.local, box, 4, std::strlen(box));
      requireDone(bed.program.run());
      for (const char* box : {"INBOX", "other"}) {
        bed.local.access([&](Boxes& boxes) { boxes[box].expunge(2); });
        // Somebody else's mark, which is to stay, and so is the message.
        bed.remote.access(
            [&](Boxes& boxes) { boxes[box].setFlags(boxes[box].messages.at(2), {"\\Deleted"}); });
      }
      bed.remote.on("UID EXPUNGE", 0, {.octets = row.reply});
      Run run = bed.program.run();
      INFO(run.log());
      checkStatus(run, row.falls ? ExitStatus::ok : ExitStatus::tryAgain);
      CHECK(run.says("remote(INBOX): "));
      CHECK(run.says("refuses it") == row.falls);
      CHECK((count(bed.remote, "EXPUNGE") > 0) == row.falls);
      bed.remote.access([&](Boxes& boxes) {
        for (const char* box : {"INBOX", "other"}) {
          CHECK(boxes[box].messages.size() == (row.falls ? 3 : 4));
          CHECK(boxes[box].messages.at(row.falls ? 1 : 2).flags.contains("\\Deleted"));
        }
      });
      bed.remote.forget();
      bed.checkRecovers();
    }
}

TEST_CASE("what is larger than APPENDLIMIT is not sent, but when the limit permits it") {
  NOT_THE_REFERENCE();
  for (const bool together : {false, true})
    for (const std::string limit : {"APPENDLIMIT=2000", "\"APPENDLIMIT=2000\"", "APPENDLIMIT"}) {
      CAPTURE(together);
      CAPTURE(limit);
      FakeOptions options;
      options.capabilities += " " + limit;
      if (!together)
        options.capabilities.erase(options.capabilities.find("MULTIAPPEND "), std::strlen("MULTIAPPEND "));
      // One says it no more from some day on.
      std::atomic<bool> limited = true;
      options.rewrite = [&](const std::string& line) {
        // Each mailbox has one of its own.
        if (line.starts_with("* STATUS "))
          return std::regex_replace(line, std::regex("LIMIT 0"), "LIMIT 2000");
        const auto at = limited ? std::string::npos : line.find(" " + limit);
        return at == std::string::npos ? line : line.substr(0, at) + line.substr(at + 1 + limit.size());
      };
      Scripted bed({}, options);
      Scripted::add(bed.local, "INBOX", 3, 1);
      const std::string large = "Message-ID: <large@example.net>\r\n\r\n" + std::string(3000, 'x') + "\r\n";
      bed.local.access([&](Boxes& boxes) {
        boxes["INBOX"].add(large, {"keyword"});
        boxes["INBOX"].add("Message-ID: <last@example.net>\r\n\r\nlast\r\n");
      });
      for (int runs = 0; runs < 2; ++runs) {
        const std::size_t fetched = bodiesFetched(bed.local);
        Run run = bed.program.run();
        checkStatus(run, ExitStatus::tryAgain);
        CHECK((bodiesFetched(bed.local) > fetched) == (runs == 0));
        CHECK(run.says("local(INBOX): "));
        CHECK(run.says("APPENDLIMIT"));
        for (const std::string& command : bed.remote.commands())
          CHECK(command.find("{" + std::to_string(large.size())) == std::string::npos);
        bed.remote.access([&](Boxes& boxes) { CHECK(boxes["INBOX"].messages.size() == 4); });
      }
      CHECK(bed.program.run({"--status"}).output.find("APPENDLIMIT") != std::string::npos);
      limited = false;
      bed.checkRecovers();
    }
}
