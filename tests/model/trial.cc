// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/model/trial.h"

#include <algorithm>
#include <limits>

#include "ipc/failure.h"
#include "ipc/side.h"
#include "tests/model/interleaving.h"
#include "tests/model/request_text.h"

namespace interimap::model {

namespace {

using What = Step::What;

// After the last fault, so many runs must do to have nothing left to write.
constexpr unsigned kMostRuns = 12;

// The slowness of what arrives when a step says so.
constexpr unsigned kNever = 1U << 30;

// How many there may be of each side.
Both<unsigned> connections(std::uint64_t seed) {
  Random random(~seed);
  if (random.oneIn(2)) return {1, 1};
  unsigned local = 1 + random.below(Interleaving::kMostConnections);
  return {local, 1 + random.below(Interleaving::kMostConnections)};
}

struct Killed {};

constexpr const char *kDirectory = "/model", *kDatabases[kMostInstallations] = {"db", "db2"};
std::string databasePath(unsigned installation) {
  return std::string(kDirectory) + "/" + kDatabases[installation];
}

std::string shown(std::string mailbox) {
  std::ranges::replace(mailbox, '\0', '/');
  return mailbox;
}

}  // namespace

Trial::Trial(const History& history, MemoryFiles& files, std::string* trace)
    : history_(history), files_(files), trace_(trace) {
  files_.contents.clear();
  files_.onDisk.clear();
  if (!Random(history.seed).oneIn(4)) haveTables();
  if (history.arrivals) witness_.beStrict();
  if (history.filed) witness_.beFiled();
  if (history.installations > 1) witness_.beSeveral();
  if (!history.policies.empty())
    witness_.bePolicied(std::ranges::none_of(history.steps, [](const Step& step) { return step.at != 0; }),
                        history.policies.size() == 1);
  witness_.know([this](Side side, const std::string& name, std::uint32_t uid) {
    for (unsigned i = 0; i < history_.installations; ++i)
      if (isSurplus(i, side, name, *Uid::of(uid))) return true;
    return false;
  });
  for (Side side : kSides) {
    accounts_[side].setup = history.setup[side];
    accounts_[side].create("INBOX");
  }
}

// Most histories start with a database that has its tables, as making them takes longer than a run.
void Trial::haveTables() {
  if (files_.start.empty()) {
    store().createSchema();
    closeStores();
    files_.start = files_.contents;
  }
  files_.contents = files_.start;
  if (history_.installations > 1)
    for (const auto& [path, bytes] : files_.start)
      files_.contents[databasePath(1) + path.substr(databasePath(0).size())] = bytes;
  files_.onDisk = files_.contents;
}

bool Trial::isSurplus(unsigned installation, Side side, const std::string& mailbox, Uid uid) {
  if (files_.contents.empty() || store(installation).isNew()) return false;
  for (const store::KnownMailbox& known : store(installation).mailboxes())
    if (known.name.bytes() == mailbox)
      for (const store::RefusedMessage& refused : store(installation).refused(known.id))
        if (refused.source == side && refused.uid == uid && refused.kind == store::Refusal::surplus)
          return true;
  return false;
}

// As one of the same pair, so that all of them know what its going means; and nothing that may still arrive,
// or be lost with a run at hand, can make it look new to one of them.
bool Trial::isKnownToAll(Side side, const std::string& mailbox, std::uint32_t uid) {
  if (running_ > 0 || !stragglers_.empty() || files_.contents.empty() || files_.contents != files_.onDisk)
    return false;
  std::optional<Uid> partner;
  for (unsigned i = 0; i < history_.installations; ++i) {
    std::optional<Uid> its;
    if (!store(i).isNew())
      for (const store::KnownMailbox& it : store(i).mailboxes())
        if (it.name.bytes() == mailbox) its = store(i).partner(it.id, side, *Uid::of(uid));
    if (!its || (partner && partner != its)) return false;
    partner = its;
  }
  HeldMailbox* there = accounts_[other(side)].find(mailbox);
  return there != nullptr && there->byUid(partner->value()) != nullptr;
}

void Trial::note(const std::string& line) {
  if (trace_ != nullptr) *trace_ += line + "\n";
}

void Trial::noteMailboxes() {
  if (trace_ == nullptr) return;
  for (Side side : kSides)
    for (const auto& [name, mailbox] : accounts_[side].mailboxes) {
      std::string line = std::string("  = ") + nameOf(side) + "(" + shown(name) + ") UIDVALIDITY " +
                         std::to_string(mailbox.uidValidity) + ", UID:message";
      for (const HeldMessage& message : mailbox.messages)
        line += " " + std::to_string(message.uid) + ":" + std::to_string(message.serial);
      note(line);
    }
}

std::optional<std::string> Trial::verdict() {
  std::optional<std::string> wrong;
  try {
    play();
    settle();
  } catch (const Broken& broken) {
    wrong = broken.what();
    noteMailboxes();
  } catch (const std::exception& error) {
    wrong = std::string("exception: ") + error.what();
  }
  closeStores();
  return wrong;
}

void Trial::play() {
  const std::vector<Step>& steps = history_.steps;
  for (std::size_t i = 0; i < steps.size();) {
    const Step& step = steps[i++];
    if (step.at != 0) continue;  // its run was left out
    if (!history_.arrivals) haveArrive(history_.seed + i, 8);
    note(text(step));
    if (step.what != What::run) {
      act(step);
      continue;
    }
    std::size_t from = i;
    while (i < steps.size() && steps[i].at != 0) ++i;
    std::span<const Step> within(steps.begin() + static_cast<std::ptrdiff_t>(from), i - from);
    for (const Step& inner : within)
      if (inner.what == What::kill) note(text(inner));
    bool clean = within.empty() && stragglers_.empty() && !isAnyHungUpAt();
    if (!clean) witness_.disturbed();
    adopting_ = adopting_ || step.flags != 0;
    if (!history_.policies.empty()) policy_ = &history_.policies[step.looks];
    checkAfter(run(step.n, within, step.serial), clean);
  }
}

void Trial::checkAfter(const Outcome& outcome, bool clean) {
  if (!clean || !outcome.finished || history_.installations > 1) return;
  if (mustReport_ && outcome.status == ExitStatus::ok)
    throw Broken("a mailbox had to be left alone, and the exit status is 0");
  if (!history_.policies.empty()) {
    if (outcome.status != ExitStatus::ok)
      throw Broken("what the policy leaves undone is no trouble, but the exit status is " +
                   std::to_string(static_cast<int>(outcome.status)));
    return;
  }
  if (madeParents()) return;
  if (outcome.status == ExitStatus::ok) return witness_.converged();
  if (outcome.status == ExitStatus::tryAgain && history_.daily > 0) return;
  if (outcome.status == ExitStatus::data && witness_.upsetMailboxes().empty() && !witness_.isAnyRenamed() &&
      !mayDiffer_)
    throw Broken("nothing had to be left alone, and the exit status is 65");
  if (witness_.upsetMailboxes().empty() && !witness_.readOnly() && !isAnyWithheld() && !mayDiffer_ &&
      !isAnyRefused() && witness_.difference().empty())
    throw Broken("all is equal, but the exit status is " + std::to_string(static_cast<int>(outcome.status)));
}

// A flag that cannot be stored everywhere is not carried over, and that is reported.
bool Trial::isAnyWithheld() const {
  return std::ranges::any_of(kSides,
                             [this](Side side) { return accounts_[side].setup.storable != kAllFlags; });
}

// Each side may hold one that the other refuses, and both may look the same.
bool Trial::isAnyRefused() {
  return std::ranges::any_of(kSides, [this](Side side) {
    return std::ranges::any_of(accounts_[side].poison, [&](std::uint32_t serial) {
      return accounts_[other(side)].bySerial(serial).second != nullptr;
    });
  });
}

// Or was, and what the engine has concluded from that holds for a day.
bool Trial::isAnyHungUpAt() {
  if (!accounts_.local.hangs.empty() || !accounts_.remote.hangs.empty()) return true;
  return !files_.contents.empty() && !store().isNew() && !store().hangups().empty();
}

// What was left out since a server hung up at it is tried again.
void Trial::passADay() {
  for (Side side : kSides) accounts_[side].hangs.clear();
  if (files_.contents.empty() || store().isNew()) return;
  store::Transaction transaction = store().begin();
  for (store::Hangup hangup : store().hangups()) {
    hangup.at = 0;
    store().putHangup(hangup);
  }
  transaction.commit("a day");
}

// Policies are kept to, and then there is none any more: whatever was left undone is made up for.
void Trial::settle() {
  if (isAnyHungUpAt()) passADay();
  if (!history_.policies.empty()) {
    policy_ = &history_.policies.back();
    note("as the last policy has it");
    comeToRest();
    policy_ = nullptr;
    note("without a policy");
  }
  comeToRest();
}

// No more faults: after a few runs all is quiet, and the run after that does not even look.
void Trial::comeToRest() {
  for (Side side : kSides) accounts_[side].poison.clear();
  settling_ = true;
  Outcome outcome;
  const unsigned all = history_.installations;
  unsigned quiet = 0;  // so many after each other
  for (unsigned runs = 0; quiet < all; ++runs) {
    std::string found = witness_.difference();
    if (!history_.arrivals) haveArrive(history_.seed - runs, 3);
    if (history_.arrivals || runs == kMostRuns / 2 * all)
      stragglers_.clear();  // what is still on its way now never comes
    if (runs == kMostRuns * all)
      throw Broken("still writing after " + std::to_string(runs) + " runs" +
                   (found.empty() ? "" : ": " + found));
    note(runs % all ? "run of the other installation without faults" : "run without faults");
    bool stragglers = !stragglers_.empty();
    outcome = run(history_.seed + runs, {}, runs % all);
    if (!outcome.finished) throw Broken("a run without faults does not come to its end");
    bool isQuiet = outcome.writes == 0 && !stragglers && !madeParents() &&
                   (adopting_ || outcome.status != ExitStatus::data);
    quiet = isQuiet ? quiet + 1 : 0;
    if (outcome.status == ExitStatus::data && !adopting_) note("--adopt from now on");
    adopting_ = adopting_ || outcome.status == ExitStatus::data;
  }
  checkQuiet(outcome.status);
  for (unsigned i = 0; i < all; ++i) {
    note("run without news");
    if (run(history_.seed, {}, i).selects > 0) throw Broken("a run without news selects mailboxes");
    if (std::string found = store(i).check(); found != "ok") throw Broken("the database: " + found);
  }
}

void Trial::checkQuiet(ExitStatus status) {
  if (mustReport_ && status == ExitStatus::ok)
    throw Broken("a mailbox had to be left alone, and the exit status is 0");
  history_.policies.empty() ? witness_.converged() : witness_.settled();
  if (witness_.upsetMailboxes().empty() && !witness_.readOnly() && !isAnyWithheld() &&
      status != ExitStatus::ok)
    throw Broken("all is equal, but the exit status is " + std::to_string(static_cast<int>(status)));
}

bool Trial::madeParents() const { return accounts_.local.madeParents || accounts_.remote.madeParents; }

// At a moment of a run of another installation.
void Trial::runAlongside(const Step& step) {
  if (step.serial == at_) return;  // what remains of a history that was shortened
  note("    - meanwhile: " + text(step));
  witness_.overlap();
  run(step.n, {}, step.serial);
  note("    - back");
}

Trial::Outcome Trial::run(std::uint64_t seed, std::span<const Step> within, unsigned installation) {
  ++runs_;
  noteMailboxes();
  const unsigned interrupted = std::exchange(at_, installation);
  Installation& self = installations_[at_];
  for (Side side : kSides) accounts_[side].madeParents = false;
  if (Random(seed).oneIn(4)) self.store.reset();
  self.seam = nullptr;
  if (running_++ == 0) witness_.beginRun();
  witness_.want(policy_);
  forbidUpset();
  auto [launchOurs, launchTheirs] = Channel::pair();
  Both<Descriptor> ends;
  Both<std::optional<SimulatedNet>> nets;
  for (Side side : kSides) {
    auto [ours, theirs] = Channel::pair();
    ends[side] = std::move(theirs);
    nets[side].emplace(side, accounts_[side], witness_, Channel(std::move(ours)));
  }
  Channel launch(std::move(launchOurs));
  Reporter reporter{Channel(std::move(launchTheirs))};
  Log log(reporter);
  Interleaving interleaving(
      reporter, launch, {&*nets.local, &*nets.remote},
      [this](Side side, Channel channel) {
        return SimulatedNet(side, accounts_[side], witness_, std::move(channel));
      },
      seed, within, [this](const Step& step) { act(step); },
      trace_ == nullptr ? std::function<void(const std::string&)>()
                        : [this](const std::string& line) { note(line); });
  interleaving.leave(std::exchange(stragglers_, {}));
  auto kill = std::ranges::find(within, What::kill, &Step::what);
  Outcome outcome;
  try {
    outcome.status = synchronise(interleaving, reporter, log, std::move(ends), connections(seed),
                                 kill == within.end() ? nullptr : &*kill);
    outcome.finished = true;
  } catch (const Killed&) {
    note("  killed");
    if (kill->serial & kPowerLoss) witness_.powerFailed();
    for (Installation& each : installations_)
      each.powerFailed = each.powerFailed || (kill->serial & kPowerLoss) != 0;
  } catch (const Stopped&) {
    note("  stopped");
  } catch (const PeerGone&) {
    note("  connection lost");
  } catch (const AboutFailure& failure) {
    note(std::string("  failure: ") + failure.what());
    outcome.status = failure.status;
  }
  --running_;
  if (!outcome.finished) self.store.reset();
  // At the end of a run the database is closed, here it only stays open for the sake of speed.
  if (outcome.finished) files_.sync();
  // The machine's start stays where it is: what was written before it is in doubt until a run is through.
  if (outcome.finished && outcome.status == ExitStatus::ok) self.powerFailed = false;
  stragglers_.splice(stragglers_.end(), interleaving.takeStragglers());
  Random fate(seed);
  std::erase_if(stragglers_, [&](SimulatedNet& net) {
    net.linger();
    return !net.waiting() || net.slowness == 1 || (!history_.arrivals && fate.oneIn(6));
  });
  for (Side side : kSides) {
    if (outcome.finished) continue;
    nets[side]->outlive(Random(seed).below(8));
    nets[side]->slowness = history_.arrivals ? kNever : fate.oneIn(2) ? 1 : 1 + fate.below(30);
    stragglers_.push_back(std::move(*nets[side]));
  }
  for (const std::string& name : std::exchange(afresh_, {}))
    for (Side side : kSides)
      if (outcome.finished && within.empty()) restored_[side].erase(name);
  witness_.endRun(outcome.finished);
  outcome.writes = interleaving.writes();
  outcome.selects = interleaving.selects();
  for (SimulatedNet& other : interleaving.takeOthers()) {
    if (outcome.finished || other.gone()) continue;
    other.outlive(Random(seed).below(3));
    other.slowness = history_.arrivals ? kNever : fate.oneIn(2) ? 1 : 1 + fate.below(30);
    stragglers_.push_back(std::move(other));
  }
  if (trace_ != nullptr)
    for (const LogLine& line : interleaving.takeLog())
      if (line.level != LogLevel::debug)
        note(std::string("  | ") + nameOf(line.component) + "(" + shown(line.mailbox) + ") " + line.text);
  for (Side side : kSides) {
    outcome.writes += nets[side]->writes;
    outcome.selects += nets[side]->selects;
  }
  note("  " + std::to_string(outcome.writes) + " writes, " + std::to_string(outcome.selects) +
       " SELECTs, status " + std::to_string(static_cast<int>(outcome.status)));
  at_ = interrupted;
  return outcome;
}

ExitStatus Trial::synchronise(Interleaving& interleaving, Reporter& reporter, Log& log, Both<Descriptor> ends,
                              Both<unsigned> most, const Step* kill) {
  MemoryFiles::Contents atKill;
  Seam seam(kill == nullptr ? 0 : kill->n, kill != nullptr && (kill->serial & kAfter) != 0, [&] {
    atKill = (kill->serial & kPowerLoss) != 0 ? files_.onDisk : files_.contents;
    throw Killed();
  });
  Installation& self = installations_[at_];
  self.seam = &seam;
  struct Leaving {  // however this ends
    Seam*& seam;
    ~Leaving() { seam = nullptr; }
  } leaving{self.seam};
  try {
    Server local(Side::local, Channel(std::move(ends.local)), interleaving, seam),
        remote(Side::remote, Channel(std::move(ends.remote)), interleaving, seam);
    settings::Sync settings;
    settings.adopt = adopting_;
    settings.moves = history_.filed;
    if (policy_ != nullptr) settings.ofMailboxes = *policy_;
    if (!settling_) settings.of.remote.daily = history_.daily;
    Connections connections({&local, &remote}, most, interleaving, reporter, seam, 0);
    for (Server* server : {&local, &remote})  // one that is not asked has all there is
      if (!accounts_[server->side()].setup.uidPlus) server->enable(Purpose::synchronise).get();
    // So few messages would all be on their way before others have logged in.
    for (unsigned n = 0; n < Interleaving::kMostConnections; ++n) connections.expect(1);
    connections.want();
    Allowance allowance(settings, [this] { return runs_ * std::int64_t{86400}; });
    Engine(settings, connections, interleaving, store(), log, allowance).run();
    if (allowance.usedUp(store())) log.worsen(ExitStatus::tryAgain);
  } catch (const Killed&) {
    // What the destructors did to the files, a kill does not.
    closeStores();
    files_.contents = files_.onDisk = std::move(atKill);
    throw;
  }
  return log.status();
}

// Opening a database costs as much as a run, so that it often stays open from one to the next.
store::Store& Trial::store(unsigned installation) {
  Installation& self = installations_[installation];
  if (!self.store)
    self.store = std::make_unique<store::Store>(kDirectory, kDatabases[installation], false,
                                                [&self](const char*, bool after) {
                                                  if (self.seam != nullptr)
                                                    after ? self.seam->after() : self.seam->before();
                                                });
  self.store->setBooted(self.powerFailed ? std::numeric_limits<std::int64_t>::max() : 0);
  return *self.store;
}

void Trial::closeStores() {
  for (Installation& each : installations_) each.store.reset();
}

void Trial::haveArrive(std::uint64_t seed, std::uint32_t oneIn) {
  Random random(~seed);
  witness_.beginRun();
  for (SimulatedNet& net : stragglers_) {
    if (net.slowness == 1 || !random.oneIn(oneIn)) continue;
    net.linger();
    do {
      if (!net.waiting()) break;
      note("    straggler: " + text(net.next()));
      net.carryOutUnheard();
    } while (history_.arrivals);
  }
}

// Users and servers.

void Trial::act(const Step& step) {
  Account& account = accounts_[step.side];
  const std::string& name = kMailboxes[step.mailbox];
  switch (step.what) {
    case What::append: return append(step);
    case What::expunge: return expunge(step);
    case What::flag:
    case What::unflag: return flag(step);
    case What::move: return move(step);
    case What::reappend: return reappend(step);
    case What::create: return account.create(name);
    case What::subscribe:
    case What::unsubscribe: {
      bool subscribe = step.what == What::subscribe;
      if (!account.find(name) || account.subscribed.contains(name) == subscribe) return;
      subscribe ? void(account.subscribed.insert(name)) : void(account.subscribed.erase(name));
      return witness_.subscribed(name, subscribe);
    }
    case What::remove:
      if (name == "INBOX" || !account.find(name)) return;
      account.mailboxes.erase(name);
      return upset(name);
    case What::rename: return rename(step);
    case What::renumber:
      if (!account.find(name)) return;
      account.find(name)->renumber(++account.lastValidity);
      witness_.renumbered(name);
      return upset(name);
    case What::backup:
      if (account.find(name)) account.backups[name] = *account.find(name);
      return;
    case What::restore: return restore(step);
    case What::poison: account.poison.insert(step.serial); return;
    case What::hang: account.hangs.insert(step.serial); return;
    case What::arrive: return haveArrive(0, 1);
    case What::run: return runAlongside(step);
    default: return;
  }
}

void Trial::append(const Step& step) {
  Account& account = accounts_[step.side];
  const std::string& name = kMailboxes[step.mailbox];
  if (HeldMailbox* mailbox = account.find(name); mailbox && !restored_[step.side].contains(name)) {
    FlagBits flags = step.flags & account.setup.storable;
    mailbox->append(step.serial, flags);
    witness_.appended(step.side, name, step.serial, step.looks, flags);
  }
}

void Trial::expunge(const Step& step) {
  auto [name, message] = accounts_[step.side].bySerial(step.serial);
  if (message == nullptr || restored_[step.side].contains(*name)) return;
  witness_.expunged(step.side, *name, step.serial,
                    history_.installations > 1 && isKnownToAll(step.side, *name, message->uid));
  accounts_[step.side].find(*name)->expunge(message->uid);
}

void Trial::move(const Step& step) {
  Account& account = accounts_[step.side];
  auto [name, message] = account.bySerial(step.looks);
  const std::string& to = kMailboxes[step.mailbox];
  const std::set<std::string>& restored = restored_[step.side];
  if (message == nullptr || !account.find(to) || to == *name || restored.contains(to) ||
      restored.contains(*name) || (history_.filed && witness_.hasBeenIn(to, step.looks)))
    return;
  const HeldMessage former = *message;
  std::uint32_t looks = witness_.kind(step.looks);
  if (step.n == 0) expunge({.what = What::expunge, .side = step.side, .serial = step.looks});
  account.find(to)->append(step.serial, former.flags, former.dated, former.id);
  witness_.appended(step.side, to, step.serial, looks, former.flags);
  witness_.moved(step.looks, to, step.serial);
}

void Trial::reappend(const Step& step) {
  auto [name, message] = accounts_[step.side].bySerial(step.serial);
  if (message == nullptr || restored_[step.side].contains(*name)) return;
  HeldMailbox* mailbox = accounts_[step.side].find(*name);
  const std::string mailboxName = *name;
  const FlagBits flags = message->flags;
  expunge({.what = What::expunge, .side = step.side, .serial = step.serial});
  mailbox->append(step.serial, flags);
  witness_.appended(step.side, mailboxName, step.serial, witness_.kind(step.serial), flags);
  witness_.putBack(mailboxName, step.serial);
}

void Trial::flag(const Step& step) {
  Account& account = accounts_[step.side];
  auto [name, message] = account.bySerial(step.serial);
  if (message == nullptr || restored_[step.side].contains(*name)) return;
  FlagBits before = message->flags;
  FlagBits now =
      step.what == What::flag ? before | (step.flags & account.setup.storable) : before & ~step.flags;
  if (now == before) return;
  account.find(*name)->setFlags(*message, now);
  witness_.flagged(step.side, *name, step.serial, now & ~before, before & ~now);
}

void Trial::rename(const Step& step) {
  Account& account = accounts_[step.side];
  const std::string &from = kMailboxes[step.mailbox], &to = kMailboxes[step.n];
  if (from == "INBOX" || !account.find(from)) return;
  for (const std::string& name : account.rename(from, to)) {
    const std::string former = from + name.substr(to.size());
    for (const HeldMessage& message : account.find(name)->messages)
      witness_.appended(step.side, name, message.serial, witness_.kind(message.serial), message.flags);
    witness_.goesAlong(former, name);
    upset(former);
    witness_.renamed(former);  // what is below either name may wait for a user to say what became of it
    witness_.renamed(name);
    if (accounts_[other(step.side)].find(name)) upset(name);
  }
}

void Trial::restore(const Step& step) {
  Account& account = accounts_[step.side];
  const std::string& name = kMailboxes[step.mailbox];
  auto backup = account.backups.find(name);
  HeldMailbox* mailbox = account.find(name);
  if (backup == account.backups.end() || mailbox == nullptr ||
      backup->second.highestModSeq == mailbox->highestModSeq)
    return;
  *mailbox = backup->second;
  mailbox->reincarnate();
  restored_[step.side].insert(name);
  stragglers_.clear();  // nobody was connected
  upset(name);
}

void Trial::upset(const std::string& mailbox) { witness_.upset(mailbox); }

void Trial::forbidUpset() {
  witness_.forbidNothing();
  mustReport_ = mayDiffer_ = false;
  if (files_.contents.empty() || store().isNew()) return;
  for (const store::KnownMailbox& known : store().mailboxes()) {
    const std::string& name = known.name.bytes();
    const HeldMailbox *local = accounts_.local.find(name), *remote = accounts_.remote.find(name);
    if ((local == nullptr && remote == nullptr) || isElsewhere(known)) continue;
    // Never seen where it was made: made again, once nothing else there may be what it has become.
    if ((local == nullptr && !store().state(known.id, Side::local)) ||
        (remote == nullptr && !store().state(known.id, Side::remote)))
      continue;
    bool gone = local == nullptr || remote == nullptr, held = store().held(known.id).has_value();
    bool renumbered = false, restored = false;
    for (Side side : kSides) {
      if (held) restored_[side].erase(name);  // noticed once, for good
      auto state = store().state(known.id, side);
      const HeldMailbox* now = side == Side::local ? local : remote;
      if (!state || now == nullptr) continue;
      if (state->uidValidity.value != now->uidValidity)
        renumbered = true;
      else
        restored = restored || state->uidNext.value > now->uidNext ||
                   (state->highestModSeq.value > now->highestModSeq && !hasTheSameNewest(known.id, side)) ||
                   store().leastNext(known.id, side).value > now->uidNext;
    }
    bool afresh = !gone && (adopting_ ? held || renumbered || restored : renumbered && !held && !restored);
    if (afresh) {
      takeAfresh(known);
    } else if (witness_.isUpset(name) && (gone || held || restored)) {
      witness_.forbid(name);
      mustReport_ = true;
    }
  }
}

// Then it is taken for one whose index was made anew: its UIDs hold.
bool Trial::hasTheSameNewest(store::MailboxId id, Side side) {
  HeldMailbox* now = nullptr;
  for (const store::KnownMailbox& known : store().mailboxes())
    if (known.id == id) now = accounts_[side].find(known.name.bytes());
  bool same = false;
  for (const auto& [uid, header] : store().landmarks(id, side)) {
    const HeldMessage* message = now == nullptr ? nullptr : now->byUid(uid.value());
    if (message != nullptr && witness_.looks(message->serial).header != header) return false;
    same = same || message != nullptr;
  }
  return same;
}

void Trial::takeAfresh(const store::KnownMailbox& known) {
  const std::string& name = known.name.bytes();
  note("  (" + shown(name) + " is to be taken afresh)");
  afresh_.insert(name);
  mayDiffer_ = mayDiffer_ || !(adopting_ || recognisable(known));
  witness_.takenAfresh(name);
}

// Whether everything that was known is still on both sides.
bool Trial::recognisable(const store::KnownMailbox& known) {
  Both<HeldMailbox*> now{accounts_.local.find(known.name.bytes()), accounts_.remote.find(known.name.bytes())};
  if (store().unlike(known.id, {now.local->uidValidity}, {now.remote->uidValidity})) return false;
  Both<bool> holds;
  for (Side side : kSides)
    holds[side] = store().state(known.id, side)->uidValidity.value == now[side]->uidValidity;
  if (holds.local || holds.remote) {
    Side kept = holds.local ? Side::local : Side::remote;
    return std::ranges::all_of(now[kept]->messages, [&](const HeldMessage& message) {
      return !store().partner(known.id, kept, *Uid::of(message.uid)) ||
             now[other(kept)]->bySerial(message.serial) != nullptr;
    });
  }
  auto common = std::ranges::count_if(now.local->messages, [&](const HeldMessage& message) {
    return now.remote->bySerial(message.serial) != nullptr;
  });
  return static_cast<std::uint64_t>(common) >= store().count(known.id);
}

// Gone from a side, but there is one that it, or a mailbox above it, may have become.
bool Trial::isElsewhere(const store::KnownMailbox& known) {
  for (const store::KnownMailbox& above : store().mailboxes())
    if (isBelow(known.name, above.name) && isElsewhere(above)) return true;
  for (Side side : kSides) {
    auto state = store().state(known.id, side);
    if (!state || accounts_[side].find(known.name.bytes())) continue;
    for (const auto& [_, mailbox] : accounts_[side].mailboxes)
      if (mailbox.uidValidity == state->uidValidity.value) return true;
  }
  return false;
}

}  // namespace interimap::model
