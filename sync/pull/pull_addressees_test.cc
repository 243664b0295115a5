// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_addressees.h"

#include <doctest/doctest.h>

#include <string>

#include "ipc/failure.h"

using namespace interimap;

namespace {

using Recipients = PullAddressees::Recipients;

Recipients paths(std::initializer_list<const char*> texts) {
  Recipients all;
  for (const char* text : texts) all.push_back(*ForwardPath::parse(text));
  return all;
}

settings::Pull configured() {
  settings::Pull settings;
  settings.forwardPaths = {"postmaster@example.org"};
  settings.rcptFrom = {"DELIVERED-TO", "X-ORIGINAL-TO"};
  settings.rcptAllow = {"*@example.org", "bob@*"};
  return settings;
}

}  // namespace

TEST_CASE("addresses that match a pattern") {
  struct {
    const char *pattern, *address;
    bool matches;
  } const table[] = {
      {"*@example.org", "alice@example.org", true},
      {"*@example.org", "Alice@EXAMPLE.org", true},
      {"*@example.org", "alice@example.org.evil", false},
      {"*@example.org", "alice@notexample.org", false},
      {"*@example.org", "@example.org", true},
      {"alice@example.org", "alice@example.org", true},
      {"alice@example.org", "alice@example.or", false},
      {"alice@example.org", "alice@example.orgs", false},
      {"*+lists@*.org", "a+lists@x.y.org", true},
      {"*+lists@*.org", "a+lists@x.net", false},
      {"a*b*c", "abbc", true},
      {"a*b*c", "aXbYcZc", true},
      {"a*b*c", "acb", false},
      {"*", "", true},
      {"*", "anything", true},
      {"**", "x", true},
      {"", "", true},
      {"", "x", false},
      {"a", "", false},
      {"*a", "b", false},
  };
  for (const auto& row : table) {
    CAPTURE(row.pattern);
    CAPTURE(row.address);
    CHECK(matchesAddress(row.pattern, row.address) == row.matches);
  }
  std::string many(300, 'a'), stars;
  for (int i = 0; i < 100; ++i) stars += "*a";
  CHECK_FALSE(matchesAddress(stars + "b", many));  // at once
}

TEST_CASE("a message is for those of the first field that names somebody who may be, or as configured") {
  const settings::Pull settings = configured();
  PullAddressees addressees(settings);
  CHECK(addressees.byHeader());
  const WireName inbox{"INBOX"};
  const Recipients fallback = paths({"postmaster@example.org"});
  const Recipients none;
  struct {
    std::vector<Recipients> named;
    Recipients expected, leftOut{};
  } const table[] = {
      {{none, none}, fallback},
      {{paths({"alice@example.org"}), none}, paths({"alice@example.org"})},
      {{none, paths({"alice@example.org"})}, paths({"alice@example.org"})},
      {{paths({"carol@example.org"}), paths({"alice@example.org"})}, paths({"carol@example.org"})},
      {{paths({"catchall@provider.net"}), paths({"alice@example.org"})}, paths({"alice@example.org"})},
      {{paths({"alice@example.org", "eve@evil.example", "bob@evil.example"}), none},
       paths({"alice@example.org", "bob@evil.example"}),
       paths({"eve@evil.example"})},
      {{paths({"eve@evil.example"}), paths({"eve@evil.example"})}, fallback, paths({"eve@evil.example"})},
      {{paths({"alice@example.org", "Alice@Example.org"}), none}, paths({"alice@example.org"})},
      {{}, fallback},
  };
  for (const auto& row : table) {
    CAPTURE(&row - table);
    CHECK(addressees.of(inbox, row.named).recipients == row.expected);
    CHECK(addressees.of(inbox, row.named).leftOut == row.leftOut);
  }
}

TEST_CASE("what a server may take for a route is allowed only where it is spelled out") {
  settings::Pull settings = configured();
  settings.rcptAllow = {"*@example.org", "*", "a%b@example.org", "\"x@y\"@example.org"};
  PullAddressees addressees(settings);
  for (const char* risky :
       {"eve%evil.example@example.org", "evil.example!eve@example.org", "\"eve@evil.example\"@example.org",
        "\"eve@evil.example\"", "/var/mail/eve@example.org", "\"|sh\"@example.org", "|sh@example.org",
        "-oQ/tmp@example.org", "\"-oQ\"@example.org", "\".eve\"@example.org", "\"a\\b\"@example.org"}) {
    CAPTURE(risky);
    CHECK(addressees.of({"INBOX"}, {paths({risky})}).leftOut == paths({risky}));
  }
  for (const char* fine : {"a%b@example.org", "A%B@example.org", "\"x@y\"@example.org",
                           "a-b.c+d=e@example.org", "\"a b\"@example.org", "eve@[127.0.0.1]", "alice"}) {
    CAPTURE(fine);
    CHECK(addressees.of({"INBOX"}, {paths({fine})}).recipients == paths({fine}));
  }
}

TEST_CASE("recipients with the name of the mailbox") {
  settings::Pull settings;
  settings.forwardPaths = {"bob+%l@example.org", "bob+INBOX@example.org", "all"};
  PullAddressees addressees(settings);
  CHECK_FALSE(addressees.byHeader());
  CHECK(addressees.configured({"INBOX"}) == paths({"bob+INBOX@example.org", "all"}));
  CHECK(addressees.configured({"Junk"}) == paths({"bob+Junk@example.org", "bob+INBOX@example.org", "all"}));
  CHECK(addressees.whyNone({"Junk"}).empty());
  CHECK(addressees.whyNone({"a>b"}) ==
        "The mailbox's name cannot stand in an address. See deliver-rcpt = bob+%l@example.org");
  settings.forwardPaths = {};
  CHECK_THROWS_AS(PullAddressees{settings}, Failure);
  settings.rcptFrom = {"DELIVERED-TO"};
  settings.rcptAllow = {"*@example.org"};
  PullAddressees byHeader(settings);
  CHECK(byHeader.of({"INBOX"}, {{}}).recipients.empty());
}
