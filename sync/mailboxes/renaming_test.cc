// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/renaming.h"

#include <doctest/doctest.h>

#include <string>

using namespace interimap;

namespace {

MailboxName name(std::string text) {
  std::replace(text.begin(), text.end(), '/', '\0');
  return *MailboxName::of(text);
}

// "a=7 b=8:20": mailboxes by UIDVALIDITY, and UIDNEXT where it is not 10.
Listing listing(const std::string& text) {
  Listing out;
  std::size_t from = 0;
  while (from < text.size()) {
    std::size_t end = std::min(text.find(' ', from), text.size()), equals = text.find('=', from);
    std::size_t colon = text.find(':', from);
    auto validity = static_cast<std::uint32_t>(std::stoul(text.substr(equals + 1)));
    std::uint64_t next = colon < end ? std::stoul(text.substr(colon + 1)) : 10;
    answer::StatusEntry status{{}, UidValidity{validity}, UidNext{next}, ModSeq{5}, {}};
    out[name(text.substr(from, equals - from))] = {true, false, status};
    from = end + 1;
  }
  return out;
}

std::vector<KnownPlace> known(const std::string& text) {
  std::vector<KnownPlace> out;
  for (const auto& [mailbox, listed] : listing(text)) {
    store::SideState here{*listed.status.uidValidity, *listed.status.uidNext, ModSeq{5}}, there = here;
    there.uidValidity.value += 100;
    out.push_back({mailbox, {here, there}});
  }
  return out;
}

}  // namespace

TEST_CASE("a mailbox that got another name is found") {
  struct Row {
    const char *known, *local, *remote;
    const char *found, *doubtful;
  };
  const Row rows[] = {
      {"a=7", "z=7", "a=107", "a>z local", ""},
      {"a=7", "a=7", "z=107", "a>z remote", ""},
      {"a=7", "z=7:11", "a=107", "a>z local", ""},
      {"a=7", "z=7", "z=107", "a>z both", ""},
      {"a=7 a/b=8", "z=7 z/b=8", "a=107 a/b=108", "a>z local, a/b>z/b local", ""},
      {"a=7 b=8", "b=8 z=7", "a=107 b=108", "a>z local", ""},
      {"a=7 b=8", "y=7 b=8", "a=107 z=108", "a>y local, b>z remote", ""},
      // None of the kind.
      {"a=7", "a=7 z=7", "a=107", "", ""},
      {"a=7", "z=8", "a=107", "", ""},
      {"a=7", "", "a=107", "", ""},
      {"a=7", "", "", "", ""},
      {"a=7:11", "z=7", "a=107", "", ""},
      {"a=7:0", "z=7", "a=107", "", ""},
      {"INBOX=7", "z=7", "INBOX=107", "", ""},
      // Nobody knows.
      {"a=7", "y=7 z=7", "a=107", "", "y z"},
      {"a=7 b=7", "z=7", "a=107 b=107", "", "z"},
      {"a=7", "z=7", "a=107 z=1", "", "z"},
      {"a=7", "y=7", "z=107", "", "y z"},
      {"a=7", "z=7", "", "", "z"},
      {"a=7", "z=7", "a=108", "", "z"},
      {"a=7", "z=7", "a=107:9", "", "z"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.known));
    CAPTURE(std::string(row.local));
    CAPTURE(std::string(row.remote));
    Listing local = listing(row.local), remote = listing(row.remote);
    Renamings renamings = findRenamings({&local, &remote}, known(row.known));
    std::string found, doubtful;
    for (const Renaming& it : renamings.found)
      found += (found.empty() ? "" : ", ") + it.from.bytes() + ">" + it.to.bytes() +
               (it.done.local && it.done.remote ? " both"
                : it.done.local                 ? " local"
                                                : " remote");
    for (const MailboxName& it : renamings.doubtful) doubtful += (doubtful.empty() ? "" : " ") + it.bytes();
    std::replace(found.begin(), found.end(), '\0', '/');
    CHECK(found == row.found);
    CHECK(doubtful == row.doubtful);
  }
}

TEST_CASE("what is below a mailbox goes with it") {
  CHECK(renamed(name("a"), name("a"), name("z")) == name("z"));
  CHECK(renamed(name("a/b"), name("a"), name("z/y")) == name("z/y/b"));
  CHECK(renamed(name("ab"), name("a"), name("z")) == name("ab"));
  CHECK(isBelow(name("a/b"), name("a")));
  CHECK_FALSE(isBelow(name("a"), name("a")));
}
