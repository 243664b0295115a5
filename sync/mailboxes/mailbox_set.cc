// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/mailbox_set.h"

#include <algorithm>
#include <string>

#include "ipc/ascii.h"
#include "ipc/failure.h"
#include "ipc/side.h"
#include "sync/mailboxes/renaming.h"

namespace interimap {

namespace {

const char* doneOf(MailboxStep::Do step) {
  return step == MailboxStep::Do::create      ? "Created mailbox "
         : step == MailboxStep::Do::subscribe ? "Subscribe to "
                                              : "Unsubscribe to ";
}

}  // namespace

KnownSubscriptions MailboxSet::known() const {
  KnownSubscriptions known;
  if (store_.isNew()) return known;
  auto isAside = [this](const MailboxName& name) {
    return std::ranges::any_of(
        aside_, [&](const MailboxName& aside) { return name == aside || isBelow(name, aside); });
  };
  for (const store::KnownMailbox& mailbox : store_.mailboxes())
    if (!missing_.contains(mailbox.name) && !isAside(mailbox.name))
      known.emplace(mailbox.name, mailbox.subscribed);
  return known;
}

std::map<MailboxName, store::MailboxId> MailboxSet::ids() const {
  std::map<MailboxName, store::MailboxId> ids;
  if (store_.isNew()) return ids;
  for (const store::KnownMailbox& mailbox : store_.mailboxes()) ids.emplace(mailbox.name, mailbox.id);
  return ids;
}

void MailboxSet::setAside(const MailboxName& name) {
  aside_.insert(name);
  for (Side side : kSides)
    std::erase_if(lists_.listing(side),
                  [&](const auto& entry) { return entry.first == name || isBelow(entry.first, name); });
}

// A known mailbox that a list lacks is gone once SELECT says so, too; a new one is there once it can be
// selected. Dovecot's LIST in a session with NOTIFY can be stale, and stays so; a new session, which launch
// starts, lists correctly.
void MailboxSet::checkListings(bool first) {
  Both<std::vector<MailboxName>> missing, strange;
  KnownSubscriptions known = this->known();
  for (const auto& [name, _] : known) {
    bool here = lists_.exists(Side::local, name), there = lists_.exists(Side::remote, name);
    if ((here == there && (here || !lists_.complete())) || lists_.isLeftOut(name)) continue;
    // What another has for a name there is not asked for under it.
    if (!here && lists_.hierarchy(Side::local).canSpell(name)) missing.local.push_back(name);
    if (!there && lists_.hierarchy(Side::remote).canSpell(name)) missing.remote.push_back(name);
  }
  askWhich(std::move(missing), [&](Side side, const MailboxName& name, const answer::Done& done) {
    bool there = done.ok() && !isTakenForAnother(side, name);
    if (there && !first && settings_.errand == settings::Errand::notify)
      throw ServerFailure(side, ExitStatus::unavailable,
                          "Server no longer lists mailbox " + lists_.hierarchy(side).wire(name).bytes +
                              ", which is there; asking again in a new session");
    if (there) lists_.listing(side)[name] = {true, known.at(name), {}};
  });
  // A mailbox that is to be created on the other side, and of which the server has no STATUS, may be one that
  // cannot be selected: then it is left alone.
  for (Side side : kSides)
    for (const auto& [name, mailbox] : lists_.listing(side)) {
      if (!mailbox.exists || known.contains(name)) continue;
      bool doubtful = !mailbox.status.uidValidity && !lists_.exists(other(side), name);
      if (doubtful || settings_.errand == settings::Errand::notify) strange[side].push_back(name);
    }
  askWhich(std::move(strange), [&](Side side, const MailboxName& name, const answer::Done& done) {
    if (done.ok()) return;
    if (first)
      log_.error(About::at(side, lists_.hierarchy(side).wire(name)),
                 "Mailbox is listed, but cannot be selected; it is left alone: " + words(done),
                 ExitStatus::tryAgain);
    lists_.listing(side).erase(name);
  });
  for (Side side : kSides)
    if (lists_.hasHole(side)) leaveOutMissing(side);
}

// It may be there, or renamed, or gone, and nobody can tell: neither is anything created for it.
void MailboxSet::leaveOutMissing(Side side) {
  log_.error(About::server(side),
             "LIST: a line of it could not be read. Mailboxes that are missing from it are left alone.",
             ExitStatus::protocol);
  Both<Listing*> listings{&lists_.listing(Side::local), &lists_.listing(Side::remote)};
  std::set<MailboxName> names;
  for (const auto& [name, _] : known()) names.insert(name);
  for (const auto& [name, _] : *listings[other(side)]) names.insert(name);
  for (const MailboxName& name : names) {
    if (lists_.exists(side, name)) continue;
    missing_.insert(name);
    for (Side each : kSides) listings[each]->erase(name);
  }
}

void MailboxSet::askWhich(Both<std::vector<MailboxName>> names,
                          const std::function<void(Side, const MailboxName&, const answer::Done&)>& tell) {
  struct Asked {
    Side side;
    MailboxName name;
    Reply<answer::Selected> reply;
  };
  std::vector<Asked> asked;
  for (Side side : kSides)
    for (const MailboxName& name : names[side])
      asked.push_back(
          {side, name, servers_[side]->select(lists_.hierarchy(side).wire(name), std::nullopt, {}, {})});
  for (Asked& it : asked) tell(it.side, it.name, it.reply.done());
}

// Gone from both servers, and nothing hides it: there is nothing left to be kept in step.
void MailboxSet::forgetGone(bool preview) {
  if (!lists_.complete()) return;
  KnownSubscriptions known = this->known();
  for (const auto& [name, id] : ids()) {
    bool listed = lists_.exists(Side::local, name) || lists_.exists(Side::remote, name);
    bool apart = name.isInbox() || astray_.contains(name) || lists_.isLeftOut(name);
    if (listed || apart || !known.contains(name)) continue;
    std::string shown = "mailbox " + lists_.hierarchy(Side::local).shown(name);
    if (preview) {
      log_.notice(About::database(), "Would remove " + shown + ", which is on neither server any more");
      continue;
    }
    store::Transaction transaction = store_.begin();
    store_.removeMailbox(id);
    transaction.commit("forget");
    log_.notice(About::database(), "Removed " + shown + ", which is on neither server any more");
  }
}

// CREATE was said to be done, and it was never seen there: nobody has deleted it. Nor has somebody given it
// another name before, if nothing else is there that was never seen.
bool MailboxSet::isUnmade(store::MailboxId mailbox, Side side,
                          const std::map<MailboxName, store::MailboxId>& known) const {
  return !store_.state(mailbox, side) && std::ranges::all_of(lists_.listing(side), [&](const auto& listed) {
    auto it = known.find(listed.first);
    return it != known.end() && store_.state(it->second, side);
  });
}

std::vector<MailboxPlan> MailboxSet::plan() const {
  std::vector<MailboxPlan> plans = planMailboxes(
      lists_.listing(Side::local), lists_.listing(Side::remote), known(),
      lists_.whyNoSubscriptions(Side::local).empty() && lists_.whyNoSubscriptions(Side::remote).empty());
  for (Side side : kSides)
    if (const std::string& why = lists_.whyNoSubscriptions(side); !why.empty())
      log_.caution(About::server(side),
                   "The server does not tell which mailboxes are subscribed (" + why +
                       "): subscriptions stay as they are on both sides",
                   ExitStatus::ok);
  const std::map<MailboxName, store::MailboxId> known = ids();
  for (MailboxPlan& plan : plans) {
    if (plan.goneFrom && isUnmade(known.at(plan.name), *plan.goneFrom, known))
      plan.makeAgain(lists_.listing(other(*plan.goneFrom)).at(plan.name).subscribed);
    leaveUnwanted(plan, rules_.of(plan.name));
  }
  return plans;
}

void MailboxSet::preview(const std::vector<MailboxPlan>& plans) {
  using Do = MailboxStep::Do;
  for (const MailboxPlan& plan : plans) {
    for (const MailboxStep& step : plan.steps)
      if (step.what != Do::add && step.what != Do::mark)
        log_.notice(About::server(step.side),
                    std::string("Would ") +
                        (step.what == Do::unsubscribe ? "unsubscribe from" : verbOf(step.what)) + " " +
                        lists_.hierarchy(step.side).wire(plan.name).bytes);
    for (const auto& [step, why] : plan.left)
      log_.notice(About::server(step.side),
                  std::string("Would not ") +
                      (step.what == Do::unsubscribe ? "unsubscribe from" : verbOf(step.what)) + " " +
                      lists_.hierarchy(step.side).wire(plan.name).bytes + ": " + why);
    if (!plan.isLeft()) synced_.push_back(plan.name);
  }
}

// Everything is sent before the first answer is waited for. Returns those that failed: a mailbox that cannot
// be created stops only itself.
std::set<const MailboxPlan*> MailboxSet::tellServers(const std::vector<MailboxPlan>& plans) {
  using Do = MailboxStep::Do;
  using Verb = request::Manage::Verb;
  struct Sent {
    const MailboxPlan* plan;
    const MailboxStep* step;
    Reply<Nothing> reply;
  };
  std::vector<Sent> sent;
  for (const MailboxPlan& plan : plans)
    for (const MailboxStep& step : plan.steps) {
      if (step.what == Do::add || step.what == Do::mark) continue;
      Verb verb = step.what == Do::create      ? Verb::create
                  : step.what == Do::subscribe ? Verb::subscribe
                                               : Verb::unsubscribe;
      const std::uint8_t uses = verb == Verb::create ? lists_.usesToCreate(step.side, plan.name) : 0;
      sent.push_back(
          {&plan, &step,
           servers_[step.side]->manage(verb, lists_.hierarchy(step.side).wire(plan.name), {}, uses)});
    }
  std::set<const MailboxPlan*> failed;
  std::multiset<std::string> folded;  // names that only case tells apart are one to some servers
  for (const MailboxPlan& plan : plans) folded.insert(asciiUpper(plan.name.bytes()));
  Both<std::vector<const MailboxPlan*>> doubtful;  // created, or another name of one that was there
  for (Sent& it : sent) {
    About about = About::server(it.step->side);
    // Not for that use: then for none (RFC 6154 section 3).
    if (it.step->what == Do::create && it.reply.done().code == "USEATTR")
      it.reply =
          servers_[it.step->side]->manage(Verb::create, lists_.hierarchy(it.step->side).wire(it.plan->name));
    const std::string& wire = lists_.hierarchy(it.step->side).wire(it.plan->name).bytes;
    // A CREATE of a run that was killed may have come through after all (RFC 5530).
    bool there = it.step->what == Do::create && it.reply.done().code == "ALREADYEXISTS";
    bool twin = it.step->what == Do::create && folded.count(asciiUpper(it.plan->name.bytes())) > 1;
    if (there || (twin && it.reply.done().ok())) {
      doubtful[it.step->side].push_back(it.plan);
      continue;
    }
    if (it.reply.done().ok())
      log_.info(about, doneOf(it.step->what) + wire);
    else if (failed.insert(it.plan).second)
      log_.error(
          about,
          std::string("Couldn't ") + verbOf(it.step->what) + " " + wire + ": " + words(it.reply.done()),
          ExitStatus::tryAgain);
  }
  for (Side side : kSides) refuseAliases(side, doubtful[side], failed);
  return failed;
}

bool MailboxSet::isTakenForAnother(Side side, const MailboxName& name) const {
  return std::ranges::any_of(lists_.listing(side),
                             [&](const auto& entry) { return differInCase(entry.first, name); });
}

// What is not listed under its name after CREATE is another mailbox, to this server: messages of two would be
// merged in it.
void MailboxSet::refuseAliases(Side side, const std::vector<const MailboxPlan*>& created,
                               std::set<const MailboxPlan*>& failed) {
  if (created.empty()) return;
  std::vector<MailboxName> names;
  for (const MailboxPlan* plan : created) names.push_back(plan->name);
  std::set<MailboxName> listed = lists_.listedNow(side, names);
  for (const MailboxPlan* plan : created) {
    std::string wire = lists_.hierarchy(side).wire(plan->name).bytes;
    if (listed.contains(plan->name)) {
      log_.info(About::server(side), doneOf(MailboxStep::Do::create) + wire);
    } else if (failed.insert(plan).second) {
      log_.error(
          About::server(side),
          "Couldn't create " + wire +
              ": the server does not list it, and takes it for another mailbox. It is left alone; rename it "
              "on " +
              nameOf(other(side)) + " to synchronise it.",
          ExitStatus::data);
    }
  }
}

void MailboxSet::carryOut(std::vector<MailboxPlan> plans) {
  std::set<const MailboxPlan*> failed = tellServers(plans);
  for (const MailboxPlan& plan : plans) {
    bool creates = std::ranges::any_of(
        plan.steps, [](const MailboxStep& step) { return step.what == MailboxStep::Do::create; });
    if (plan.goneFrom)
      reportGone(plan);
    else if (!plan.isLeft() && (!creates || !failed.contains(&plan)))
      synced_.push_back(plan.name);
  }
  std::erase_if(plans, [&](const MailboxPlan& plan) { return plan.steps.empty() || failed.contains(&plan); });
  if (!plans.empty()) record(plans);
}

void MailboxSet::reportGone(const MailboxPlan& plan) {
  std::string shown = lists_.hierarchy(Side::local).shown(plan.name);
  std::string still = nameOf(other(*plan.goneFrom));
  std::string why = plan.left.empty() ? "" : ", where it is not deleted: " + plan.left.front().why;
  log_.error(About::database(),
             "Mailbox " + shown + " exists. Run `interimap --target=database --delete " + shown +
                 "` to delete. (It is gone from " + nameOf(*plan.goneFrom) + ", and still on " + still + why +
                 ". That command forgets what is known of it, and the next run copies it anew from " + still +
                 "; `interimap --target=" + still + ",database --delete " + shown +
                 "` deletes it there, too.)",
             ExitStatus::data);
}

// What was achieved on the servers, in the database.
void MailboxSet::record(const std::vector<MailboxPlan>& plans) {
  std::map<MailboxName, store::MailboxId> known = ids();
  store::Transaction transaction = store_.begin();
  for (const MailboxPlan& plan : plans) {
    for (const MailboxStep& step : plan.steps) {
      if (step.what == MailboxStep::Do::mark) store_.setSubscribed(known.at(plan.name), step.subscribed);
      if (step.what != MailboxStep::Do::add) continue;
      if (auto it = known.find(plan.name); it != known.end()) {
        store_.setSubscribed(it->second, step.subscribed);
        continue;
      }
      store_.addMailbox(plan.name, step.subscribed);
      log_.notice(About::database(), "Created mailbox " + lists_.hierarchy(Side::local).shown(plan.name));
    }
  }
  transaction.commit("mailboxes");
}

Mailbox MailboxSet::mailbox(const MailboxName& name, store::MailboxId id) const {
  Mailbox mailbox{name,
                  id,
                  {lists_.hierarchy(Side::local).wire(name), lists_.hierarchy(Side::remote).wire(name)},
                  rules_.of(name)};
  for (Side side : kSides)
    if (auto it = lists_.listing(side).find(name); it != lists_.listing(side).end())
      mailbox.appendLimit[side] = it->second.status.appendLimit;
  return mailbox;
}

std::set<store::MailboxId> MailboxSet::unfinished() const {
  std::set<store::MailboxId> unfinished;
  for (store::MailboxId id : store_.withJournal()) unfinished.insert(id);
  for (store::MailboxId id : store_.withBrake()) unfinished.insert(id);
  for (store::MailboxId id : store_.withMarked()) unfinished.insert(id);
  for (store::MailboxId id : store_.withRetried()) unfinished.insert(id);
  for (const store::Hangup& hangup : store_.hangups()) unfinished.insert(hangup.mailbox);
  return unfinished;
}

// Messages were left where they are by what the configuration does not say any more.
bool MailboxSet::isWanted(store::MailboxId id, const Policy& policy) const {
  return std::ranges::any_of(kSides, [&](Side side) {
    return std::ranges::any_of(store_.whyOutside(id, side),
                               [&](const std::string& why) { return !policy.stillSays(why, other(side)); });
  });
}

bool MailboxSet::hasNews(const store::KnownMailbox& known) const {
  for (Side side : kSides) {
    auto state = store_.state(known.id, side);
    auto it = lists_.listing(side).find(known.name);
    if (!state || it == lists_.listing(side).end()) return true;
    const answer::StatusEntry& status = it->second.status;
    using Collect = Means::Collect;
    const Collect collect = servers_[side]->means().collect;
    // Without QRESYNC messages may be expunged without a change of HIGHESTMODSEQ.
    if (collect == Collect::everything ||
        (collect == Collect::condstore && (!state->messages || status.messages != state->messages)))
      return true;
    if (status.uidValidity != state->uidValidity || status.uidNext != state->uidNext ||
        status.highestModSeq != state->highestModSeq || state->highestModSeq.value == 0 ||
        !store_.mapped(known.id, side, state->uidNext).empty())
      return true;
  }
  return false;
}

std::vector<Mailbox> MailboxSet::dirty() {
  std::set<store::MailboxId> unfinished = this->unfinished();
  const std::vector<store::MailboxId> withRefused = store_.withRefused();
  const std::set<store::MailboxId> refused(withRefused.begin(), withRefused.end());
  std::set<MailboxName> synced(synced_.begin(), synced_.end());
  std::vector<Mailbox> dirty;
  for (const store::KnownMailbox& known : store_.mailboxes()) {
    if (!synced.contains(known.name)) continue;
    Mailbox mailbox = this->mailbox(known.name, known.id);
    auto held = store_.held(known.id);
    if (held && !settings_.adopt)
      log_.error(About::at(held->side, mailbox.wire[held->side]),
                 held->reason + startAfresh(mailbox, held->side), ExitStatus::data);
    else if (held || settings_.errand == settings::Errand::repair || unfinished.contains(known.id) ||
             (refused.contains(known.id) && isWanted(known.id, mailbox.policy)) || hasNews(known))
      dirty.push_back(std::move(mailbox));
  }
  return dirty;
}

}  // namespace interimap
