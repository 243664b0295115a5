// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The brick that makes a Dovecot a lesser server: refuses what it does not show.
#include "tests/e2e/lesser_server.h"

#include <algorithm>

#include "tests/e2e/bed.h"

using namespace interimap::bed;

namespace {

struct Lesser {
  Directory directory;
  Dovecot dovecot{directory / "server"};
  Corpus corpus{3};

  explicit Lesser() {
    ImapClient bob = dovecot.client("bob");
    bob.append("INBOX", corpus.smallMessages(5));
  }
  static ImapClient client(const LesserServer& server) { return ImapClient(server.port(), "bob", kPassword); }
};

bool holds(const Reply& reply, const std::string& text) {
  return std::any_of(reply.responses.begin(), reply.responses.end(),
                     [&](const std::string& each) { return each.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE_FIXTURE(Lesser, "a lesser server: what it does not show is refused") {
  const struct {
    const char* name;
    LesserOptions options;
    const char* refused;
    const char* taken;
  } kCases[] = {
      {"bare", LesserOptions::bare(), "UID EXPUNGE 1", "UID FETCH 1:* (FLAGS)"},
      {"bare", LesserOptions::bare(), "LIST \"\" * RETURN (STATUS (UIDNEXT))", "LIST \"\" *"},
      {"exchange", LesserOptions::exchange(), "ENABLE CONDSTORE", "UID EXPUNGE 1000"},
      {"exchange", LesserOptions::exchange(), "UID STORE 1 +FLAGS (work)", "UID STORE 1 +FLAGS (\\Seen)"},
      {"gmail", LesserOptions::gmail(), "SELECT INBOX (QRESYNC (1 1))", "SELECT INBOX (CONDSTORE)"},
      {"icloud", LesserOptions::icloud(), "LIST \"\" * RETURN (SUBSCRIBED)", "LIST \"\" *"},
      {"rev2", LesserOptions::rev2(), "STATUS INBOX (HIGHESTMODSEQ)", "ENABLE IMAP4rev2"},
      {"full without MOVE", LesserOptions::full().hide("MOVE"), "UID MOVE 1 INBOX", "NOOP"},
  };
  for (const auto& each : kCases) {
    INFO(each.name, ": ", each.refused);
    LesserServer server(dovecot.imap(), each.options);
    ImapClient bob = client(server);
    bob.select("INBOX");
    CHECK_FALSE(bob.tryCommand(each.refused).ok());
    CHECK(bob.tryCommand(each.taken).ok());
  }
}

TEST_CASE_FIXTURE(Lesser, "a lesser server: cut, throttled, and without the UIDs of what was appended") {
  LesserOptions options = LesserOptions::yahoo();
  options.limit = 2;
  options.throttleFrom = 4;
  options.throttleFor = 1;
  options.namesUids = options.namesUidNext = false;
  LesserServer server(dovecot.imap(), options);
  ImapClient bob = client(server);
  CHECK_FALSE(holds(bob.command("SELECT INBOX"), "UIDNEXT"));
  Reply fetched = bob.command("UID FETCH 1:* (FLAGS)");
  CHECK(fetched.responses.size() == 2);
  CHECK(fetched.text.find("[MESSAGELIMIT 2 4]") != std::string::npos);
  CHECK(bob.command("UID SEARCH ALL").responses == std::vector<std::string>{"SEARCH 4 5"});
  CHECK(bob.tryCommand("NOOP").text.find("UNAVAILABLE") != std::string::npos);
  CHECK(bob.command("NOOP").ok());
  const Reply copied = bob.command("UID COPY 1 INBOX");
  CHECK(copied.text.find("COPYUID") == std::string::npos);
}

TEST_CASE_FIXTURE(Lesser, "a lesser server: a duplicate under one label vanishes") {
  LesserServer server(dovecot.imap(), LesserOptions::gmail());
  ImapClient bob = client(server);
  bob.create("label");
  for (int i = 0; i < 2; ++i)
    CHECK(bob.command("APPEND label {4+}\r\na: b").text.find("APPENDUID") != std::string::npos);
  CHECK(bob.select("label") == 1);
  CHECK(bob.select("[Gmail]/All Mail") == 1);
}
