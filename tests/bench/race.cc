// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/race.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "tests/bench/floor.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/likeness.h"
#include "tests/bench/mail.h"

namespace interimap::bench {
namespace {

using namespace std::chrono_literals;

constexpr const char* kCorpus = "corpus";
constexpr const char* kOtherValidity = "1234567";
constexpr const char *kStart = "start", *kSynced = "synced", *kChanged = "changed";

// Without any delay, a client that streams "waits" whenever an answer happens to arrive while it sends. With
// this much, one way, a round trip is one.
constexpr auto kCountingDelay = 25ms;
constexpr std::chrono::duration<double> kSlow = 10s;  // one run of that is enough

Traffic sum(const bed::Relay& relay) {
  Traffic traffic;
  for (const bed::RelayedConnection& connection : relay.connections()) {
    traffic.octets += connection.toServer + connection.toClient;
    traffic.roundTrips += connection.roundTrips;
  }
  return traffic;
}

// What a store keeps about a message, and the message itself, at the usual distribution of sizes.
constexpr std::uint64_t kLikelySize = 16 << 10, kLikelyTinySize = 600;
constexpr std::size_t kMostCompared = 50'000;  // messages; beyond, they are only counted

bed::RelayOptions linkOf(const Race& race) {
  return {.delay = race.delay, .octetsPerSecond = race.octetsPerSecond};
}

bool isRelayed(const Race& race) { return race.delay > 0ms || race.octetsPerSecond > 0; }

}  // namespace

// One contender in one race.
struct Racecourse::Entry {
  const Contender& contender;
  Result result;
  std::uint16_t localPort, remotePort;
  std::optional<Totals> here = {}, there = {};  // after the first run, and so after every other

  bool runs() const { return result.failure.empty(); }
};

Racecourse::Racecourse(const Ground& ground, std::size_t rounds)
    : ground_(ground),
      rounds_(rounds),
      servers_(Stores::parent(ground.mail.messages * (ground.mail.tiny ? kLikelyTinySize : kLikelySize))),
      stores_(servers_.path(), ground.stores),
      script_(clients_ / "append-script") {
  Script script = writeScript(script_, ground.mail);
  char text[200];
  std::snprintf(text, sizeof text,
                "%zu messages in %zu mailbox%s, %.1f MB, median %.1f KiB, largest %.1f KiB; %s",
                script.messages, ground.mail.mailboxes, ground.mail.mailboxes == 1 ? "" : "es",
                static_cast<double>(script.octets) / 1e6, static_cast<double>(script.median) / 1024,
                static_cast<double>(script.largest) / 1024,
                ground.stores.location.substr(0, ground.stores.location.find(':')).c_str());
  description_ = text;
  Floor{.half = Floor::Half::append,
        .remote = stores_.local.imap(),
        .user = kCorpus,
        .mailboxes = ground.mail.mailboxes,
        .script = script_}
      .run();
}

Setting Racecourse::setting(const Race& race, const Contender& contender) const {
  return {race.work,
          race.tls,
          race.tls ? stores_.local.imaps() : stores_.local.imap(),
          race.tls ? stores_.remote.imaps() : stores_.remote.imap(),
          contender.name,
          work(contender),
          stores_,
          script_,
          ground_.mail.mailboxes,
          race.several,
          race.ground.stores.compress && isRelayed(race),
          ground_.stores.level,
          ground_.changes.moves};
}

// What is left of the account after a first sync. A floor leaves nothing: it gets what a sync would have
// left. These three say what went wrong, if anything did: that contender alone is out.
std::string Racecourse::makeSynced(const Contender& contender) {
  if (fs::exists(work(contender).string() + "." + kSynced)) return "";
  stores_.restore(contender.name, kStart, work(contender));
  if (contender.synchronises) {
    bed::Outcome outcome = runInterruptibly(
        *contender.prepare(setting({.name = {}, .title = {}, .ground = {}, .work = Work::first}, contender)));
    if (!outcome.succeeded()) return failureOf(outcome);
  } else {
    Floor{.half = Floor::Half::append,
          .remote = stores_.remote.imap(),
          .user = contender.name,
          .mailboxes = ground_.mail.mailboxes,
          .script = script_}
        .run();
  }
  stores_.save(contender.name, kSynced, work(contender));
  return "";
}

std::string Racecourse::makeChanged(const Contender& contender) {
  if (fs::exists(work(contender).string() + "." + kChanged)) return "";
  if (std::string failure = makeSynced(contender); !failure.empty()) return failure;
  stores_.restore(contender.name, kSynced, work(contender));
  {
    bed::ImapClient here = stores_.local.client(contender.name),
                    there = stores_.remote.client(contender.name);
    ground_.changes.make(here, there, ground_.mail.mailboxes);
  }
  stores_.save(contender.name, kChanged, work(contender));
  return "";
}

// As after a server was moved: the same mail under another UIDVALIDITY.
void Racecourse::renumber(const Contender& contender) {
  for (const std::string& mailbox : mailboxNames(ground_.mail.mailboxes)) {
    bed::Outcome outcome = stores_.remote.doveadm(
        {"mailbox", "update", "-u", contender.name, "--uid-validity", kOtherValidity, mailbox});
    if (!outcome.succeeded()) throw std::runtime_error("doveadm mailbox update: " + failureOf(outcome));
  }
}

// Everything as it is to be before the work.
std::string Racecourse::bring(const Race& race, const Contender& contender) {
  if (!fs::exists(stores_.local.home(contender.name + "." + kStart)))
    stores_.copyLocal(kCorpus, contender.name + "." + kStart);
  std::string failure;
  const char* state = kStart;
  if (race.work == Work::idle || race.work == Work::adopt || race.work == Work::renumbered) {
    failure = makeSynced(contender);
    state = kSynced;
  } else if (race.work == Work::changes) {
    failure = makeChanged(contender);
    state = kChanged;
  }
  if (failure.empty()) stores_.restore(contender.name, state, work(contender));
  if (failure.empty() && race.work == Work::renumbered) renumber(contender);
  return failure;
}

bed::Outcome Racecourse::measure(const Race& race, Entry& entry, std::function<void(pid_t)> started) {
  Setting given = setting(race, entry.contender);
  given.local = entry.localPort;
  given.remote = entry.remotePort;
  bed::Command command = *entry.contender.prepare(given);
  command.started = std::move(started);
  bed::Outcome outcome = runInterruptibly(command);
  entry.result.failure = failureOf(outcome);
  return outcome;
}

// Warms up, and is looked at from all sides.
void Racecourse::firstRun(const Race& race, Entry& entry) {
  entry.result.failure = bring(race, entry.contender);
  if (!entry.runs()) return;
  FootprintWatch watch;
  bed::Outcome outcome = measure(race, entry, [&](pid_t group) { watch.begin(group); });
  entry.result.footprint = watch.end();
  if (race.large) entry.result.add(outcome);
  if (!entry.runs() || !entry.contender.synchronises) return;
  entry.here = stores_.totals(stores_.local, entry.contender.name);
  entry.there = stores_.totals(stores_.remote, entry.contender.name);
  if (race.large && race.work == Work::first)
    stores_.save(entry.contender.name, kSynced, work(entry.contender));  // for the next race
  if (race.work == Work::idle) return;
  if (ground_.mail.messages > kMostCompared) {
    entry.result.likeness =
        entry.here->messages == entry.there->messages ? "as many messages" : "NOT AS MANY MESSAGES";
    return;
  }
  entry.result.likeness = likeness(bed::Snapshot::of(stores_.local.client(entry.contender.name)),
                                   bed::Snapshot::of(stores_.remote.client(entry.contender.name)));
}

void Racecourse::countedRun(const Race& race, Entry& entry) {
  if (!entry.runs()) return;
  bring(race, entry.contender);
  bed::RelayOptions delayed = linkOf(race);
  delayed.delay = std::max<std::chrono::microseconds>(race.delay, kCountingDelay);
  bed::Relay local(entry.localPort, delayed), remote(entry.remotePort, delayed);
  Entry relayed{entry.contender, {}, local.port(), remote.port()};
  Setting given = setting(race, entry.contender);
  given.local = local.port();
  given.remote = remote.port();
  if (!entry.contender.prepare(given)) return;
  bed::Outcome outcome = measure(race, relayed);
  if (outcome.wall > kSlow && isRelayed(race) && delayed.delay == race.delay) entry.result.add(outcome);
  entry.result.failure = relayed.result.failure;
  entry.result.local = sum(local);
  entry.result.remote = sum(remote);
  check(entry);
}

void Racecourse::timedRun(const Race& race, Entry& entry) {
  if (!entry.runs() || (!entry.result.wall.empty() && entry.result.wall.back() > kSlow.count())) return;
  bring(race, entry.contender);
  std::optional<bed::Relay> local, remote;
  std::uint16_t localPort = entry.localPort, remotePort = entry.remotePort;
  if (isRelayed(race)) {
    local.emplace(localPort, linkOf(race));
    remote.emplace(remotePort, linkOf(race));
    localPort = local->port();
    remotePort = remote->port();
  }
  Entry timed{entry.contender, {}, localPort, remotePort};
  for (std::size_t i = 0; i < race.repeats && timed.runs(); ++i) {
    bed::Outcome outcome = measure(race, timed);
    entry.result.add(outcome);
  }
  entry.result.failure = timed.result.failure;
  check(entry);
}

// Whoever was fast because it did less is found out.
void Racecourse::check(Entry& entry) const {
  if (!entry.here || !entry.runs()) return;
  const std::string& user = entry.contender.name;
  if (stores_.totals(stores_.local, user) != *entry.here ||
      stores_.totals(stores_.remote, user) != *entry.there)
    entry.result.failure = "left another number of messages than before";
}

std::vector<Result> Racecourse::run(const Race& race, const std::vector<Contender>& contenders) {
  std::vector<Entry> entries;
  for (const Contender& contender : contenders) {
    Setting given = setting(race, contender);
    if (!contender.prepare(given)) continue;
    entries.push_back({contender, {.title = contender.title}, given.local, given.remote});
  }
  if (!race.timedOnly) {
    for (Entry& entry : entries) firstRun(race, entry);
  }
  if (!race.timedOnly && !race.large) {
    for (Entry& entry : entries) countedRun(race, entry);
  }
  for (std::size_t round = 0; round < rounds_ && !race.large; ++round) {
    for (Entry& entry : entries) timedRun(race, entry);
  }
  std::vector<Result> results;
  for (Entry& entry : entries) results.push_back(std::move(entry.result));
  return results;
}

}  // namespace interimap::bench
