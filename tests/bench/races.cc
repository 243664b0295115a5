// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The list of races.
#include <algorithm>

#include "tests/bench/race.h"

namespace interimap::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostChanges = 400;  // of each kind
constexpr std::uint64_t k20Mbit = 20'000'000 / 8;

std::vector<Race> onUsualMail(const Options& options) {
  const Ground ground{.mail = {.messages = options.messages, .mailboxes = options.mailboxes},
                      .changes = {.each = std::min(kMostChanges, options.messages / 8)}};
  return {
      {.name = "first", .title = "First sync, plain loopback", .ground = ground, .work = Work::first},
      {.name = "first-tls",
       .title = "First sync, imaps, loopback",
       .ground = ground,
       .work = Work::first,
       .tls = true},
      {.name = "idle",
       .title = "Nothing to do, plain loopback",
       .ground = ground,
       .work = Work::idle,
       .repeats = 5},
      {.name = "idle-tls",
       .title = "Nothing to do, imaps, loopback",
       .ground = ground,
       .work = Work::idle,
       .tls = true,
       .repeats = 5},
      {.name = "idle-100ms",
       .title = "Nothing to do, imaps, 100 ms round trip",
       .ground = ground,
       .work = Work::idle,
       .tls = true,
       .delay = 50ms},
      {.name = "changes",
       .title = "Changes on both sides, plain loopback",
       .ground = ground,
       .work = Work::changes},
      {.name = "changes-100ms",
       .title = "Changes on both sides, imaps, 100 ms round trip",
       .ground = ground,
       .work = Work::changes,
       .tls = true,
       .delay = 50ms,
       .byDefault = false},
      {.name = "first-100ms",
       .title = "First sync, imaps, 100 ms round trip",
       .ground = ground,
       .work = Work::first,
       .tls = true,
       .delay = 50ms,
       .byDefault = false},
  };
}

std::vector<Race> onOtherMail(const Options& options) {
  const Ground small{.mail = {.messages = 500, .mailboxes = 20}, .changes = {.each = 40}};
  const Ground many{.mail = {.messages = 1'000, .mailboxes = 50}, .changes = {.each = 100}};
  Ground deflated{.mail = {.messages = options.messages, .mailboxes = options.mailboxes}};
  deflated.stores.compress = true;
  const Ground usual{.mail = {.messages = options.messages, .mailboxes = options.mailboxes}};
  const Ground some{.mail = {.messages = 3'000, .mailboxes = 20}};
  const Ground few{.mail = {.messages = 1'000, .mailboxes = 20}};
  const Ground filed{.mail = {.messages = options.messages},
                     .changes = {.each = options.messages / 2, .moves = true}};
  Ground fewDeflated = few;
  fewDeflated.stores.compress = true;
  return {
      {.name = "small-100ms",
       .title = "First sync of 500 messages in 20 mailboxes, imaps, 100 ms round trip",
       .ground = small,
       .work = Work::first,
       .tls = true,
       .delay = 50ms},
      {.name = "dirty-100ms",
       .title =
           "50 mailboxes, each with a changed, an expunged and a new message on either side, imaps, 100 ms "
           "round trip",
       .ground = many,
       .work = Work::changes,
       .tls = true,
       .delay = 50ms},
      {.name = "moves",
       .title = "Half of INBOX was moved to Archive, imaps, 100 ms round trip",
       .ground = filed,
       .work = Work::changes,
       .tls = true,
       .delay = 50ms,
       .byDefault = false},
      {.name = "first-compress",
       .title = "First sync, plain loopback, servers that offer COMPRESS",
       .ground = deflated,
       .work = Work::first},
      {.name = "narrow",
       .title = "First sync of 1,000 messages, imaps, 40 ms round trip, 20 Mbit/s",
       .ground = few,
       .work = Work::first,
       .tls = true,
       .delay = 20ms,
       .octetsPerSecond = k20Mbit,
       .byDefault = false},
      {.name = "first-4",
       .title = "First sync over several connections, plain loopback",
       .ground = usual,
       .work = Work::first,
       .byDefault = false,
       .several = true},
      {.name = "first-4-tls",
       .title = "First sync over several connections, imaps, loopback",
       .ground = usual,
       .work = Work::first,
       .tls = true,
       .byDefault = false,
       .several = true},
      {.name = "narrow-4",
       .title =
           "First sync of 3,000 messages over several connections, imaps, 100 ms round trip, 20 Mbit/s each",
       .ground = some,
       .work = Work::first,
       .tls = true,
       .delay = 50ms,
       .octetsPerSecond = k20Mbit,
       .byDefault = false,
       .several = true},
      {.name = "narrow-compress",
       .title =
           "First sync of 1,000 messages, imaps, 40 ms round trip, 20 Mbit/s, servers that offer COMPRESS",
       .ground = fewDeflated,
       .work = Work::first,
       .tls = true,
       .delay = 20ms,
       .octetsPerSecond = k20Mbit},
  };
}

// Servers with mod-sequences and no QRESYNC, and servers with nothing.
std::vector<Race> onLesserServers(const Options& options) {
  std::vector<Race> all;
  for (Level level : {Level::condstore, Level::bare}) {
    Ground ground{.mail = {.messages = options.messages, .mailboxes = options.mailboxes},
                  .changes = {.each = std::min(kMostChanges, options.messages / 8)}};
    ground.stores.level = level;
    // Without LITERAL+ each message waits for the server's consent: 25 ms a message where trips are counted.
    Ground fewer = ground;
    fewer.mail.messages = std::max(options.messages / 10, 8 * options.mailboxes);
    fewer.changes.each = fewer.mail.messages / 10;
    const std::string name = level == Level::bare ? "bare" : "condstore",
                      servers = level == Level::bare ? "servers with IMAP4rev1 alone: "
                                                     : "servers without QRESYNC: ";
    auto race = [&](const char* suffix, const std::string& what, Work work, bool far, bool byDefault) {
      all.push_back({.name = name + suffix,
                     .title = servers + what + (far ? ", imaps, 100 ms round trip" : ", plain loopback"),
                     .ground = level == Level::bare && work != Work::idle ? fewer : ground,
                     .work = work,
                     .tls = far,
                     .delay = far ? 50ms : 0ms,
                     .byDefault = byDefault});
    };
    race("-idle", "nothing to do", Work::idle, false, true);
    race("-idle-100ms", "nothing to do", Work::idle, true, true);
    race("-first", "first sync", Work::first, false, true);
    race("-changes", "changes on both sides", Work::changes, false, true);
    race("-first-100ms", "first sync", Work::first, true, false);
    race("-changes-100ms", "changes on both sides", Work::changes, true, false);
  }
  return all;
}

// mdbox: sdbox would need a million files a side.
std::vector<Race> onVeryMuchMail(const Options& options) {
  std::vector<Race> all;
  for (bool sparse : {false, true}) {
    const Ground ground{
        .mail = {.messages = options.million, .tiny = true, .sparse = sparse},
        .changes = {.each = std::min<std::size_t>(1'000, options.million / 8), .flagsOnly = true},
        .stores = {.location = "mdbox:~/mdbox"}};
    const std::string name = sparse ? "sparse" : "million",
                      much = std::to_string(options.million) + " messages in one mailbox" +
                             (sparse ? ", a gap before every UID" : "") + ", plain loopback: ";
    auto race = [&](const char* suffix, const std::string& what, Work work) {
      all.push_back({.name = name + suffix,
                     .title = much + what,
                     .ground = ground,
                     .work = work,
                     .byDefault = false,
                     .large = true});
    };
    race("", "first sync", Work::first);
    race("-idle", "nothing to do", Work::idle);
    race("-flags", "1,000 scattered flag changes", Work::changes);
    race("-adopt", "the database is lost, --adopt", Work::adopt);
    race("-renumbered", "another UIDVALIDITY on one side", Work::renumbered);
  }
  return all;
}

}  // namespace

std::vector<Race> races(const Options& options) {
  std::vector<Race> all = onUsualMail(options);
  for (auto more : {onOtherMail, onLesserServers, onVeryMuchMail}) {
    for (Race& race : more(options)) all.push_back(std::move(race));
  }
  return all;
}

}  // namespace interimap::bench
