// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/script_test.h"

using namespace interimap;

TEST_CASE("what is moved is gone, whoever else expunges meanwhile") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::Move{uids("4:6"), {"old mail"}});
  script.hear("000002 UID MOVE 4:6 \"old mail\"\r\n");
  script.say("* OK [COPYUID 9 4:6 1:3] moved\r\n* VANISHED 3:5\r\n* 3 EXPUNGE\r\n000002 OK done\r\n");
  CHECK(script.answer<answer::Vanished>(id).uids.text() == "4:5");
  CHECK(script.done(id).ok());
}

TEST_CASE("a mailbox that is not there is told by its code") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::Move{uids("4"), {"gone"}});
  script.hear("000002 UID MOVE 4 gone\r\n");
  script.say("000002 NO [TRYCREATE] no such mailbox\r\n");
  auto done = script.done(id);
  CHECK(!done.ok());
  CHECK(done.code.starts_with("TRYCREATE"));
}
