// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/list.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"
#include "net/script_test.h"
#include "net/wire/limits.h"

using namespace interimap;

namespace {

struct Counted final : Answers {
  std::size_t entries = 0, packets = 0;
  void send(What what, Descriptor = {}) override {
    ++packets;
    if (auto* listed = std::get_if<answer::Listed>(&what)) entries += listed->entries.size();
    CHECK(pack(Answer{1, std::move(what), {}}).words.size() * 8 <= Channel::kMostBytes);
  }
};

std::string wire(request::List request) {
  return List(std::move(request)).commands({}).at(0).pieces().at(0).text;
}

}  // namespace

TEST_CASE("LIST commands") {
  CHECK(wire({.reference = "", .patterns = {""}}) == "LIST \"\" \"\"");
  CHECK(wire({.reference = "mail/", .patterns = {"*"}, .returnStatus = false}) ==
        "LIST mail/ * RETURN (SUBSCRIBED)");
  CHECK(wire({.reference = "",
              .patterns = {"a b", "c%"},
              .selectionOptions = {"SUBSCRIBED", "RECURSIVEMATCH"}}) ==
        "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (\"a b\" c%) RETURN (SUBSCRIBED STATUS (MESSAGES UIDVALIDITY "
        "UIDNEXT HIGHESTMODSEQ))");
}

TEST_CASE("names of any length fit into packets, and their number is limited") {
  List list({.reference = "", .patterns = {"*"}});
  Counted counted;
  auto say = [&](std::size_t length) {
    Untagged response = ListResponse{{.mailbox = {std::string(length, 'x')}}};
    return list.take(response, counted);
  };
  for (int i = 0; i < 100; ++i) REQUIRE(say(limits::kLongestName));
  list.finish(counted);
  CHECK(counted.entries == 100);
  for (std::size_t i = 100; i < 2 * limits::kMostMailboxes; ++i) REQUIRE(say(1));
  CHECK_THROWS_AS(say(1), Failure);
}

TEST_CASE(
    "field 16: a LIST response that cannot be read makes its list an incomplete one, and nobody else's") {
  Script script(account());
  script.ready();
  auto list = script.ask(request::List{"", {"*"}, {}, false});
  auto fetch = script.ask(request::Simple{request::Simple::Verb::noop});
  script.hear("000002 LIST \"\" * RETURN (SUBSCRIBED)\r\n000003 NOOP\r\n");
  SUBCASE("a delimiter") { script.say("* LIST () \"\"\" b\r\n"); }
  SUBCASE("no name") { script.say("* LIST () \"/\"\r\n"); }
  SUBCASE("no attributes") { script.say("* LIST \"/\" b\r\n"); }
  script.say("* LIST () \"/\" INBOX\r\n000002 OK\r\n000003 OK\r\n");
  CHECK(script.answer<answer::Listed>(list).entries.size() == 1);
  CHECK(script.done(list).code == answer::kUnreadable);
  CHECK(script.done(fetch).ok());
}
