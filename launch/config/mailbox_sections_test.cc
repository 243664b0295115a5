// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/mailbox_sections.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"

using namespace interimap;

namespace {

using Rule = settings::OfMailbox;

std::vector<Rule> read(const std::string& text) { return readMailboxSections(Ini::parse(text, "f"), "f"); }

std::string refused(const std::string& text) {
  try {
    read(text);
    return "none";
  } catch (const Failure& failure) {
    CHECK(failure.status == ExitStatus::config);
    return failure.what();
  }
}

}  // namespace

TEST_CASE("mailbox sections: each in its order, with what it says and nothing that it could inherit") {
  auto rules = read(
      "max-deletions = 3\n[mailbox Sent]\n[local]\nhost = a\n[mailbox \"A\\0b c*\"]\ndirection = to-remote\n"
      "deletions = never\nflags = NO\ncreate = no\nmax-size = 2M\nmax-age = 3m\n[mailbox   *  ]\n"
      "max-deletions = 10%\n[mailboxes]\n");
  REQUIRE(rules.size() == 3);
  Rule sent;
  sent.pattern = "Sent";
  CHECK(rules[0] == sent);
  CHECK(rules[1].pattern == std::string("A\0b c*", 6));
  CHECK(rules[1].direction == Rule::Direction::toRemote);
  CHECK(rules[1].deletions == Rule::Deletions::never);
  CHECK_FALSE(rules[1].flags);
  CHECK_FALSE(rules[1].create);
  CHECK(rules[1].maxSize == 2 << 20);
  CHECK(rules[1].maxAge == 90);
  CHECK(rules[2].pattern == "*");
  CHECK(rules[2].maxDeletions == settings::Share{10, true});
  CHECK(read("[local]\n[remote]\n").empty());
}

TEST_CASE("mailbox sections: one that an earlier one leaves nothing to is refused where that is certain") {
  struct {
    const char *earlier, *later;
    bool isRefused;
  } table[] = {
      {"*", "a", true},         {"*", "%", true},         {"*", "INBOX", true},      {"a", "a", true},
      {"inbox", "INBOX", true}, {"a*", "ab*c", true},     {"a*c", "a%b*c", true},    {"a*b", "axxb", true},
      {"IN*", "inbox", true},   {"a*", "*a", false},      {"a", "A", false},         {"%", "a", false},
      {"a%", "a%", true},       {"a*b", "a*", false},     {"a*b", "ab%", false},     {"a", "a*", false},
      {"in*", "inbox", false},  {"*a*b*", "xaxbx", true}, {"*a*b*", "xbxax", false},
  };
  for (const auto& row : table) {
    CAPTURE(row.earlier);
    CAPTURE(row.later);
    const std::string said =
        refused(std::string("[mailbox ") + row.earlier + "]\n[mailbox " + row.later + "]\n");
    CHECK((said != "none") == row.isRefused);
    if (row.isRefused) CHECK(said.starts_with("f:2: "));
  }
}

TEST_CASE("mailbox sections: what cannot be is refused with its line") {
  CHECK(refused("[mailbox]\n") == "f:1: [mailbox] names no mailbox: [mailbox PATTERN]");
  CHECK(refused("\n[Mailbox a b]\n") == "f:2: [Mailbox a b]: Did you mean [mailbox a b]?");
  CHECK(refused("[mailbox caf\xc3\xa9]\n").starts_with("f:1: "));
  CHECK(refused("[mailbox " + std::string(300, 'a') + "]\n").starts_with("f:1: "));
  CHECK(refused("[mailbox a]\nmax-age = x\n").starts_with("f:2: Invalid option max-age = x"));
  CHECK(refused("[mailbox a]\ndirection = to-local\ndeletions = to-remote\n") ==
        "f:3: deletions = to-remote and direction = to-local contradict each other");
  std::string many;
  for (int i = 0; i < 65; ++i) many += "[mailbox " + std::to_string(i + 100) + "]\n";
  CHECK(refused(many) == "f:65: more than 64 sections [mailbox PATTERN]");
}
