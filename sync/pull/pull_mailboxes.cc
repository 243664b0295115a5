// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_mailboxes.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "ipc/failure.h"
#include "ipc/special_use.h"
#include "sync/mailboxes/hierarchy.h"

namespace interimap {

namespace {

constexpr std::size_t kMostMailboxes = 10'000, kMostNameOctets = 4 << 20;

bool isPattern(std::string_view mailbox) {
  return mailbox.find_first_of(std::string_view("*%\0", 3)) != mailbox.npos;
}

bool showsOthers(std::uint8_t uses) {
  for (std::size_t i = 0; i < std::size(kSpecialUses); ++i)
    for (const char* use : {"\\All", "\\Flagged", "\\Important"})
      if ((uses >> i & 1) != 0 && std::strcmp(kSpecialUses[i], use) == 0) return true;
  return false;
}

// Where it was lost meanwhile there is no answer.
const answer::Done* await(Reply<Nothing>& reply, Server& server, Exchange& exchange) {
  while (!reply.ready() && !server.isLost()) exchange.turn();
  return reply.ready() ? &reply.done() : nullptr;
}

// NUL stands for the delimiter.
std::string spelled(std::string pattern, Server& server, Exchange& exchange) {
  if (pattern.find('\0') == pattern.npos) return pattern;
  std::optional<char> delimiter;
  auto reply = server.list(
      {"", {""}, {}, false}, [&](const answer::ListEntry& entry) { delimiter = entry.delimiter; },
      [](const answer::StatusEntry&) {});
  if (await(reply, server, exchange) && !delimiter)
    throw Failure(ExitStatus::config,
                  "mailbox = " + shownPattern(pattern) + ": the server's mailboxes have no delimiter");
  std::ranges::replace(pattern, '\0', delimiter.value_or('/'));
  return pattern;
}

}  // namespace

std::string shownPattern(const std::string& pattern) {
  std::string text;
  for (char c : pattern) text += c == '\0' ? std::string("\\0") : std::string(1, c);
  return text;
}

bool hasPatterns(const settings::Pull& settings) {
  return std::ranges::any_of(settings.mailboxes, isPattern);
}

WireName firstMailbox(const settings::Pull& settings) {
  auto named = std::ranges::find_if_not(settings.mailboxes, isPattern);
  return {named == settings.mailboxes.end() ? "INBOX" : *named};
}

PullMailboxes listMailboxes(const settings::Pull& settings, Server& server, Exchange& exchange) {
  struct Matching {
    std::set<WireName> names;
    Reply<Nothing> reply;
  };
  std::vector<Matching> matching(settings.mailboxes.size());
  std::size_t count = 0, octets = 0;
  for (std::size_t i = 0; i < matching.size(); ++i) {
    if (!isPattern(settings.mailboxes[i])) continue;
    auto take = [&, to = &matching[i].names](const answer::ListEntry& entry) {
      if (entry.nonExistent || entry.noSelect || showsOthers(entry.uses)) return;
      if (settings.after.size() == 2 && settings.after[1] == entry.mailbox.bytes) return;
      octets += entry.mailbox.bytes.size();
      if (++count > kMostMailboxes || octets > kMostNameOctets)
        throw Failure(ExitStatus::protocol, "Server lists too many mailboxes");
      to->insert(isInbox(entry.mailbox.bytes) ? WireName{"INBOX"} : entry.mailbox);
    };
    matching[i].reply = server.list({"", {spelled(settings.mailboxes[i], server, exchange)}, {}, false}, take,
                                    [](const answer::StatusEntry&) {});
  }
  PullMailboxes result;
  std::set<WireName> known;
  auto add = [&](const WireName& name) {
    if (known.insert(isInbox(name.bytes) ? WireName{"INBOX"} : name).second) result.names.push_back(name);
  };
  for (std::size_t i = 0; i < matching.size(); ++i) {
    if (!isPattern(settings.mailboxes[i])) {
      add({settings.mailboxes[i]});
      continue;
    }
    const answer::Done* done = await(matching[i].reply, server, exchange);
    if (done == nullptr) continue;
    if (!done->ok())
      result.refusal = words(*done);
    else if (matching[i].names.empty())
      result.unmatched.push_back(settings.mailboxes[i]);
    if (matching[i].names.contains({"INBOX"})) add({"INBOX"});
    for (const WireName& name : matching[i].names) add(name);
  }
  return result;
}

}  // namespace interimap
