#include "tests/bench/race.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "tests/bench/floor.h"
#include "tests/bench/likeness.h"
#include "tests/bench/mail.h"

namespace interimap::bench {
namespace {

using namespace std::chrono_literals;

constexpr const char* kCorpus = "corpus";
constexpr const char *kStart = "start", *kSynced = "synced", *kChanged = "changed";
constexpr std::size_t kMostChanges = 400;  // of each kind

// Without any delay, a client that streams "waits" whenever an answer happens to arrive while it sends. With
// this much, one way, a round trip is one.
constexpr auto kCountingDelay = 25ms;

Traffic sum(const bed::Relay& relay) {
  Traffic traffic;
  for (const bed::RelayedConnection& connection : relay.connections()) {
    traffic.octets += connection.toServer + connection.toClient;
    traffic.roundTrips += connection.roundTrips;
  }
  return traffic;
}

std::string lastLine(const std::string& text) {
  std::size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  std::size_t begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1, std::min<std::size_t>(end + 1, 300));
}

std::string failureOf(const bed::Outcome& outcome) {
  if (outcome.succeeded()) return "";
  std::string text = outcome.timedOut      ? "timed out"
                     : outcome.signal != 0 ? "signal " + std::to_string(outcome.signal)
                                           : "exit " + std::to_string(outcome.exitStatus);
  return text + ": " + lastLine(outcome.errors);
}

}  // namespace

// One contender in one race.
struct Racecourse::Entry {
  const Contender& contender;
  Result result;
  std::uint16_t localPort, remotePort;
  std::optional<Totals> here = {}, there = {};  // after the first run, and so after every other

  bool runs() const { return result.failure.empty(); }
};

std::vector<Race> races() {
  return {
      {.name = "first", .title = "First sync, plain loopback", .work = Work::first},
      {.name = "idle", .title = "Nothing to do, plain loopback", .work = Work::idle, .repeats = 5},
      {.name = "idle-tls",
       .title = "Nothing to do, imaps, loopback",
       .work = Work::idle,
       .tls = true,
       .repeats = 5},
      {.name = "idle-100ms",
       .title = "Nothing to do, imaps, 100 ms round trip",
       .work = Work::idle,
       .tls = true,
       .delay = 50ms},
      {.name = "changes", .title = "Changes on both sides, plain loopback", .work = Work::changes},
      {.name = "first-tls",
       .title = "First sync, imaps, loopback",
       .work = Work::first,
       .tls = true,
       .byDefault = false},
      {.name = "first-100ms",
       .title = "First sync, imaps, 100 ms round trip",
       .work = Work::first,
       .tls = true,
       .delay = 50ms,
       .byDefault = false},
      {.name = "changes-100ms",
       .title = "Changes on both sides, imaps, 100 ms round trip",
       .work = Work::changes,
       .tls = true,
       .delay = 50ms,
       .byDefault = false},
  };
}

double Result::median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Racecourse::Racecourse(Stores& stores, const fs::path& directory, const Options& options)
    : stores_(stores),
      directory_(bed::makeDirectory(directory)),
      script_(directory / "append-script"),
      options_(options) {
  Script script = writeScript(script_, options.messages, options.mailboxes);
  char text[200];
  std::snprintf(text, sizeof text,
                "%zu messages in %zu mailboxes, %.1f MB, median %.1f KiB, largest %.1f MiB", script.messages,
                options.mailboxes, static_cast<double>(script.octets) / 1e6,
                static_cast<double>(script.median) / 1024, static_cast<double>(script.largest) / 1048576);
  description_ = text;
  Floor{Floor::Half::append, 0, stores.local.imap(), kCorpus, options.mailboxes, script_}.run();
}

std::string Racecourse::description() const { return description_; }

Setting Racecourse::setting(const Race& race, const Contender& contender) const {
  return {race.work,
          race.tls,
          race.tls ? stores_.local.imaps() : stores_.local.imap(),
          race.tls ? stores_.remote.imaps() : stores_.remote.imap(),
          contender.name,
          work(contender),
          stores_,
          script_,
          options_.mailboxes};
}

// What is left of the account after a first sync. A floor leaves nothing: it gets what a sync would have
// left. These three say what went wrong, if anything did: that contender alone is out.
std::string Racecourse::makeSynced(const Contender& contender) {
  if (fs::exists(work(contender).string() + "." + kSynced)) return "";
  stores_.restore(contender.name, kStart, work(contender));
  if (contender.synchronises) {
    bed::Outcome outcome = bed::run(*contender.prepare(setting({.work = Work::first}, contender)));
    if (!outcome.succeeded()) return failureOf(outcome);
  } else {
    Floor{Floor::Half::append, 0, stores_.remote.imap(), contender.name, options_.mailboxes, script_}.run();
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
    Changes{std::min(kMostChanges, options_.messages / 8)}.make(here, there, options_.mailboxes);
  }
  stores_.save(contender.name, kChanged, work(contender));
  return "";
}

// Everything as it is to be before the work.
std::string Racecourse::bring(const Race& race, const Contender& contender) {
  if (!fs::exists(stores_.local.home(contender.name + "." + kStart)))
    stores_.copyLocal(kCorpus, contender.name + "." + kStart);
  std::string failure;
  const char* state = kStart;
  if (race.work == Work::idle) {
    failure = makeSynced(contender);
    state = kSynced;
  } else if (race.work == Work::changes) {
    failure = makeChanged(contender);
    state = kChanged;
  }
  if (failure.empty()) stores_.restore(contender.name, state, work(contender));
  return failure;
}

bed::Outcome Racecourse::measure(const Race& race, Entry& entry, std::function<void(pid_t)> started) {
  Setting given = setting(race, entry.contender);
  given.local = entry.localPort;
  given.remote = entry.remotePort;
  bed::Command command = *entry.contender.prepare(given);
  command.started = std::move(started);
  bed::Outcome outcome = bed::run(command);
  entry.result.failure = failureOf(outcome);
  return outcome;
}

// Warms up, and is looked at from all sides.
void Racecourse::firstRun(const Race& race, Entry& entry) {
  entry.result.failure = bring(race, entry.contender);
  if (!entry.runs()) return;
  FootprintWatch watch;
  measure(race, entry, [&](pid_t group) { watch.begin(group); });
  entry.result.footprint = watch.end();
  if (!entry.runs() || !entry.contender.synchronises) return;
  entry.here = stores_.totals(stores_.local, entry.contender.name);
  entry.there = stores_.totals(stores_.remote, entry.contender.name);
  if (race.work == Work::idle) return;
  entry.result.likeness = likeness(bed::Snapshot::of(stores_.local.client(entry.contender.name)),
                                   bed::Snapshot::of(stores_.remote.client(entry.contender.name)));
}

void Racecourse::countedRun(const Race& race, Entry& entry) {
  if (!entry.runs()) return;
  bring(race, entry.contender);
  bed::RelayOptions delayed{.delay = std::max<std::chrono::milliseconds>(race.delay, kCountingDelay)};
  bed::Relay local(entry.localPort, delayed), remote(entry.remotePort, delayed);
  Entry relayed{entry.contender, {}, local.port(), remote.port()};
  Setting given = setting(race, entry.contender);
  given.local = local.port();
  given.remote = remote.port();
  if (!entry.contender.prepare(given)) return;
  measure(race, relayed);
  entry.result.failure = relayed.result.failure;
  entry.result.local = sum(local);
  entry.result.remote = sum(remote);
  check(entry);
}

void Racecourse::timedRun(const Race& race, Entry& entry) {
  if (!entry.runs()) return;
  bring(race, entry.contender);
  std::optional<bed::Relay> local, remote;
  std::uint16_t localPort = entry.localPort, remotePort = entry.remotePort;
  if (race.delay > 0ms) {
    local.emplace(localPort, bed::RelayOptions{.delay = race.delay});
    remote.emplace(remotePort, bed::RelayOptions{.delay = race.delay});
    localPort = local->port();
    remotePort = remote->port();
  }
  Entry timed{entry.contender, {}, localPort, remotePort};
  for (std::size_t i = 0; i < race.repeats && timed.runs(); ++i) {
    bed::Outcome outcome = measure(race, timed);
    entry.result.wall.push_back(outcome.wall.count());
    entry.result.user.push_back(outcome.user.count());
    entry.result.system.push_back(outcome.system.count());
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
  for (Entry& entry : entries) firstRun(race, entry);
  for (Entry& entry : entries) countedRun(race, entry);
  for (std::size_t round = 0; round < options_.rounds; ++round) {
    for (Entry& entry : entries) timedRun(race, entry);
  }
  std::vector<Result> results;
  for (Entry& entry : entries) results.push_back(std::move(entry.result));
  return results;
}

}  // namespace interimap::bench
