// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include <random>
#include <set>

#include "sync/pull/pull_scene.h"

using namespace interimap;
using Kind = deliver::Outcome::Kind;

TEST_CASE("pull: unknown outcomes are named, and tried again") {
  PullScene scene;
  scene.fill(2);
  scene.sink.fate = [](const std::string& body, const std::string&) {
    return body == "body 1" ? Kind::unknown : Kind::delivered;
  };
  CHECK(scene.run() == ExitStatus::tryAgain);
  CHECK(scene.said("warning INBOX: UID 1 may have been delivered to <rcpt>"));
  CHECK(scene.pulled[0].unknown == 1);
  scene.sink.fate = [](const std::string&, const std::string&) { return Kind::delivered; };
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.count("body 1") == 2);
}

TEST_CASE("pull: a server that hangs up after every few messages gets all of them, once") {
  PullScene scene;
  scene.fill(300);
  scene.sink.closesAfter = 7;
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 300);
  CHECK(scene.sink.connections == 43);
  CHECK(scene.saidTimes(" from <") == 300);
}

TEST_CASE("pull: a message whose connection is lost is tried once more in the same run") {
  PullScene scene;
  scene.fill(5);
  int times = 0;
  scene.sink.losing = [&](const std::string& body) { return body == "body 2" && ++times == 1; };
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 5);
  CHECK(scene.pulled[0].deferred == 0);
  scene.inbox().add("body 6");
  scene.inbox().add("body 7");
  scene.sink.losing = [&](const std::string& body) { return body == "body 6"; };
  CHECK(scene.run() == ExitStatus::tryAgain);
  CHECK(scene.saidTimes("UID 6 is deferred for <rcpt>: words") == 1);
  CHECK(scene.pulled[0].deferred == 1);
  CHECK(scene.sink.received.size() == 6);
}

TEST_CASE("pull: a server that is down is not asked for ever") {
  PullScene scene;
  scene.fill(300);
  scene.sink.closesAfter = 0;
  CHECK(scene.run() == ExitStatus::tryAgain);
  CHECK(scene.sink.connections == 3);
  CHECK(scene.said("error : Mail cannot be delivered: connection lost"));
  scene.sink.closesAfter.reset();
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.received.size() == 300);
}

TEST_CASE("pull: what will not pass ends the run with its status") {
  for (ExitStatus status : {ExitStatus::noPermission, ExitStatus::config, ExitStatus::protocol}) {
    PullScene scene;
    scene.fill(3);
    scene.sink.closesAfter = 0;
    scene.sink.closedWith = status;
    CHECK(scene.run() == status);
    CHECK(scene.sink.connections == 1);
  }
}

TEST_CASE("pull: a delivery process that dies leaves unknown messages, and they are named") {
  PullScene scene;
  scene.fill(3);
  scene.sink.diesAfter = 1;
  CHECK(scene.run() == ExitStatus::internal);
  CHECK(scene.said("UID 2 may have been delivered"));
  CHECK(scene.said("UID 3 may have been delivered"));
  scene.sink.diesAfter.reset();
  CHECK(scene.run() == ExitStatus::ok);
  CHECK(scene.sink.count("body 1") == 1);
  CHECK(scene.sink.count("body 2") == 2);
  CHECK(scene.sink.count("body 3") == 1);
}

TEST_CASE("pull: killed at any write, nothing is lost, and what may come twice is named") {
  for (bool after : {false, true}) {
    for (int write = 1;; ++write) {
      CAPTURE(write);
      CAPTURE(after);
      PullScene scene;
      scene.fill(150);
      scene.settings.purgeAfter = 3;
      scene.sink.fate = [](const std::string& body, const std::string&) {
        return body == "body 9" ? Kind::refused : Kind::delivered;
      };
      scene.run(write, after);
      bool killed = scene.killed;
      std::size_t before = scene.sink.received.size();
      CHECK(scene.run() == ExitStatus::data);
      std::size_t twice = 0;
      for (int i = 1; i <= 150; ++i) {
        std::string body = "body " + std::to_string(i);
        std::size_t count = scene.sink.count(body);
        if (i == 9) {
          CHECK(count == 0);
          continue;
        }
        REQUIRE(count >= 1);
        REQUIRE(count <= 2);
        if (count == 2) {
          ++twice;
          CHECK(scene.said("UID " + std::to_string(i) + " was in the hands of delivery"));
        }
      }
      CHECK(twice <= before);
      for (const auto& [uid, message] : scene.inbox().messages)
        CHECK(message.flags.contains("\\Seen") == (uid != 9));
      CHECK(scene.inbox().messages.size() == 75);  // odd ones stay
      std::size_t received = scene.sink.received.size();
      CHECK(scene.run() == ExitStatus::data);
      CHECK(scene.sink.received.size() == received);
      if (!killed) break;
    }
  }
}

TEST_CASE("pull: random faults and kills: everything arrives, and what came twice was named") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    auto oneIn = [&](unsigned n) { return random() % n == 0; };
    PullScene scene;
    std::set<std::string> named;
    bool faulty = true;
    scene.sink.fate = [&](const std::string&, const std::string&) {
      if (!faulty || !oneIn(8)) return Kind::delivered;
      return oneIn(3) ? Kind::unknown : Kind::deferred;
    };
    scene.sink.losing = [&](const std::string&) { return faulty && oneIn(20); };
    int messages = 0;
    for (int round = 0; round < 7; ++round) {
      faulty = round < 5;
      for (unsigned i = random() % 60; i > 0; --i) scene.inbox().add("body " + std::to_string(++messages));
      scene.sink.closesAfter = faulty && oneIn(2) ? std::optional<int>(5 + random() % 20) : std::nullopt;
      scene.sink.diesAfter = faulty && oneIn(5) ? std::optional<int>(random() % 20) : std::nullopt;
      ExitStatus status = scene.run(faulty && oneIn(2) ? static_cast<int>(1 + random() % 20) : 0, oneIn(2));
      if (!faulty) CHECK(status == ExitStatus::ok);
      for (const std::string& line : scene.log)
        if (auto at = line.find("UID ");
            at != std::string::npos && (line.find("may have been") != std::string::npos))
          named.insert("body " + std::to_string(std::stoi(line.substr(at + 4))));
    }
    for (int i = 1; i <= messages; ++i) {
      std::string body = "body " + std::to_string(i);
      CAPTURE(body);
      CHECK(scene.sink.count(body) >= 1);
      if (scene.sink.count(body) > 1) CHECK(named.contains(body));
    }
    for (const auto& [uid, message] : scene.inbox().messages) CHECK(message.flags.contains("\\Seen"));
  }
}

TEST_CASE("pull: a mailbox that cannot be selected at first is caught up with later") {
  PullScene scene;
  scene.fill(3);
  CHECK(scene.run(6) == ExitStatus::ok);  // killed with messages in the hands of delivery
  REQUIRE(scene.killed);
  auto inbox = std::exchange(scene.server.mailboxes, {});
  scene.settings.errand = settings::Pull::Errand::idle;
  scene.pauses = 1;
  scene.onPause = [&](int) { scene.server.mailboxes = inbox; };
  scene.run();
  CHECK(scene.said("cannot be selected"));
  CHECK(scene.saidTimes("in the hands of delivery") == 3);
  CHECK(scene.sink.received.size() >= 3);
}
