// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/sasl.h"

#include <doctest/doctest.h>

#include <string>

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
      {{"SCRAM-SHA-256", "PLAIN"}, {"SCRAM-SHA-256", "PLAIN"}, "PLAIN"},
      {{"SCRAM-SHA-256"}, {"SCRAM-SHA-256", "PLAIN"}, ""},
      {{"PLAIN"}, {}, ""},
      {{}, {"PLAIN"}, ""},
  };
  for (const auto& row : table) {
    auto mechanism = sasl::choose(row.offered, row.wanted, {"tim", "secret"});
    CHECK((mechanism ? mechanism->name() : "") == row.chosen);
  }
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
