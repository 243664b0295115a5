// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>

#include "sync/pull/pull_scene.h"

using namespace interimap;
using namespace std::string_literals;
using Kind = deliver::Outcome::Kind;

namespace {

std::string exported(PullScene& scene) {
  std::string octets;
  scene.withState([&](store::PullState& state) { octets = state.exported({"INBOX"}); });
  return octets;
}

bool has(PullScene& scene, std::uint32_t uid, const char* flag) {
  return scene.inbox().messages.at(uid).flags.contains(flag);
}

}  // namespace

TEST_CASE("pull: all that is there is delivered once, and flagged") {
  PullScene scene;
  scene.fill(300);
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 300);
  CHECK(scene.sink.received.front() == std::pair("body 1"s, "rcpt"s));
  CHECK(scene.sink.sawQuit);
  CHECK(scene.sink.connections == 1);
  CHECK(scene.said("info INBOX: UID 7 from <from@example.org> (17-Jul-1996 02:07:25 +0000)"));
  CHECK(scene.saidTimes(" from <") == 300);
  REQUIRE(scene.pulled.size() == 1);
  CHECK(scene.pulled[0].delivered == 300);
  for (std::uint32_t uid = 1; uid <= 300; ++uid) CHECK(has(scene, uid, "\\Seen"));
  CHECK(exported(scene) == "\0\0\0\1\0\0\1\x2d"s);

  scene.sink.sawQuit = false;
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.connections == 1);  // nothing to deliver: nothing is wanted
  CHECK(scene.log.empty());
  scene.inbox().add("new");
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 301);
}

TEST_CASE("pull: refused and deferred messages hold nobody up") {
  PullScene scene;
  scene.fill(5);
  scene.sink.fate = [](const std::string& body, const std::string&) {
    return body == "body 2" ? Kind::refused : body == "body 4" ? Kind::deferred : Kind::delivered;
  };
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.sink.received.size() == 3);
  CHECK(scene.said("error INBOX: UID 2 was refused for <rcpt>: 550 words"));
  CHECK(scene.said("warning INBOX: UID 4 is deferred for <rcpt>: 451 words"));
  CHECK_FALSE(has(scene, 2, "\\Seen"));
  CHECK(has(scene, 2, "$DeliveryFailed"));
  CHECK_FALSE(has(scene, 4, "\\Seen"));
  CHECK_FALSE(has(scene, 4, "$DeliveryFailed"));
  CHECK(exported(scene) == "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\5"s);

  scene.sink.fate = [](const std::string&, const std::string&) { return Kind::delivered; };
  CHECK(scene.run() == ExitStatus::data);  // what was refused is reported, and not tried
  CHECK(scene.said("error INBOX: UID 2 stays undelivered: refused for <rcpt> on 2001-09-09: 550 words"));
  CHECK(scene.sink.received.size() == 4);
  CHECK(has(scene, 4, "\\Seen"));

  scene.settings.retryRefused = true;
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 5);
  CHECK(has(scene, 2, "\\Seen"));
  CHECK_FALSE(has(scene, 2, "$DeliveryFailed"));
  CHECK(exported(scene) == "\0\0\0\1\0\0\0\6"s);
}

TEST_CASE("pull: deferred alone is 75, refused and removed by the user is nothing") {
  PullScene scene;
  scene.fill(2);
  scene.sink.fate = [](const std::string& body, const std::string&) {
    return body == "body 1" ? Kind::deferred : Kind::delivered;
  };
  CHECK(scene.run() == ExitStatus::tryAgain);
  scene.sink.fate = [](const std::string&, const std::string&) { return Kind::refused; };
  CHECK(scene.run() == ExitStatus::data);
  scene.inbox().messages.erase(1);
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.said("notice INBOX: UID 1 was not delivered, and is gone from the server"));
}

TEST_CASE("pull: an outcome per recipient, tried again for those alone") {
  PullScene scene;
  scene.fill(2);
  scene.settings.forwardPaths = {"a", "b", "c"};
  scene.sink.fate = [](const std::string& body, const std::string& recipient) {
    return body == "body 1" && recipient == "b" ? Kind::deferred : Kind::delivered;
  };
  CHECK(scene.run() == ExitStatus::tryAgain);
  CHECK(scene.sink.received.size() == 5);
  CHECK_FALSE(has(scene, 1, "\\Seen"));
  CHECK(has(scene, 2, "\\Seen"));
  scene.sink.fate = [](const std::string&, const std::string&) { return Kind::delivered; };
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 6);
  CHECK(scene.sink.received.back() == std::pair("body 1"s, "b"s));
  CHECK(has(scene, 1, "\\Seen"));
}

TEST_CASE("pull: a recipient that stays refused is reported, whatever became of the others meanwhile") {
  PullScene scene;
  scene.fill(1);
  scene.settings.forwardPaths = {"a", "b"};
  scene.sink.fate = [](const std::string&, const std::string& recipient) {
    return recipient == "a" ? Kind::deferred : Kind::refused;
  };
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.saidTimes("<b>") == 1);
  scene.sink.fate = [](const std::string&, const std::string&) { return Kind::delivered; };
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.sink.received == std::vector{std::pair("body 1"s, "a"s)});
  CHECK(scene.said("UID 1 stays undelivered: refused for <b>"));
  CHECK_FALSE(has(scene, 1, "\\Seen"));
}

TEST_CASE("pull: a recipient that is no longer configured is not waited for") {
  PullScene scene;
  scene.fill(1);
  scene.settings.forwardPaths = {"a", "b"};
  scene.sink.fate = [](const std::string&, const std::string& recipient) {
    return recipient == "b" ? Kind::deferred : Kind::delivered;
  };
  CHECK(scene.run() == ExitStatus::tryAgain);
  scene.settings.forwardPaths = {"a"};
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 1);
  CHECK(has(scene, 1, "\\Seen"));
}

TEST_CASE("pull: --no-delivery settles what is there, and never purges it") {
  PullScene scene;
  scene.fill(4);
  scene.settings.deliver = false;
  scene.settings.purgeAfter = 0;
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.connections == 0);
  CHECK(scene.server.expunged.empty());
  CHECK(has(scene, 1, "\\Seen"));
  scene.settings.deliver = true;
  scene.inbox().add("new");
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 1);
  CHECK(scene.server.expunged == std::vector<std::string>{"5"});
}

TEST_CASE("pull: purge takes what was delivered, and nothing else") {
  PullScene scene;
  scene.fill(6);
  scene.sink.fate = [](const std::string& body, const std::string&) {
    return body == "body 2" ? Kind::refused : Kind::delivered;
  };
  SUBCASE("at once") {
    scene.settings.purgeAfter = 0;
    CHECK(scene.run() == ExitStatus::data);
    CHECK(scene.server.expunged == std::vector<std::string>{"1,3:6"});
    CHECK(scene.said("info INBOX: Removing 5 UID(s) 1,3:6"));
    CHECK(scene.pulled[0].purged == 5);
    CHECK(scene.run() == ExitStatus::data);
    CHECK(scene.server.expunged.size() == 1);
  }
  SUBCASE("by date") {
    scene.settings.purgeAfter = 3;
    CHECK(scene.run() == ExitStatus::data);
    CHECK(scene.server.searches == std::vector<std::string>{"1,3:6 before 2001-9-6"});
    CHECK(scene.server.expunged == std::vector<std::string>{"4,6"});
  }
  SUBCASE("to another mailbox, which is made first") {
    scene.settings.purgeAfter = 0;
    scene.settings.after = {"move", "done"};
    scene.server.ready.extensions = {Extension::idle, Extension::move};
    CHECK(scene.run() == ExitStatus::data);
    CHECK(scene.server.moved == std::vector<std::string>{"1,3:6 done"});
    CHECK(scene.server.mailboxes["done"].messages.size() == 5);
    CHECK(scene.inbox().messages.size() == 1);
    CHECK(scene.server.expunged.empty());
    CHECK(scene.said("info INBOX: Moving 5 UID(s) 1,3:6 to done"));
    CHECK(scene.run() == ExitStatus::data);
    CHECK(scene.server.moved.size() == 1);
  }
  SUBCASE("not to another mailbox without MOVE") {
    scene.settings.purgeAfter = 0;
    scene.settings.after = {"move", "done"};
    CHECK(scene.run() == ExitStatus::data);
    CHECK(scene.said("Server did not advertise MOVE"));
    CHECK(scene.inbox().messages.size() == 6);
  }
  SUBCASE("not to a mailbox that the server refuses") {
    scene.settings.purgeAfter = 0;
    scene.settings.after = {"move", "done"};
    scene.server.ready.extensions = {Extension::idle, Extension::move};
    scene.server.answers = [](const std::string& command) -> std::optional<answer::Done> {
      if (!command.starts_with("CREATE")) return std::nullopt;
      return answer::Done{answer::Done::Completion::no, "CANNOT", "[CANNOT] no such name"};
    };
    CHECK(scene.run() == ExitStatus::data);
    CHECK(scene.said("Couldn't UID MOVE 1,3:6 to done: NO [TRYCREATE]"));
    CHECK(scene.inbox().messages.size() == 6);
  }
  SUBCASE("killed at any write, each is moved once") {
    scene.settings.purgeAfter = 0;
    scene.settings.after = {"move", "done"};
    scene.server.ready.extensions = {Extension::idle, Extension::move};
    for (bool after : {false, true}) {
      int write = 0;
      for (bool reached = true; reached;) {
        PullScene killed;
        killed.settings = scene.settings;
        killed.server.ready = scene.server.ready;
        killed.fill(3);
        killed.run(++write, after);
        reached = killed.killed;
        CHECK(killed.run() == ExitStatus::ok);
        CHECK(killed.inbox().messages.empty());
        CHECK(killed.server.mailboxes["done"].messages.size() == 3);
      }
      CHECK(write > 5);  // of the state and of the server
    }
  }
  SUBCASE("without UIDPLUS") {
    scene.settings.purgeAfter = 0;
    scene.server.ready.extensions = {Extension::idle};
    CHECK(scene.run() == ExitStatus::data);
    CHECK(scene.said("Server did not advertise UIDPLUS"));
    CHECK(scene.server.expunged.empty());
  }
}

TEST_CASE("pull: UIDVALIDITY changes, and messages are known again") {
  PullScene scene;
  scene.fill(4);
  scene.sink.fate = [](const std::string& body, const std::string&) {
    return body == "body 3" ? Kind::refused : Kind::delivered;
  };
  CHECK(scene.run() == ExitStatus::data);
  auto old = std::exchange(scene.inbox().messages, {});
  scene.inbox() = {77, 10, false, {}};
  for (auto& [uid, message] : old) scene.inbox().messages[uid + 5] = message;
  scene.inbox().add("new");
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.said("warning INBOX: UIDVALIDITY changed! (1 != 77) 4 of 5 messages"));
  CHECK(scene.said("UID 8 stays undelivered"));
  CHECK(scene.sink.received.size() == 4);
  CHECK(scene.sink.received.back().first == "new");
}

TEST_CASE("pull: a state file of the reference goes on where it was") {
  PullScene scene;
  scene.fill(6);
  std::ofstream(scene.scratch.file(), std::ios::binary) << "\0\0\0\1\0\0\0\3\0\0\0\4"s;
  scene.settings.purgeAfter = 0;
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 3);  // 3, 5, 6
  CHECK(scene.sink.count("body 4") == 0);
  CHECK(scene.server.expunged ==
        std::vector<std::string>{"3,5:6"});  // nobody knows what became of the others

  SUBCASE("of another UIDVALIDITY: the user decides") {
    PullScene other;
    other.fill(3);
    std::ofstream(other.scratch.file(), std::ios::binary) << "\0\0\0\2\0\0\0\3"s;
    CHECK(other.run() == ExitStatus::data);
    CHECK(other.said("UIDVALIDITY changed! (2 != 1)"));
    CHECK(other.sink.received.empty());
    other.settings.deliver = false;
    CHECK(other.run() == ExitStatus::ok);
    other.settings.deliver = true;
    other.inbox().add("new");
    CHECK(other.run() == ExitStatus::ok);
    CHECK(other.sink.received.size() == 1);
  }
}

TEST_CASE("pull: a server restored from a backup") {
  PullScene scene;
  scene.fill(6);
  CHECK(scene.run() == ExitStatus::ok);
  for (std::uint32_t uid : {4, 5, 6}) scene.inbox().messages.erase(uid);
  scene.inbox().uidNext = 4;
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.said("warning INBOX: UIDNEXT went back from 7 to 4"));
  scene.inbox().add("new");
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.count("new") == 1);
  CHECK(scene.sink.received.size() == 7);
}

TEST_CASE("field 8: a server restored from a backup that has caught up") {
  PullScene scene;
  scene.fill(6);
  scene.settings.purgeAfter = 3;  // takes even UIDs
  SUBCASE("nothing was purged") { scene.settings.purgeAfter.reset(); }
  SUBCASE("something was purged") {}
  SUBCASE("all was purged") { scene.settings.purgeAfter = 0; }
  CHECK(scene.run() == ExitStatus::ok);
  auto purged = scene.inbox().messages;
  for (std::uint32_t uid : {4, 5, 6}) scene.inbox().messages.erase(uid);
  if (scene.settings.purgeAfter)  // the backup is older than the purge
    for (std::uint32_t uid : {1, 2, 3})
      scene.inbox().messages[uid] = {
          "body " + std::to_string(uid), static_cast<std::uint8_t>(uid), static_cast<int>(uid), {}};
  scene.inbox().uidNext = 4;
  scene.server.expunged.clear();
  for (int i = 1; i <= 4; ++i) {
    std::uint32_t uid = scene.inbox().add("queued " + std::to_string(i));
    scene.inbox().messages[uid].header = static_cast<std::uint8_t>(100 + i);
  }
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.said("warning INBOX: UIDs mean other messages than before"));
  CHECK(scene.said("from UID 4 on are taken for new"));
  CHECK(scene.sink.received.size() == 10);
  for (int i = 1; i <= 4; ++i) CHECK(scene.sink.count("queued " + std::to_string(i)) == 1);
  CHECK(scene.run() == ExitStatus::ok);
  CHECK_FALSE(scene.said("taken for new"));
  CHECK(scene.sink.received.size() == 10);
}

TEST_CASE("field 8: one message in place of another with the same header, date and size") {
  PullScene scene;
  scene.fill(6);
  CHECK(scene.run() == ExitStatus::ok);
  scene.inbox().messages[6].body = "other6";
  SUBCASE("the newest is delivered") {
    CHECK(scene.run() == ExitStatus::ok);
    CHECK(scene.sink.count("other6") == 1);
    CHECK(scene.sink.received.size() == 7);
  }
  SUBCASE("under another UIDVALIDITY it is delivered") {
    scene.inbox().uidValidity = 77;
    CHECK(scene.run() == ExitStatus::ok);
    CHECK(scene.said("UIDVALIDITY changed! (1 != 77) 5 of 6 messages"));
    CHECK(scene.sink.received.size() == 7);
    CHECK(scene.sink.count("other6") == 1);
  }
  SUBCASE("an old one is not purged") {
    scene.inbox().messages[6].body = "body 6";
    scene.inbox().messages[2].body = "other2";
    scene.settings.purgeAfter = 3;
    CHECK(scene.run() == ExitStatus::ok);
    CHECK(scene.server.expunged == std::vector<std::string>{"4,6"});
    CHECK(scene.said("warning INBOX: UID 2: the server has another message there"));
  }
}

TEST_CASE("pull: messages that do not come, or are too large") {
  PullScene scene;
  scene.fill(5);
  scene.server.unsendable = {2};
  scene.server.tooLarge = {3};
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.sink.received.size() == 3);
  CHECK(scene.said("error INBOX: UID 2 is listed, but the server does not send it"));
  CHECK(scene.said("error INBOX: UID 3 is larger than max-message-size"));
  scene.server.unsendable.clear();
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.sink.count("body 2") == 1);
}

TEST_CASE("pull: several mailboxes, of which one is not there; one that is READ-ONLY") {
  PullScene scene;
  scene.fill(2);
  scene.server.mailboxes["more"].add("more 1");
  scene.server.mailboxes["more"].readOnly = true;
  scene.settings.mailboxes = {"none", "INBOX", "more"};
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.said("error none: cannot be selected: NO [NONEXISTENT] no such mailbox"));
  CHECK(scene.said("warning more: is READ-ONLY"));
  CHECK(scene.sink.received.size() == 3);
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.sink.received.size() == 3);
}

TEST_CASE(
    "pull: patterns, and mailboxes that come later; what shows others and what is moved to are left out") {
  PullScene scene;
  scene.fill(1);
  for (const char* name : {"Lists/a", "Lists/b", "Done", "Other"})
    scene.server.mailboxes[name].add(std::string("in ") + name);
  scene.server.mailboxes["Lists"].noSelect = true;
  scene.settings.mailboxes = {"Lists\0*"s, "INBOX", "INBO*"};
  CHECK(scene.run() == ExitStatus::ok);
  std::vector<std::string> bodies;
  for (const auto& [body, recipient] : scene.sink.received) bodies.push_back(body);
  CHECK(bodies == std::vector<std::string>{"in Lists/a", "in Lists/b", "body 1"});
  scene.server.mailboxes["Lists/c"].add("in Lists/c");
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 4);

  scene.settings.mailboxes = {"*"};
  scene.settings.purgeAfter = 0;
  scene.settings.after = {"move", "Done"};
  scene.server.ready.extensions.add(Extension::move);
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.count("in Done") == 0);
  CHECK(scene.sink.count("in Other") == 1);
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 5);

  scene.settings.mailboxes = {"None*", "Other"};
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.said("No mailbox matches None*. See mailbox"));
  scene.server.answers = [](const std::string& command) -> std::optional<answer::Done> {
    if (command != "LIST") return {};
    return answer::Done{answer::Done::Completion::no, "", "not now"};
  };
  CHECK(scene.run() == ExitStatus::tryAgain);
  CHECK(scene.said("LIST: NO not now. See mailbox"));
}

TEST_CASE("pull: of what is new the unseen alone, and what was left alone stays so") {
  PullScene scene;
  scene.settings.unseenOnly = true;
  scene.fill(6);
  for (std::uint32_t uid : {2U, 3U, 6U}) scene.inbox().messages.at(uid).flags = *Flags::parse("\\Seen");
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 3);
  CHECK(scene.said("info INBOX: UID 2:3,6 are \\Seen: left alone, as filter = unseen"));
  CHECK(exported(scene) == "\0\0\0\1\0\0\0\7"s);
  scene.inbox().messages.at(2).flags = {};  // its reader's affair
  scene.inbox().messages.at(scene.inbox().add("read at once")).flags = *Flags::parse("\\Seen");
  scene.settings.purgeAfter = 0;
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 3);
  CHECK_FALSE(has(scene, 2, "\\Seen"));
  CHECK(scene.inbox().messages.size() == 4);  // those are not purged
  scene.settings.unseenOnly = false;
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 3);
}

TEST_CASE("pull: a message that waits is delivered though it has been read meanwhile") {
  PullScene scene;
  scene.settings.unseenOnly = true;
  scene.fill(1);
  scene.sink.fate = [](const std::string&, const std::string&) { return Kind::deferred; };
  CHECK(scene.run() == ExitStatus::tryAgain);
  scene.inbox().messages.at(1).flags = *Flags::parse("\\Seen");
  scene.sink.fate = [](const std::string&, const std::string&) { return Kind::delivered; };
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 1);
}

TEST_CASE("pull: each message to those whom its header names, and tried again for those alone") {
  PullScene scene;
  scene.settings.rcptFrom = {"X-ORIGINAL-TO"};
  scene.settings.rcptAllow = {"*@here"};
  scene.fill(6);
  auto name = [&](std::uint32_t uid, std::vector<std::string> texts) {
    auto& named = scene.inbox().messages.at(uid).named;
    named.emplace_back();
    for (const std::string& text : texts) named.back().push_back(*ForwardPath::parse(text));
  };
  name(1, {"a@here"});
  name(2, {"b@here", "a@here"});
  name(3, {"a@there"});
  name(5, {"c@here", "x@there"});
  name(6, {"a@here"});
  bool first = true;
  scene.sink.fate = [&](const std::string& body, const std::string& recipient) {
    if (body == "body 2" && recipient == "b@here" && first) return Kind::deferred;
    if (body == "body 6") return first ? Kind::refused : Kind::delivered;
    return Kind::delivered;
  };
  CHECK(scene.run() == ExitStatus::data);
  using Delivered = std::vector<std::pair<std::string, std::string>>;
  std::ranges::sort(scene.sink.received);
  CHECK(scene.sink.received == Delivered{{"body 1", "a@here"},
                                         {"body 2", "a@here"},
                                         {"body 3", "rcpt"},
                                         {"body 4", "rcpt"},
                                         {"body 5", "c@here"}});
  first = false;
  scene.sink.received.clear();
  CHECK(scene.run() == ExitStatus::data);  // what was refused stays so
  CHECK(scene.sink.received == Delivered{{"body 2", "b@here"}});
  CHECK(has(scene, 2, "\\Seen"));
  scene.sink.received.clear();
  scene.settings.retryRefused = true;
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received == Delivered{{"body 6", "a@here"}});
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 1);
}

TEST_CASE("pull: who may not be is named, and without deliver-rcpt the message stays") {
  PullScene scene;
  scene.settings.rcptFrom = {"X-ORIGINAL-TO"};
  scene.settings.rcptAllow = {"*@here"};
  scene.settings.purgeAfter = 0;
  scene.fill(4);
  auto name = [&](std::uint32_t uid, std::vector<std::string> texts) {
    auto& named = scene.inbox().messages.at(uid).named;
    named.emplace_back();
    for (const std::string& text : texts) named.back().push_back(*ForwardPath::parse(text));
  };
  name(1, {"a@here", "x@there"});
  name(2, {"x@there", "y%there@here", "z@there"});
  name(4, {"b@here"});
  scene.settings.forwardPaths = {};
  CHECK(scene.run() == ExitStatus::data);
  std::ranges::sort(scene.sink.received);
  using Delivered = std::vector<std::pair<std::string, std::string>>;
  CHECK(scene.sink.received == Delivered{{"body 1", "a@here"}, {"body 4", "b@here"}});
  CHECK(
      scene.said("warning INBOX: UID 1 is also for <x@there>, who is not in rcpt-allow: it goes to the "
                 "others alone"));
  CHECK(
      scene.said("error INBOX: UID 2 is for <x@there>, <y%there@here> and 1 more, who is not in rcpt-allow"));
  CHECK(scene.said("error INBOX: UID 3 is for nobody: rcpt-from names nobody, and there is no deliver-rcpt"));
  CHECK(scene.inbox().messages.size() == 2);  // those are not purged
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.sink.received.size() == 2);
  scene.settings.forwardPaths = {"rcpt"};
  scene.settings.retryRefused = true;
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(
      scene.said("warning INBOX: UID 2 is for <x@there>, <y%there@here> and 1 more, who is not in "
                 "rcpt-allow: it goes to deliver-rcpt"));
  CHECK(scene.sink.count("body 2") == 1);
  CHECK(scene.sink.count("body 3") == 1);
  CHECK(scene.inbox().messages.empty());
}

TEST_CASE("pull: what is in doubt by its header is not lost without deliver-rcpt") {
  for (int write = 1;; ++write) {
    CAPTURE(write);
    PullScene scene;
    scene.settings.rcptFrom = {"X-ORIGINAL-TO"};
    scene.settings.rcptAllow = {"*@here"};
    scene.settings.forwardPaths = {};
    scene.fill(6);
    for (auto& [uid, message] : scene.inbox().messages)
      if (uid % 3 != 0) message.named = {{*ForwardPath::parse("a" + std::to_string(uid) + "@here")}};
    scene.run(write, true);
    const bool killed = scene.killed;
    CHECK(scene.run() == ExitStatus::data);
    for (std::uint32_t uid = 1; uid <= 6; ++uid) {
      const std::size_t count = scene.sink.count("body " + std::to_string(uid));
      CHECK(count >= (uid % 3 == 0 ? 0 : 1));
      CHECK(count <= (uid % 3 == 0 ? 0 : 2));
      CHECK((count < 2 || scene.said("UID " + std::to_string(uid) + " was in the hands of delivery")));
    }
    if (!killed) break;
  }
}

TEST_CASE("pull: more recipients than there may be descriptors") {
  PullScene scene;
  scene.settings.rcptFrom = {"X-ORIGINAL-TO"};
  scene.settings.rcptAllow = {"*@here"};
  scene.fill(1500);
  for (auto& [uid, message] : scene.inbox().messages)
    message.named = {{*ForwardPath::parse("a" + std::to_string(uid) + "@here")}};
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit few{320, before.rlim_max};  // what sandbox/privileges.cc leaves a worker
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  const ExitStatus status = scene.run();
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK(status == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 1500);
}

TEST_CASE("pull: killed at any write, each message comes to those whom its header names") {
  for (bool after : {false, true}) {
    for (int write = 1;; ++write) {
      CAPTURE(after);
      CAPTURE(write);
      PullScene scene;
      scene.settings.rcptFrom = {"X-ORIGINAL-TO"};
      scene.settings.rcptAllow = {"*@here"};
      scene.settings.unseenOnly = true;
      scene.settings.connections = 1;
      scene.fill(12);
      for (auto& [uid, message] : scene.inbox().messages) {
        if (uid % 4 == 0) message.flags = *Flags::parse("\\Seen");
        if (uid % 3 != 0) message.named = {{*ForwardPath::parse(uid % 3 == 1 ? "a@here" : "b@here")}};
      }
      scene.run(write, after);
      const bool killed = scene.killed;
      CHECK(scene.run() == ExitStatus::ok);
      for (std::uint32_t uid = 1; uid <= 12; ++uid) {
        const std::string body = "body " + std::to_string(uid);
        CAPTURE(body);
        const std::size_t count = scene.sink.count(body);
        if (uid % 4 == 0) {
          CHECK(count == 0);
          continue;
        }
        REQUIRE(count >= 1);
        REQUIRE(count <= 2);
        if (count == 2) CHECK(scene.said("UID " + std::to_string(uid) + " was in the hands of delivery"));
        for (const auto& [its, recipient] : scene.sink.received)
          if (its == body) CHECK(recipient == (uid % 3 == 0 ? "rcpt" : uid % 3 == 1 ? "a@here" : "b@here"));
      }
      const std::size_t received = scene.sink.received.size();
      CHECK(scene.run() == ExitStatus::ok);
      CHECK(scene.sink.received.size() == received);
      if (!killed) break;
    }
  }
}

TEST_CASE("pull: a mailbox's name in the recipient, and one that can stand in none") {
  PullScene scene;
  scene.fill(1);
  scene.server.mailboxes["Sent Items"].add("sent");
  scene.server.mailboxes["a<b"].add("odd");
  scene.settings.mailboxes = {"*"};
  scene.settings.forwardPaths = {"me+%l@here"};
  CHECK(scene.run() == ExitStatus::config);
  using Delivered = std::vector<std::pair<std::string, std::string>>;
  std::ranges::sort(scene.sink.received);
  CHECK(scene.sink.received == Delivered{{"body 1", "me+INBOX@here"}, {"sent", "\"me+Sent Items\"@here"}});
  CHECK(
      scene.said("error a<b: The mailbox's name cannot stand in an address. See deliver-rcpt = me+%l@here"));
}

TEST_CASE("pull: the state of another account") {
  PullScene scene;
  CHECK(scene.run() == ExitStatus::ok);
  scene.settings.account = "you@there";
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.said("belongs to the account me@there, but this is you@there"));
}

TEST_CASE("pull: idling") {
  PullScene scene;
  scene.settings.errand = settings::Pull::Errand::idle;
  scene.fill(1);
  scene.pauses = 4;
  SUBCASE("new mail, and what is due") {
    std::vector<std::int64_t> times;
    scene.sink.fate = [&](const std::string& body, const std::string&) {
      if (body == "body 1") times.push_back(scene.now - 1'000'000'000);
      return body == "body 1" ? Kind::deferred : Kind::delivered;
    };
    scene.onPause = [&](int) { scene.inbox().add("more"); };
    scene.run();
    CHECK(times == std::vector<std::int64_t>{0, 60, 180, 420, 900});
    CHECK(scene.sink.received.size() == 4);
    CHECK(scene.pulled.size() == 5);
    CHECK(scene.pulled[0].waiting);
  }
  SUBCASE("a server that is down") {
    scene.sink.closesAfter = 0;
    std::vector<std::int64_t> times;
    scene.onPause = [&](int) { times.push_back(scene.now - 1'000'000'000); };
    scene.run();
    CHECK(scene.sink.connections == 5);
    CHECK(times == std::vector<std::int64_t>{5, 15, 35, 75, 155});
    CHECK(scene.saidTimes("Mail cannot be delivered") == 1);
  }
}

TEST_CASE("field 23: what was delivered and comes back ends the visit, and goes round no more") {
  PullScene scene;
  scene.fill(40);
  SUBCASE("through servers that say so") {
    for (auto& [uid, message] : scene.inbox().messages) {
      message.hops = {ContentDigest{1, static_cast<std::uint8_t>(uid)}};
      message.received = 1;
    }
    scene.sink.onDelivered = [&](const std::string& body) {
      auto& inbox = scene.inbox();
      auto original =
          std::ranges::find(inbox.messages, body, [](const auto& each) { return each.second.body; });
      SimulatedServer::Message copy = original->second;
      std::uint32_t uid = inbox.add("back: " + body);
      copy.body = inbox.messages[uid].body;
      copy.hops.insert(copy.hops.begin(), ContentDigest{2, static_cast<std::uint8_t>(uid)});
      ++copy.received;
      inbox.messages[uid] = copy;
    };
  }
  SUBCASE("that had come through none") {
    scene.sink.onDelivered = [&](const std::string& body) {
      std::uint32_t uid = scene.inbox().add("back: " + body);
      scene.inbox().messages[uid].received = 1;
      scene.inbox().messages[uid].header = static_cast<std::uint8_t>(std::stoi(body.substr(body.rfind(' '))));
    };
  }
  SUBCASE("as it was") {
    scene.sink.onDelivered = [&](const std::string& body) { scene.inbox().add(body); };
  }
  CHECK(scene.run() == ExitStatus::tryAgain);
  CHECK(scene.sink.received.size() == 40);
  CHECK(scene.said("was delivered before, and has come back"));
  CHECK(scene.pulled[0].delivered == 40);
  CHECK(scene.pulled[0].deferred > 0);
  for (auto& [uid, message] : scene.inbox().messages) message.received += 0;
  std::size_t before = scene.sink.received.size();
  scene.sink.onDelivered = [](const std::string&) {};
  CHECK(scene.run() == ExitStatus::tryAgain);
  CHECK(scene.sink.received.size() <= before + 8);  // at most those that the first visit had not looked at
}

TEST_CASE("field 23: a message with a hundred Received fields is held back, the others are delivered") {
  PullScene scene;
  scene.fill(3);
  scene.inbox().messages[2].received = 100;
  scene.inbox().messages[3].received = 99;
  CHECK(scene.run() == ExitStatus::tryAgain);
  CHECK(scene.said("warning INBOX: UID 2 has 100 Received fields"));
  CHECK(scene.sink.received.size() == 2);
  CHECK(scene.pulled[0].deferred == 1);
  CHECK(scene.run() == ExitStatus::tryAgain);
  CHECK_FALSE(scene.said("Received fields"));  // not before an hour has passed
  scene.now += 3600;
  CHECK(scene.run() == ExitStatus::tryAgain);
  CHECK(scene.said("UID 2 has 100 Received fields"));
  CHECK(scene.sink.received.size() == 2);
}

TEST_CASE("field 23: a sender that is none to the server is left out, once") {
  PullScene scene;
  scene.fill(2);
  scene.inbox().messages[2].sender = "";
  bool lenient = true;
  scene.sink.fate = [&](const std::string&, const std::string&) { return Kind::refused; };
  std::vector<std::string> senders;
  scene.sink.refusal = [&](const std::string& sender) {
    senders.push_back(sender);
    if (sender.empty() && lenient)
      scene.sink.fate = [](const std::string&, const std::string&) { return Kind::delivered; };
    return std::pair(501, std::optional(EnhancedStatus{5, 1, 7}));
  };
  SUBCASE("and then it is refused") {
    lenient = false;
    CHECK(scene.run() == ExitStatus::data);
    CHECK(senders == std::vector<std::string>{"from@example.org", "", ""});
    CHECK(scene.pulled[0].refused == 2);
  }
  SUBCASE("deliver-sender") {
    lenient = false;
    scene.settings.sender = "me@here";
    CHECK(scene.run() == ExitStatus::data);
    CHECK(senders == std::vector<std::string>{"me@here", "me@here", "", ""});
    scene.settings.sender = "";
    senders.clear();
    scene.settings.retryRefused = true;
    CHECK(scene.run() == ExitStatus::data);
    CHECK(senders == std::vector<std::string>{"", ""});
  }
}

TEST_CASE("field 24: what waits is counted once, and a line tells each delivery") {
  PullScene scene;
  scene.fill(3);
  scene.sink.fate = [](const std::string& body, const std::string&) {
    return body == "body 1" ? Kind::deferred : body == "body 2" ? Kind::refused : Kind::delivered;
  };
  scene.settings.errand = settings::Pull::Errand::idle;
  scene.pauses = 4;
  scene.run();
  CHECK(scene.said("info INBOX: UID 3 is delivered to <rcpt>: 250 words (Message-ID <3@example.org>)"));
  REQUIRE(scene.pulled.size() == 5);
  for (const Pulled& pulled : scene.pulled) {
    CHECK(pulled.deferred == 1);
    CHECK(pulled.refused == 1);
  }
}

TEST_CASE("field 24: what was refused is reported until it is to be forgotten") {
  PullScene scene;
  scene.fill(2);
  scene.sink.fate = [](const std::string&, const std::string&) { return Kind::refused; };
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.run() == ExitStatus::data);
  CHECK(scene.saidTimes("stays undelivered") == 2);
  SUBCASE("--forget-refused") {
    scene.settings.forgetRefused = true;
    CHECK(scene.run() == ExitStatus::ok);
    scene.settings.forgetRefused = false;
  }
  SUBCASE("the keyword is taken away") {
    scene.inbox().messages[1].flags = *Flags::parse("\\Flagged");
    CHECK(scene.run() == ExitStatus::data);
    CHECK(scene.saidTimes("stays undelivered") == 1);
    scene.inbox().messages[2].flags = {};
    CHECK(scene.run() == ExitStatus::ok);
  }
  CHECK_FALSE(scene.said("stays undelivered"));
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.log.empty());
  CHECK(scene.pulled[0].refused == 0);
  scene.settings.purgeAfter = 0;
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.inbox().messages.size() == 2);
  CHECK_FALSE(has(scene, 1, "\\Seen"));
}

TEST_CASE("field 24: what may have been delivered is said once") {
  PullScene scene;
  scene.fill(1);
  scene.sink.fate = [](const std::string&, const std::string&) { return Kind::unknown; };
  CHECK(scene.run() == ExitStatus::tryAgain);
  CHECK(scene.saidTimes("may have been delivered") == 1);
  scene.sink.fate = [](const std::string&, const std::string&) { return Kind::delivered; };
  CHECK(scene.run() == ExitStatus::ok);
  CHECK_FALSE(scene.said("may have been delivered"));
}

TEST_CASE("field 25: \\Seen is left to the reader") {
  PullScene scene;
  scene.settings.seen = false;
  scene.fill(3);
  SUBCASE("--no-delivery") { scene.settings.deliver = false; }
  SUBCASE("delivery") {}
  SUBCASE("delivery, one refused") {
    scene.sink.fate = [](const std::string& body, const std::string&) {
      return body == "body 3" ? Kind::refused : Kind::delivered;
    };
  }
  scene.run();
  for (std::uint32_t uid : {1, 2, 3}) CHECK_FALSE(has(scene, uid, "\\Seen"));
  scene.settings.deliver = scene.settings.seen = true;
  scene.inbox().add("new");
  scene.run();
  for (std::uint32_t uid : {1, 2, 3}) CHECK_FALSE(has(scene, uid, "\\Seen"));  // nor later
  CHECK(has(scene, 4, "\\Seen"));
}
