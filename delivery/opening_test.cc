// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The greeting and EHLO.
#include "delivery/dialogue_test.h"

#include "delivery/limits.h"
#include "ipc/failure.h"

using namespace interimap;
using namespace interimap::test;
using Bed = DialogueBed;

TEST_CASE("EHLO is not known: HELO") {
  Bed bed;
  bed.submit({"one"});
  CHECK(bed.hear("220-hello\r\n220 there\r\n") == "EHLO me.example\r\n");
  CHECK(bed.hear("502 what?\r\n") == "HELO me.example\r\n");
  CHECK(bed.hear("250 mx\r\n") == kMail);
}

TEST_CASE("a session that is refused leaves every message where it was") {
  struct {
    Protocol protocol;
    const char* said;
  } const table[] = {
      {Protocol::smtp, "554 no service\r\n"},      {Protocol::smtp, "421 too busy\r\n"},
      {Protocol::smtp, "220 hi\r\n450 later\r\n"}, {Protocol::smtp, "220 hi\r\n500 what\r\n550 no\r\n"},
      {Protocol::lmtp, "220 hi\r\n500 what\r\n"},  {Protocol::smtp, "220 hi\r\n421 bye\r\n"},
      {Protocol::smtp, "354 hello\r\n"},           {Protocol::smtp, "hello\r\n"}};
  for (const auto& row : table) {
    CAPTURE(row.said);
    Bed bed(row.protocol);
    bed.submit({"one"});
    CHECK_THROWS_AS(bed.hearLines(row.said), Failure);
    bed.dialogue.abandon("gone");
    CHECK(bed.settled.empty());
  }
  Bed bed;
  CHECK_THROWS_AS(bed.dialogue.end(), Failure);
}

TEST_CASE("replies to what has not been said") {
  for (const char* said : {"220 hi\r\n250 mx\r\n", "220 hi\r\n500 what\r\n"}) {
    Bed bed;
    CHECK_THROWS_AS(bed.dialogue.receive(said), Failure);
  }
  Bed bed;
  bed.hear("220 hi\r\n");
  CHECK_THROWS_AS(bed.dialogue.receive("250 mx\r\n250 x\r\n"), Failure);
}

TEST_CASE("our own name is one word") {
  std::string tooLong(limits::kLongestEhlo + 1, 'a');
  for (const char* name : {"", "a b", "a\r\nb", "a\tb", "\xc3\xa4", "a\x7f", tooLong.c_str()}) {
    auto settings = settingsFor(Protocol::smtp);
    settings.ehlo = name;
    CHECK_THROWS_AS(Dialogue(settings, {}, {}), Failure);
  }
}
