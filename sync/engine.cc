#include "sync/engine.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <set>

#include "ipc/failure.h"
#include "sync/ignore.h"

namespace interimap {

namespace {

constexpr Side kSides[] = {Side::local, Side::remote};
// Mailboxes that take each step together. More would only cost memory: a server answers this many in one
// round trip.
constexpr std::size_t kTogether = 64;
// After so many passes a mailbox still has news of our own making: the servers do not agree on what they
// store.
constexpr int kMostPasses = 8;
// Mailboxes of one account. A server that lists more is not listing mailboxes.
constexpr std::size_t kMostMailboxes = 200'000;

// After a kill: how long an APPEND of the killed run may still be on its way, how often we look, and how many
// looks without a change mean that it is not.
constexpr std::chrono::seconds kStragglersLive{60};
constexpr std::chrono::milliseconds kBetweenLooks{200};
constexpr int kQuietLooks = 3, kMostLooks = 50;

std::string shown(std::optional<char> delimiter) {
  return delimiter ? std::string("\"") + *delimiter + "\"" : "NIL";
}

}  // namespace

Engine::Engine(const settings::Sync& settings, Both<Server*> servers, Exchange& exchange, store::Store& store,
               Log& log)
    : settings_(settings), servers_(servers), exchange_(exchange), store_(store), log_(log) {}

void Engine::run() {
  Both<Reply<answer::Ready>> ready;
  for (Side side : kSides) ready[side] = servers_[side]->enable();
  list();
  for (Side side : kSides)
    if (!ready[side].done().ok())
      throw ServerFailure(side, ExitStatus::protocol, "ENABLE: " + words(ready[side].done()));
  settleDelimiters();
  if (store_.isNew()) {
    log_.notice(About::database(), "Creating new schema in database file " + settings_.databaseDirectory +
                                       "/" + settings_.databaseName);
    store_.createSchema();
  } else if (store_.version() == 0) {
    if (hierarchy_.local->delimiter() != hierarchy_.remote->delimiter())
      throw Failure(ExitStatus::data,
                    "Local and remote hierarchy delimiters differ, refusing to update table `mailboxes`.");
    log_.notice(About::database(), "Upgrading database version from 0");
    store_.migrate(hierarchy_.local->delimiter());
  }
  reconcileMailboxes();
  synchronise(dirtyMailboxes());
  if (log_.status() == ExitStatus::ok) log_.debug(About::run(), "Clean state!");
}

request::List Engine::listRequest(Side side) const {
  request::List list{side == Side::local ? settings_.localReference : settings_.remoteReference,
                     {},
                     settings_.selectionOptions,
                     true};
  if (!settings_.mailboxes.empty()) {
    // MAILBOX arguments are spelled with the local delimiter.
    for (std::string name : settings_.mailboxes) {
      if (isInbox(name)) name = "INBOX";
      std::optional<char> from = *delimiter_.local, to = *delimiter_[side];
      if (from && to) std::ranges::replace(name, *from, *to);
      list.patterns.push_back(std::move(name));
    }
  } else if (!settings_.patterns.empty()) {
    for (const std::string& pattern : settings_.patterns) {
      auto text = pattern.find('\0') == std::string::npos ? std::optional(pattern)
                                                          : Hierarchy("", *delimiter_[side]).pattern(pattern);
      if (!text)
        throw Failure(ExitStatus::config,
                      std::string("list-mailbox has null characters, but the namespace of ") +
                          servers_[side]->name() + " is flat");
      list.patterns.push_back(std::move(*text));
    }
  } else {
    list.patterns = {"*"};
  }
  return list;
}

void Engine::list() {
  bool needDelimiter =
      !settings_.mailboxes.empty() || std::ranges::any_of(settings_.patterns, [](const std::string& pattern) {
        return pattern.find('\0') != std::string::npos;
      });
  if (needDelimiter) listDelimiters();
  Both<Reply<Nothing>> replies;
  for (Side side : kSides)
    replies[side] = servers_[side]->list(
        listRequest(side),
        [this, side](const answer::ListEntry& entry) {
          if (entries_[side].size() == kMostMailboxes)
            throw ServerFailure(side, ExitStatus::protocol, "Server lists too many mailboxes");
          entries_[side].push_back(entry);
        },
        [this, side](const answer::StatusEntry& status) {
          if (statuses_[side].size() < kMostMailboxes) statuses_[side].push_back(status);
        });
  for (Side side : kSides)
    if (!replies[side].done().ok())
      throw ServerFailure(side, ExitStatus::unavailable, "LIST: " + words(replies[side].done()));
}

// LIST reference "": the one reply tells the delimiter (RFC 3501 section 6.3.8).
void Engine::listDelimiters() {
  Both<Reply<Nothing>> replies;
  Both<std::vector<answer::ListEntry>> roots;
  for (Side side : kSides)
    replies[side] = servers_[side]->list(
        {side == Side::local ? settings_.localReference : settings_.remoteReference, {""}, {}, false},
        [&roots, side](const answer::ListEntry& entry) { roots[side].push_back(entry); }, [](const auto&) {});
  for (Side side : kSides) {
    if (!replies[side].done().ok() || roots[side].size() != 1)
      throw ServerFailure(side, ExitStatus::protocol, "Missing or unexpected reply to LIST");
    delimiter_[side] = roots[side].front().delimiter;
  }
}

// Every mailbox but INBOX must have the same delimiter; INBOX may have none. Where INBOX is all there is, its
// own is taken if it has one.
void Engine::settleDelimiters() {
  bool unknown = false;
  for (Side side : kSides) {
    std::optional<std::optional<char>> found = delimiter_[side];
    std::optional<char> inbox;
    const std::string& reference = side == Side::local ? settings_.localReference : settings_.remoteReference;
    for (const answer::ListEntry& entry : entries_[side]) {
      if (isInbox(entry.mailbox.bytes)) {
        inbox = entry.delimiter;
        continue;
      }
      if (entry.mailbox.bytes == reference && !reference.empty()) continue;
      if (!found) found = entry.delimiter;
      if (*found != entry.delimiter)
        throw ServerFailure(side, ExitStatus::protocol,
                            "Mailbox " + entry.mailbox.bytes + " has hierarchy delimiter " +
                                shown(entry.delimiter) + ", while " + shown(*found) + " was expected.");
    }
    if (!found && inbox) found = inbox;
    delimiter_[side] = found;
    unknown = unknown || !found;
  }
  if (unknown) listDelimiters();
  if (delimiter_.local->has_value() != delimiter_.remote->has_value())
    throw Failure(
        ExitStatus::data,
        "Local and remote namespaces are neither both flat nor both hierarchical (local delimiter " +
            shown(*delimiter_.local) + ", remote delimiter " + shown(*delimiter_.remote) + ").");
  hierarchy_.local.emplace(settings_.localReference, *delimiter_.local);
  hierarchy_.remote.emplace(settings_.remoteReference, *delimiter_.remote);
  for (Side side : kSides)
    log_.debug(About::server(side), "Using " + shown(*delimiter_[side]) + " as hierarchy delimiter");
}

void Engine::reconcileMailboxes() {
  std::optional<Ignore> ignore;
  if (settings_.ignore && settings_.mailboxes.empty()) ignore.emplace(*settings_.ignore);
  std::set<MailboxName> unspeakable;
  for (Side side : kSides) {
    for (const answer::ListEntry& entry : entries_[side]) {
      auto name = hierarchy_[side]->name(entry.mailbox);
      if (!name || (ignore && ignore->matches(*name))) continue;
      bool exists = !entry.nonExistent && !entry.noSelect;
      if (exists && !hierarchy_[other(side)]->canSpell(*name)) {
        if (unspeakable.insert(*name).second)
          log_.error(About::at(side, entry.mailbox),
                     "Mailbox name contains the hierarchy delimiter " +
                         shown(hierarchy_[other(side)]->delimiter()) +
                         " of the other server; it is left alone. Rename it to synchronise it.",
                     ExitStatus::data);
        continue;
      }
      listing_[side][*name] = {exists, entry.subscribed, {entry.mailbox, {}, {}, {}, {}}};
    }
    for (answer::StatusEntry& status : statuses_[side]) {
      auto name = hierarchy_[side]->name(status.mailbox);
      if (!name) continue;
      if (auto it = listing_[side].find(*name); it != listing_[side].end())
        it->second.status = std::move(status);
    }
    entries_[side].clear();
    statuses_[side].clear();
  }
  KnownSubscriptions known;
  for (const store::KnownMailbox& mailbox : store_.mailboxes())
    known.emplace(mailbox.name, mailbox.subscribed);
  carryOut(planMailboxes(listing_.local, listing_.remote, known));
}

namespace {

const char* verbOf(MailboxStep::Do step) {
  return step == MailboxStep::Do::create      ? "create"
         : step == MailboxStep::Do::subscribe ? "subscribe to"
                                              : "unsubscribe to";
}

const char* doneOf(MailboxStep::Do step) {
  return step == MailboxStep::Do::create      ? "Created mailbox "
         : step == MailboxStep::Do::subscribe ? "Subscribe to "
                                              : "Unsubscribe to ";
}

}  // namespace

// Everything is sent before the first answer is waited for. A mailbox that cannot be created stops only
// itself.
void Engine::carryOut(std::vector<MailboxPlan> plans) {
  using Do = MailboxStep::Do;
  using Verb = request::Manage::Verb;
  struct Sent {
    const MailboxPlan* plan;
    const MailboxStep* step;
    Reply<Nothing> reply;
  };
  std::vector<Sent> sent;
  std::set<const MailboxPlan*> failed;
  for (const MailboxPlan& plan : plans) {
    for (const MailboxStep& step : plan.steps) {
      if (step.what == Do::add || step.what == Do::mark) continue;
      Verb verb = step.what == Do::create      ? Verb::create
                  : step.what == Do::subscribe ? Verb::subscribe
                                               : Verb::unsubscribe;
      sent.push_back(
          {&plan, &step, servers_[step.side]->manage(verb, hierarchy_[step.side]->wire(plan.name))});
    }
  }
  for (Sent& it : sent) {
    About about = About::server(it.step->side);
    const std::string& wire = hierarchy_[it.step->side]->wire(it.plan->name).bytes;
    if (it.reply.done().ok()) {
      log_.info(about, doneOf(it.step->what) + wire);
    } else if (failed.insert(it.plan).second) {
      log_.error(
          about,
          std::string("Couldn't ") + verbOf(it.step->what) + " " + wire + ": " + words(it.reply.done()),
          ExitStatus::tryAgain);
    }
  }
  for (const MailboxPlan& plan : plans) {
    std::string shownName = hierarchy_.local->wire(plan.name).bytes;
    bool creates =
        std::ranges::any_of(plan.steps, [](const MailboxStep& step) { return step.what == Do::create; });
    if (plan.goneFrom)
      log_.error(About::database(),
                 "Mailbox " + shownName + " exists. Run `interimap --target=database --delete " + shownName +
                     "` to delete.",
                 ExitStatus::data);
    else if (!creates || !failed.contains(&plan))
      synced_.push_back(plan.name);
  }
  std::erase_if(plans, [&](const MailboxPlan& plan) { return plan.steps.empty() || failed.contains(&plan); });
  if (!plans.empty()) record(plans);
}

// What was achieved on the servers, in the database.
void Engine::record(const std::vector<MailboxPlan>& plans) {
  std::map<MailboxName, store::MailboxId> ids;
  for (const store::KnownMailbox& mailbox : store_.mailboxes()) ids.emplace(mailbox.name, mailbox.id);
  store::Transaction transaction = store_.begin();
  for (const MailboxPlan& plan : plans) {
    for (const MailboxStep& step : plan.steps) {
      if (step.what == MailboxStep::Do::mark) store_.setSubscribed(ids.at(plan.name), step.subscribed);
      if (step.what != MailboxStep::Do::add) continue;
      store_.addMailbox(plan.name, step.subscribed);
      log_.notice(About::database(), "Created mailbox " + hierarchy_.local->wire(plan.name).bytes);
    }
  }
  transaction.commit("mailboxes");
}

// Those with news on either side, or with something left to do.
std::vector<Mailbox> Engine::dirtyMailboxes() {
  std::set<store::MailboxId> unfinished;
  for (store::MailboxId id : store_.withJournal()) unfinished.insert(id);
  for (store::MailboxId id : store_.withRefused())
    if (std::ranges::any_of(store_.refused(id), [](const store::RefusedMessage& refused) {
          return refused.kind == store::Refusal::refused || refused.kind == store::Refusal::unsent;
        }))
      unfinished.insert(id);
  std::set<MailboxName> synced(synced_.begin(), synced_.end());
  std::vector<Mailbox> dirty;
  for (const store::KnownMailbox& known : store_.mailboxes()) {
    if (!synced.contains(known.name)) continue;
    bool news = unfinished.contains(known.id);
    for (Side side : kSides) {
      auto state = store_.state(known.id, side);
      auto it = listing_[side].find(known.name);
      const answer::StatusEntry* status = it == listing_[side].end() ? nullptr : &it->second.status;
      news = news || !state || status == nullptr || status->uidValidity != state->uidValidity ||
             status->uidNext != state->uidNext || status->highestModSeq != state->highestModSeq ||
             state->highestModSeq.value == 0;
    }
    if (!news) continue;
    dirty.push_back(
        {known.name, known.id, {hierarchy_.local->wire(known.name), hierarchy_.remote->wire(known.name)}});
  }
  return dirty;
}

// A run that was killed a moment ago may have left APPENDs in the server's hands: the kernel still sends what
// was written, the server still reads. Copying those again would double them, so the target is given time to
// become quiet.
void Engine::awaitStragglers(const std::vector<Mailbox>& mailboxes) {
  std::vector<std::pair<Side, WireName>> targets;
  for (const Mailbox& mailbox : mailboxes)
    for (Side side : kSides)
      if (std::time(nullptr) - store_.journal(mailbox.id, side).newest < kStragglersLive.count())
        targets.emplace_back(side, mailbox.wire[side]);
  if (targets.empty()) return;
  std::vector<UidNext> before;
  int quiet = 0;
  for (int looks = 0; looks < kMostLooks && quiet < kQuietLooks; ++looks) {
    if (looks > 0) exchange_.pause(kBetweenLooks);
    std::vector<Reply<answer::Selected>> replies;
    for (const auto& [side, wire] : targets) replies.push_back(servers_[side]->select(wire, {}, {}, {}));
    std::vector<UidNext> now;
    for (auto& reply : replies) now.push_back(reply.get().uidNext);
    quiet = now == before ? quiet + 1 : 0;
    before = std::move(now);
  }
}

void Engine::synchronise(const std::vector<Mailbox>& mailboxes) {
  awaitStragglers(mailboxes);
  for (std::size_t from = 0; from < mailboxes.size(); from += kTogether) {
    std::vector<std::pair<const Mailbox*, Both<bool>>> wave;
    for (std::size_t i = from; i < std::min(from + kTogether, mailboxes.size()); ++i)
      wave.push_back({&mailboxes[i], {true, true}});
    for (int passes = 0; !wave.empty(); ++passes) {
      if (passes == kMostPasses) {
        for (const auto& [mailbox, _] : wave)
          log_.error(About::at(Side::local, mailbox->wire.local),
                     "The servers do not come to agree; giving up for now", ExitStatus::tryAgain);
        break;
      }
      wave = pass(wave, passes > 0);
    }
  }
}

std::vector<std::pair<const Mailbox*, Both<bool>>> Engine::pass(
    const std::vector<std::pair<const Mailbox*, Both<bool>>>& mailboxes, bool again) {
  Lane fromLocal(*servers_.local, *servers_.remote, store_, log_),
      fromRemote(*servers_.remote, *servers_.local, store_, log_);
  Both<Lane*> lanes{&fromLocal, &fromRemote};
  std::deque<Pass> passes;
  for (const auto& [mailbox, sides] : mailboxes)
    passes.emplace_back(servers_, store_, log_, *mailbox).ask(sides, again);
  for (Pass& it : passes) it.clarify();
  for (Pass& it : passes) it.begin(lanes);
  copy(lanes);
  for (Pass& it : passes) it.expunge();

  std::vector<std::pair<const Mailbox*, Both<bool>>> written;
  store::Transaction transaction = store_.begin();
  for (Pass& it : passes) {
    it.finish(lanes);
    if (it.written().local || it.written().remote) written.emplace_back(&it.mailbox(), it.written());
  }
  transaction.commit("state");
  return written;
}

void Engine::copy(Both<Lane*> lanes) {
  while (!lanes.local->finished() || !lanes.remote->finished()) {
    bool moved = lanes.local->advance();
    moved = lanes.remote->advance() || moved;
    if (moved)
      log_.progress({"", lanes.local->copied() + lanes.remote->copied(),
                     lanes.local->total() + lanes.remote->total(),
                     lanes.local->octets() + lanes.remote->octets()});
    else
      servers_.local->turn();
  }
}

}  // namespace interimap
