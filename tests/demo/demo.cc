// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// `make demo`: two throw-away Dovecot servers, some hundred generated messages, interimap between them,
// changes on both sides, interimap again. What it says it has seen, it has seen: every number comes from the
// servers, by a client of its own. Ends what it starts; leaves nothing.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include "tests/e2e/corpus.h"
#include "tests/e2e/directory.h"
#include "tests/e2e/dovecot.h"
#include "tests/e2e/interimap.h"
#include "tests/e2e/relay.h"
#include "tests/e2e/snapshot.h"

namespace {

using namespace interimap::bed;

constexpr int kMostLogLines = 12;

bool isTerminal() { return isatty(STDOUT_FILENO) != 0; }

void title(const std::string& text) {
  std::printf(isTerminal() ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text.c_str());
  std::fflush(stdout);
}

// A mailbox name as people write it: quotes show the blanks at its ends.
std::string shown(const std::string& name) {
  return name.starts_with(' ') || name.ends_with(' ') ? "\"" + name + "\"" : name;
}

void table(const Snapshot& here, const Snapshot& there) {
  Snapshot all = here;
  all.mailboxes.insert(there.mailboxes.begin(), there.mailboxes.end());
  auto count = [](const Snapshot& side, const std::string& name) -> std::string {
    auto found = side.mailboxes.find(name);
    if (found == side.mailboxes.end()) return "-  ";
    return std::to_string(found->second.messages.size()) + (found->second.subscribed ? " *" : "  ");
  };
  std::printf("  %-30s %10s %10s\n", "mailbox (* subscribed)", "local", "remote");
  for (const auto& [name, mailbox] : all.mailboxes) {
    std::printf("  %-30s %10s %10s\n", shown(name).c_str(), count(here, name).c_str(),
                count(there, name).c_str());
  }
  std::printf("  %-30s %8zu   %8zu\n", "messages", here.messages(), there.messages());
}

void showLog(const Run& run) {
  std::istringstream lines(run.log());
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all.size() > kMostLogLines && i == kMostLogLines / 2) {
      std::printf("  |   ... %zu lines more ...\n", all.size() - kMostLogLines);
      i = all.size() - kMostLogLines / 2;
    }
    std::printf("  | %s\n", all[i].c_str());
  }
}

Run synchronise(const Interimap& program) {
  Run run = program.run({});
  showLog(run);
  std::printf("  exit status %d after %.2f s\n", run.exitStatus, run.wall.count());
  if (run.exitStatus != 0) throw std::runtime_error("interimap failed");
  return run;
}

void proveEqual(const Snapshot& here, const Snapshot& there) {
  std::string differences = difference(here, there);
  if (!differences.empty()) throw std::runtime_error("the sides differ:\n" + differences);
  if (!here.duplicates().empty()) throw std::runtime_error("there are duplicates");
  std::printf(
      "  equal: %zu mailboxes, %zu messages; bodies (SHA-256), flags, keywords, dates, subscriptions\n",
      here.mailboxes.size(), here.messages());
}

void changeSide(ImapClient client, Corpus& corpus, const char* name,
                const std::vector<std::string>& mailboxes) {
  int appended = 0, flagged = 0, expunged = 0;
  for (const std::string& mailbox : mailboxes) {
    client.append(mailbox, corpus.smallMessages(4));
    appended += 4;
    client.select(mailbox);
    std::vector<std::uint32_t> uids = client.uids();
    for (std::size_t i = 0; i < uids.size(); ++i) {
      if (corpus.below(10) == 0) {
        client.expunge(std::to_string(uids[i]));
        ++expunged;
      } else if (corpus.below(4) == 0) {
        client.store(std::to_string(uids[i]),
                     corpus.below(2) == 0 ? "+FLAGS (\\Seen later)" : "-FLAGS (\\Seen work)");
        ++flagged;
      }
    }
  }
  std::printf("  %s: %d messages new, %d with other flags, %d expunged\n", name, appended, flagged, expunged);
}

void demo() {
  Directory directory;
  title("Two Dovecot servers, each for this demonstration only");
  Dovecot local(directory / "local", {.delimiter = '/', .mailLocation = "maildir:~/Maildir"});
  Dovecot remote(directory / "remote", {.delimiter = '.', .mailLocation = "sdbox:~/sdbox"});
  std::printf("  local   127.0.0.1:%d, alice, Maildir, hierarchy delimiter \"/\"\n", local.imap());
  std::printf("  remote  127.0.0.1:%d, bob,   sdbox,   hierarchy delimiter \".\"\n", remote.imap());

  Corpus corpus(2024);
  {
    ImapClient alice = local.client("alice"), bob = remote.client("bob");
    alice.append("INBOX", corpus.messages(60));
    bob.append("INBOX", corpus.messages(40));
    for (const std::string& name : mailboxNames('/')) {
      alice.create(name);
      alice.append(name, corpus.messages(10));
      if (corpus.below(3) == 0) alice.subscribe(name);
    }
    for (const char* name : {"Lists.Announce", "Lists.Discuss.2024", "Archive.2023.Q1"}) {
      bob.create(name);
      bob.append(name, corpus.messages(20));
    }
    bob.subscribe("Lists.Announce");
  }
  auto here = [&] { return Snapshot::of(local.client("alice")); };
  auto there = [&] { return Snapshot::of(remote.client("bob")); };
  table(here(), there());

  // A relay counts what an idle run costs.
  Relay localRelay(local.imap()), remoteRelay(remote.imap());
  Interimap program(directory / "program", cleartext(localRelay.port(), "alice"),
                    cleartext(remoteRelay.port(), "bob"));
  title("interimap, for the first time");
  synchronise(program);
  Snapshot first = here();
  table(first, there());
  proveEqual(first, there());

  title("Both sides change");
  changeSide(local.client("alice"), corpus, "local ", {"INBOX", "Archive/2023/Q1", "with blank"});
  changeSide(remote.client("bob"), corpus, "remote", {"INBOX", "Archive.2023.Q1", "Lists.Announce"});
  {
    ImapClient bob = remote.client("bob");
    bob.create("Projects.&ZeVnLIqe-");
    bob.subscribe("Projects.&ZeVnLIqe-");
    bob.unsubscribe("Lists.Announce");
  }
  std::printf("  remote: a new mailbox, subscribed; another unsubscribed\n");

  title("interimap, again");
  synchronise(program);
  Snapshot second = here();
  table(second, there());
  proveEqual(second, there());

  title("interimap, with nothing to do");
  synchronise(program);
  RelayedConnection idle = remoteRelay.connections().back();
  std::printf("  remote connection: %llu octets sent, %llu received\n",
              static_cast<unsigned long long>(idle.toServer), static_cast<unsigned long long>(idle.toClient));
  proveEqual(here(), there());
  if (difference(second, here()) != "") throw std::runtime_error("an idle run changed something");
  title("Done. Both servers are stopped, nothing is left behind.");
}

}  // namespace

int main() {
  try {
    demo();
    return 0;
  } catch (const std::exception& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "demo: %s\n", e.what());
    return 1;
  }
}
