// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/sasl.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace interimap;

TEST_CASE("base64: RFC 4648 section 10, there and back") {
  struct {
    std::string_view octets, text;
  } const table[] = {{"", ""},
                     {"f", "Zg=="},
                     {"fo", "Zm8="},
                     {"foo", "Zm9v"},
                     {"foob", "Zm9vYg=="},
                     {"fooba", "Zm9vYmE="},
                     {"foobar", "Zm9vYmFy"},
                     {"\xff\xef\xfe", "/+/+"}};
  for (const auto& row : table) {
    CHECK(sasl::base64(row.octets).reveal() == row.text);
    CHECK(sasl::unbase64(row.text) == std::string(row.octets));
  }
  for (const char* text : {"Z", "Zg=", "Z===", "=Zg=", "Zg==Zg==", "Zm9\n", "Zm 9", "\xc3\xa9 0"})
    CHECK_FALSE(sasl::unbase64(text));
}

TEST_CASE("field 12: the first wanted mechanism that is offered and that we can do") {
  using Names = std::vector<std::string>;
  struct {
    Names offered, wanted;
    std::string_view chosen;
  } const table[] = {
      {{"PLAIN", "LOGIN"}, {"PLAIN", "LOGIN"}, "PLAIN"},
      {{"PLAIN", "LOGIN"}, {"LOGIN", "PLAIN"}, "LOGIN"},
      {{"LOGIN"}, {"PLAIN", "LOGIN"}, "LOGIN"},
      {{"SCRAM-SHA-256", "PLAIN"}, {"SCRAM-SHA-256", "PLAIN"}, "SCRAM-SHA-256"},
      {{"SCRAM-SHA-512", "GSSAPI"}, {"SCRAM-SHA-512", "GSSAPI", "PLAIN"}, ""},
      {{"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"}, sasl::strongestFirst(), "SCRAM-SHA-256"},
      {{"PLAIN", "SCRAM-SHA-1", "LOGIN"}, sasl::strongestFirst(), "SCRAM-SHA-1"},
      {{"CRAM-MD5", "LOGIN", "PLAIN"}, sasl::strongestFirst(), "PLAIN"},
      {{"PLAIN"}, {}, ""},
      {{}, {"PLAIN"}, ""},
  };
  for (const auto& row : table) {
    auto mechanism = sasl::choose(row.offered, row.wanted, {"tim", "secret"});
    CHECK((mechanism ? mechanism->name() : "") == row.chosen);
  }
}

TEST_CASE(
    "SASL: EXTERNAL where a certificate was shown, with whom to act as; without a password nothing else") {
  sasl::Credentials credentials{.username = "tim", .certificate = true};
  auto external = sasl::choose({"PLAIN", "EXTERNAL"}, {"PLAIN", "EXTERNAL"}, credentials);
  REQUIRE(external);
  CHECK(external->name() == "EXTERNAL");
  CHECK(external->initial()->reveal() == "");
  CHECK_FALSE(external->step("more"));
  CHECK_FALSE(external->heard());
  credentials.authzid = "bob";
  CHECK(sasl::choose({"EXTERNAL"}, {"EXTERNAL"}, credentials)->initial()->reveal() == "bob");
  credentials.certificate = false;
  CHECK_FALSE(sasl::choose({"EXTERNAL"}, {"EXTERNAL"}, credentials));
}

TEST_CASE("SASL: channels are bound where there is something to bind to, and what is missing is said") {
  const ChannelBinding exporter{"tls-exporter", "E"}, unique{"tls-unique", "U"};
  using Bindings = std::vector<ChannelBinding>;
  using Names = std::vector<std::string>;
  const Names strongest = sasl::strongestFirst(), plain{"SCRAM-SHA-1"},
              both{"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"};
  const struct {
    Names offered, wanted;
    Bindings bindings;
    std::string name, flag;
  } table[] = {
      {both, strongest, {exporter, unique}, "SCRAM-SHA-1-PLUS", "p=tls-exporter"},
      {both, strongest, {unique}, "SCRAM-SHA-1-PLUS", "p=tls-unique"},
      {both, strongest, {}, "SCRAM-SHA-1", "n"},           // no TLS
      {plain, strongest, {exporter}, "SCRAM-SHA-1", "y"},  // has somebody taken it off the list?
      {both, plain, {exporter}, "SCRAM-SHA-1", "n"},       // not wanted
      {{"SCRAM-SHA-1-PLUS", "PLAIN"}, strongest, {}, "PLAIN", ""},
      {{"SCRAM-SHA-1", "SCRAM-SHA-256-PLUS"}, strongest, {exporter}, "SCRAM-SHA-256-PLUS", "p=tls-exporter"},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    auto mechanism = sasl::choose(row.offered, row.wanted, {"tim", "secret", {}, row.bindings});
    REQUIRE(mechanism);
    CHECK(mechanism->name() == row.name);
    if (!row.flag.empty()) CHECK(std::string(mechanism->initial()->reveal()).starts_with(row.flag + ","));
  }
}

TEST_CASE("SASL: who to act as") {
  sasl::Conversation plain(sasl::choose({"LOGIN", "PLAIN"}, {"LOGIN", "PLAIN"}, {"tim", "secret", "alice"}));
  CHECK(sasl::unbase64(plain.initial()->reveal()) == std::string("alice\0tim\0secret", 16));
}

TEST_CASE("SASL: a challenge is no longer than it may be, and a server that is done has proved itself") {
  sasl::Conversation scram(sasl::choose({"SCRAM-SHA-1"}, {"SCRAM-SHA-1"}, {"tim", "secret"}));
  CHECK_THROWS_WITH(scram.requireProof(),
                    "SCRAM-SHA-1: the server ends the login without proof that it knows the password");
  CHECK_FALSE(scram.concluded());
  CHECK_THROWS_WITH(scram.respond(std::string(21848, 'A')),
                    "SCRAM-SHA-1: the server's challenge is longer than 16384 octets");
  CHECK_THROWS_WITH(scram.respond("no base64"), "SCRAM-SHA-1: the server's challenge makes no sense");
  sasl::Conversation plain(sasl::choose({"PLAIN"}, {"PLAIN"}, {"tim", "secret"}));
  CHECK_NOTHROW(plain.requireProof());
}

TEST_CASE("field 12: the steps of each mechanism") {
  auto begin = [](const char* name) {
    return sasl::Conversation(sasl::choose({name}, {name}, {"tim", "tanstaaftanstaaf"}));
  };
  SUBCASE("PLAIN, RFC 4616 section 4: sent at once, and nothing else") {
    auto plain = begin("PLAIN");
    CHECK(plain.initial()->reveal() == "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
    CHECK_FALSE(plain.respond(""));
  }
  SUBCASE("PLAIN, when the server asks for it, in whatever words") {
    for (const char* challenge : {"", "go ahead"}) {
      auto plain = begin("PLAIN");
      plain.hold();
      CHECK(plain.respond(challenge)->reveal() == "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
      CHECK_FALSE(plain.respond(challenge));
    }
  }
  SUBCASE("LOGIN: the server begins") {
    auto login = begin("LOGIN");
    CHECK_FALSE(login.initial());
    login.hold();
    CHECK(login.respond("VXNlcm5hbWU6")->reveal() == "dGlt");
    CHECK(login.respond("UGFzc3dvcmQ6")->reveal() == "dGFuc3RhYWZ0YW5zdGFhZg==");
    CHECK_FALSE(login.respond("TW9yZT8="));
  }
}
