// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/renaming.h"

#include <doctest/doctest.h>

#include <algorithm>
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

// "a>b c>d", each done on local.
std::vector<Renaming> renamings(const std::string& text) {
  std::vector<Renaming> out;
  for (std::size_t from = 0; from < text.size();) {
    std::size_t end = std::min(text.find(' ', from), text.size()), arrow = text.find('>', from);
    out.push_back(
        {name(text.substr(from, arrow - from)), name(text.substr(arrow + 1, end - arrow - 1)), {true}});
    from = end + 1;
  }
  return out;
}

std::string text(const std::vector<Renaming>& renamings) {
  std::string out;
  for (const Renaming& it : renamings)
    out += (out.empty() ? "" : " ") + it.from.bytes() + ">" + it.to.bytes();
  std::replace(out.begin(), out.end(), '\0', '/');
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
      // The old name is another's by now.
      {"a=7", "a=8 z=7", "a=107", "a>z local", ""},
      {"a=7", "a=7", "a=108 z=107", "a>z remote", ""},
      {"a=7 b=8", "a=8 b=7", "a=107 b=108", "a>b local, b>a local", ""},
      {"a=7 b=8", "a=8 b=7", "a=108 b=107", "a>b both, b>a both", ""},
      {"a=7 b=8", "b=7 c=8", "a=107 b=108", "a>b local, b>c local", ""},
      {"a=7 b=8 c=9", "a=9 b=7 c=8", "a=107 b=108 c=109", "a>b local, b>c local, c>a local", ""},
      // UIDVALIDITY is the same for all.
      {"a=7 b=7:3", "a=7:2 b=7:3 z=7", "a=107 b=107:3", "a>z local", ""},
      {"a=7", "a=7", "a=107:1 z=107", "a>z remote", ""},
      {"a=7 b=7", "a=7:2 b=7 y=7 z=7", "a=107 b=107", "", "y z"},
      {"a=7 b=7:20", "a=7:2 b=7:20", "a=107 b=107:20", "", ""},
      // None of the kind.
      {"a=7", "a=7 z=7", "a=107", "", ""},
      {"a=7", "z=8", "a=107", "", ""},
      {"a=7", "", "a=107", "", ""},
      {"a=7", "", "", "", ""},
      {"a=7:11", "z=7", "a=107", "", ""},
      {"a=7:0", "z=7", "a=107", "", ""},
      {"INBOX=7", "z=7", "INBOX=107", "", ""},
      // Renamed differently.
      {"a=7", "y=7", "z=107", "a>y|z", ""},
      {"a=7 a/b=8", "y=7 y/b=8", "z=107 z/b=108", "a>y|z, a/b>y/b|z/b", ""},
      {"a=7 b=8", "b=7 y=8", "z=107 b=108", "b>y local, a>b|z", ""},
      // Nobody knows.
      {"a=7", "y=7 z=7", "a=107", "", "y z"},
      {"a=7 b=7", "z=7", "a=107 b=107", "", "z"},
      {"a=7", "z=7", "a=107 z=1", "", "z"},
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
    for (const Disagreement& it : renamings.disagreements)
      found += (found.empty() ? "" : ", ") + it.from.bytes() + ">" + it.to.local.bytes() + "|" +
               it.to.remote.bytes();
    for (const auto& [it, _] : renamings.doubtful) doubtful += (doubtful.empty() ? "" : " ") + it.bytes();
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

TEST_CASE("field 20: parents that are no mailboxes are renamed with all that is below, or not at all") {
  struct Row {
    const char *found, *remote, *parents;  // renamed on local; on the other still
  };
  const Row rows[] = {
      {"p/1>q/1 p/2>q/2", "p=0 p/1=1 p/2=2", "p>q"},
      {"p/r/1>q/r/1 p/r/2>q/r/2", "p=0 p/r=0 p/r/1=1 p/r/2=2", "p>q"},
      {"p/r/1>p/s/1 p/r/2>p/s/2", "p=0 p/r=0 p/r/1=1 p/r/2=2", "p/r>p/s"},
      {"p/r/1>q/r/1 p/r/2>q/r/2", "p=0 p/r=0 p/r/1=1 p/r/2=2 p/x=3", "p/r>q/r"},
      {"p/1>q/1 p/2>q/2 x/1>y/1 x/2>y/2", "p=0 p/1=1 p/2=2 x=0 x/1=3 x/2=4", "p>q x>y"},
      {"p/1>q/1", "p=0 p/1=1", ""},                      // as good by itself
      {"p/1>q/1 p/2>q/2", "p=9 p/1=1 p/2=2", ""},        // a mailbox
      {"p/1>q/1 p/2>q/2", "p/1=1 p/2=2", ""},            // not listed
      {"p/1>q/1 p/2>q/2", "p=0 p/1=1 p/2=2 p/3=3", ""},  // one stays
      {"p/1>q/1 p/2>x/2", "p=0 p/1=1 p/2=2", ""},        // not the same way
      {"p/1>q/1 p/2>q/2", "p=0 p/1=1 p/2=2 q/3=3", ""},  // the new one is there
      {"p/1>q/1 p/2>q/2", "p=0 p/1=1 p/2=2 q=0", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.found);
    CAPTURE(row.remote);
    std::vector<Renaming> found = renamings(row.found);
    Listing local, remote = listing(row.remote);
    for (auto& [_, mailbox] : remote) mailbox.exists = mailbox.status.uidValidity->value != 0;
    for (const Renaming& each : found) local[each.to].exists = true;
    std::vector<Renaming> all = withParents(found, {&local, &remote});
    all.resize(all.size() - found.size(), all.front());
    CHECK(text(all) == row.parents);
  }
}

TEST_CASE("field 20: names that are swapped or passed on, each when it is free") {
  struct Row {
    const char *left, *taken, *steps;
  };
  const Row rows[] = {
      {"a>z", "a", "a>z"},
      {"a>b b>c", "a b", "b>c a>b"},
      {"c>b b>a", "b c", "b>a c>b"},
      {"a>b b>a", "a b", "a>interimapmoves1 b>a interimapmoves1>b"},
      {"p/a>p/b p/b>p/a", "p/a p/b", "p/a>p/interimapmoves1 p/b>p/a p/interimapmoves1>p/b"},
      {"a>b b>a", "a b interimapmoves1", "a>interimapmoves2 b>a interimapmoves2>b"},
      {"a>b b>c c>a", "a b c", "a>interimapmoves1 c>a b>c interimapmoves1>b"},
      {"a>b a/x>b/x b>a b/y>a/y", "a a/x b b/y", "a>interimapmoves1 b>a interimapmoves1>b"},
      {"a>b a/x>b/x b>c", "a a/x b", "b>c a>b"},
      {"a>b b/y>c", "a b/y", "a>b b/y>c"},
      {"a>b", "a b", "-"},  // something else is in the way
      {"a>b b>c", "a b c", "-"},
      {"a>b c>d", "a b c", "c>d -"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.left);
    CAPTURE(row.taken);
    std::vector<Renaming> left = renamings(row.left);
    std::set<MailboxName> taken;
    for (std::size_t from = 0, to; from < std::string(row.taken).size(); from = to + 1) {
      to = std::min(std::string(row.taken).find(' ', from), std::string(row.taken).size());
      taken.insert(name(std::string(row.taken).substr(from, to - from)));
    }
    std::vector<Renaming> steps;
    for (int most = 9; most > 0 && !left.empty(); --most) {
      auto next = nextRenaming(left, taken);
      if (!next) break;
      steps.push_back(*next);
      std::set<MailboxName> now;
      for (const MailboxName& each : taken) now.insert(renamed(each, next->from, next->to));
      CHECK(now.size() == taken.size());
      taken = now;
      for (Renaming& each : left) each.from = renamed(each.from, next->from, next->to);
      std::erase_if(left, [](const Renaming& each) { return each.from == each.to; });
    }
    CHECK(text(steps) + (left.empty() ? "" : steps.empty() ? "-" : " -") == row.steps);
  }
}
