// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/script_test.h"

using namespace interimap;

TEST_CASE("what was copied is told by COPYUID, as far as it makes sense") {
  const std::optional<Uid> none;
  const std::vector<std::optional<Uid>> untold{none, none, none};
  const std::vector<bool> all{true, true, true}, nothing{false, false, false};
  struct {
    const char* answer;
    std::vector<std::optional<Uid>> uids;
    std::vector<bool> stored;
  } table[] = {
      {"OK [COPYUID 9 4:6 1:3] done", {Uid::of(1), Uid::of(2), Uid::of(3)}, all},
      {"OK [COPYUID 9 6,4:5 7,9,8] done", {Uid::of(9), Uid::of(8), Uid::of(7)}, all},
      {"OK [COPYUID 9 4,6 1:2] one is gone", {Uid::of(1), none, Uid::of(2)}, {true, false, true}},
      {"OK nothing is there any more, or it does not say", untold, all},
      {"OK [COPYUID 9 4:6 1:2] not as many", untold, all},
      {"OK [COPYUID 9 4:6 1:4] nor these", untold, all},
      {"OK [COPYUID 9 4:7 1:4] one more", untold, all},
      {"OK [COPYUID 9 4:5,7 1:3] not asked for", untold, all},
      {"OK [COPYUID 9 4,4:5 1:3] one of them twice", untold, all},
      {"OK [COPYUID 9 4:6 2,1:2] a copy twice", untold, all},
      {"OK [COPYUID 0 4:6 1:3] no UIDVALIDITY", untold, all},
      {"OK [COPYUID 9 4:6 0:2] no UID", untold, all},
      {"OK [COPYUID 9 1:4294967295 1:4294967295] too many", untold, all},
      {"NO [TRYCREATE] no such mailbox", untold, nothing},
      {"BAD what?", untold, nothing},
  };
  for (const auto& row : table) {
    CAPTURE(row.answer);
    Script script(account());
    script.ready();
    auto id = script.ask(request::Copy{uids("4:6"), {"old mail"}});
    script.hear("000002 UID COPY 4:6 \"old mail\"\r\n");
    script.say(std::string("000002 ") + row.answer + "\r\n");
    auto copied = script.answer<answer::Appended>(id);
    CHECK(copied.uids == row.uids);
    CHECK(copied.stored == row.stored);
    CHECK(script.done(id).ok() == std::string(row.answer).starts_with("OK"));
  }
}

TEST_CASE("a listing has what the server calls its messages") {
  struct {
    const char *capability, *item;
    std::vector<const char*> values;  // of the same name
    const char* another;
  } table[] = {
      {" OBJECTID", " EMAILID", {"(M6d99ac3275bb4e)", "(M6d99ac3275bb4e)"}, "(M1)"},
      {" X-GM-EXT-1", " X-GM-MSGID", {"1278455344230334865", "1278455344230334865"}, "2"},
      {" SNIPPET=FUZZY", " X-GUID", {"a,S=1", "\"a,S=1\""}, "b"},
      {" OBJECTID X-GM-EXT-1 SNIPPET=FUZZY", " EMAILID", {"(a)"}, "(b)"},
      {"", "", {}, nullptr},
  };
  for (const auto& row : table) {
    CAPTURE(row.capability);
    Script script(account());
    script.ready(row.capability);
    auto id = script.ask(request::Fetch{uids("1:9"), request::Fetch::Items::listing});
    script.hear(std::string("000002 UID FETCH 1:9 (MODSEQ FLAGS RFC822.SIZE") + row.item + ")\r\n");
    std::uint32_t uid = 0;
    auto tell = [&](const std::string& more) {
      script.say("* 1 FETCH (UID " + std::to_string(++uid) + " FLAGS () RFC822.SIZE 3" + more + ")\r\n");
    };
    for (const char* value : row.values) tell(std::string(row.item) + " " + value);
    if (row.another != nullptr) tell(std::string(row.item) + " " + row.another);
    const std::uint32_t named = uid;
    tell("");
    if (row.another != nullptr) tell(std::string(row.item) + " NIL");
    script.say("000002 OK\r\n");
    std::optional<ServerId> first;
    for (const answer::Message& message : script.answer<answer::Messages>(id).messages) {
      CAPTURE(message.uid.value());
      REQUIRE(message.id.has_value() == (message.uid.value() <= named));
      if (!message.id) continue;
      if (!first) first = message.id;
      CHECK((message.id == first) == (message.uid.value() <= row.values.size()));
    }
    CHECK(script.done(id).ok());
  }
}
