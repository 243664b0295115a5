// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <cstdint>

#include "ipc/special_use.h"
#include "net/script_test.h"

using namespace interimap;

TEST_CASE("a mailbox is created for a use where the server can") {
  std::uint8_t sent = 0;
  for (std::size_t use = 0; use < std::size(kSpecialUses); ++use)
    if (kSpecialUses[use] == std::string("\\Sent")) sent = static_cast<std::uint8_t>(1U << use);
  struct {
    const char* capabilities;
    std::uint8_t uses;
    const char* command;
  } table[] = {
      {" CREATE-SPECIAL-USE", sent, "000002 CREATE \"a b\" (USE (\\Sent))\r\n"},
      {" CREATE-SPECIAL-USE", 0, "000002 CREATE \"a b\"\r\n"},
      {" SPECIAL-USE", sent, "000002 CREATE \"a b\"\r\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.capabilities);
    Script script(account());
    script.ready(row.capabilities);
    auto id = script.ask(request::Manage{request::Manage::Verb::create, {"a b"}, {}, row.uses});
    script.hear(row.command);
    script.say("000002 NO [USEATTR] not for that\r\n");
    CHECK(script.done(id).code == "USEATTR");
  }
}
