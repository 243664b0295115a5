// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/deletions.h"

#include <algorithm>
#include <ctime>
#include <functional>
#include <map>
#include <utility>

#include "ipc/side.h"
#include "sync/mailboxes/renaming.h"
#include "sync/pass/restraint.h"

namespace interimap {

namespace {

using What = Sentence::What;
using Wanted = settings::DeleteMailboxes;

constexpr const char* kForce = ". If that is right, run with --force-deletions.";

// NONEXISTENT (RFC 5530), or no code at all: what is wrong for another reason has one, or is listed.
bool saysGone(const answer::Done& done) {
  return done.completion == answer::Done::Completion::no && (done.code == "NONEXISTENT" || done.code.empty());
}

bool isTooMany(std::uint64_t messages, const std::optional<settings::Share>& most) {
  return most && messages > (most->percent ? messages * most->number / 100 : most->number);
}

bool hasFallen(const store::SideState& then, const answer::StatusEntry& now) {
  return (now.uidNext && *now.uidNext < then.uidNext) ||
         (now.highestModSeq && *now.highestModSeq < then.highestModSeq);
}

}  // namespace

Sentence judge(const Disappearance& found, bool force, std::int64_t now) {
  const std::string messages = std::to_string(found.messages) + " message(s) in it";
  if (!found.words.empty()) return {What::keep, found.from + " does not say that it is gone: " + found.words};
  if (!found.fallen.empty())
    return {What::keep, "the numbers of mailbox " + found.fallen + " of " + found.from +
                            " fell, as if that server had been restored from a backup"};
  if (found.wanted == Wanted::empty && found.messages > 0)
    return {What::keep, messages + " (delete-mailboxes = empty)"};
  if (!force && !found.vouched)
    return {What::hold, "no other mailbox tells that " + found.from + " is still the same account" + kForce};
  if (!force && found.all)
    return {What::hold, "all mailboxes but INBOX are gone from " + found.from + " at once" + kForce};
  if (found.another) return {What::makeAgain, "this is another one, made since (UIDVALIDITY changed)"};
  if (found.strange > 0)
    return {What::makeAgain, messages + ", " + std::to_string(found.strange) + " of them new or changed"};
  if (force) return {What::remove};
  if (isTooMany(found.messages, found.maxDeletions))
    return {What::hold, messages + ", more than max-deletions allows" + kForce};
  if (found.together <= kFewMessages) return {What::remove};

  const bool asBefore = found.brake && found.brake->uids == found.uids && found.brake->since <= now;
  if (asBefore && now - found.brake->since >= kConfirmedAfter) return {What::remove};
  std::string why = messages;
  if (found.together > found.messages) why += ", " + std::to_string(found.together) + " in all that are gone";
  return {
      What::hold,
      why + ". If that is still so in ten minutes or later, it will be done; --force-deletions does it now.",
      asBefore ? *found.brake : store::Brake{now, found.uids}};
}

Wanted Deletions::wanted(const Policy& policy) const {
  return policy.deleteMailboxes().value_or(settings_.deleteMailboxes);
}

void Deletions::judge(std::vector<MailboxPlan>& plans, bool preview) {
  const std::vector<Gone> all = ask(plans);
  for (const Gone& gone : all) {
    Sentence sentence{What::hold, gone.policy.whyKept(other(gone.from)) + gone.policy.where()};
    if (gone.isWanted())
      sentence = interimap::judge(examine(gone, all), settings_.forceDeletions, std::time(nullptr));
    apply(gone, sentence, preview);
  }
  std::erase_if(plans, [this](const MailboxPlan& plan) {
    return std::ranges::find(due_, plan.name, &Due::name) != due_.end();
  });
}

// Both sides, and all of them, before the first answer is waited for. What may not be deleted is not asked
// about.
std::vector<Deletions::Gone> Deletions::ask(std::vector<MailboxPlan>& plans) {
  std::vector<Gone> all;
  const std::map<MailboxName, store::MailboxId> ids = mailboxes_.ids();
  for (MailboxPlan& plan : plans) {
    if (!plan.goneFrom || plan.name.isInbox() || !settings_.mailboxes.empty()) continue;
    Policy policy = mailboxes_.rules().of(plan.name);
    const store::MailboxId id = ids.at(plan.name);
    if (wanted(policy) == Wanted::no || store_.held(id)) continue;
    Gone gone{&plan, *plan.goneFrom, id, std::move(policy), {}, {}};
    if (gone.isWanted()) {
      auto select = [&](Side side) {
        return servers_[side]->select(lists_.hierarchy(side).wire(plan.name), std::nullopt, {}, {});
      };
      gone.fromReply = select(gone.from);
      gone.stillReply = select(other(gone.from));
    }
    all.push_back(std::move(gone));
  }
  for (Gone& gone : all)
    if (gone.isWanted()) gone.still = gone.stillReply.get();
  return all;
}

Disappearance Deletions::examine(const Gone& gone, const std::vector<Gone>& all) {
  const Side still = other(gone.from);
  Disappearance found;
  found.from = nameOf(gone.from);
  found.wanted = wanted(gone.policy);
  // One that cannot be looked at is left as it is.
  auto reply = gone.fromReply, there = gone.stillReply;
  const bool isSeen = there.done().ok();
  if (!isSeen)
    found.words = words(there.done());
  else if (!saysGone(reply.done()))
    found.words = reply.done().ok() ? "it can be selected" : words(reply.done());
  lookAtOthers(gone, found);
  found.all = isEverything(gone.from);
  found.messages = gone.still.exists;
  for (const Gone& each : all)
    if (each.from == gone.from) found.together += each.still.exists;
  const auto state = store_.state(gone.id, still);
  found.another = state && gone.still.uidValidity != state->uidValidity;
  found.uids = store_.mapped(gone.id, still);
  found.brake = store_.brake(gone.id, still);
  found.maxDeletions = gone.policy.maxDeletions() ? gone.policy.maxDeletions() : settings_.maxDeletions;
  if (isSeen && !found.another && found.messages > 0 && found.wanted == Wanted::yes)
    found.strange = strangeMessages(gone, found.uids);
  return found;
}

// Another account, or a server that was restored, has other mailboxes, or what they were.
void Deletions::lookAtOthers(const Gone& gone, Disappearance& found) const {
  found.vouched = false;
  const Listing& listing = lists_.listing(gone.from);
  for (const store::KnownMailbox& known : store_.mailboxes()) {
    const auto state = store_.state(known.id, gone.from);
    auto it = listing.find(known.name);
    if (!state || state->uidNext.value == 0 || it == listing.end() || !it->second.exists ||
        it->second.status.uidValidity != state->uidValidity)
      continue;
    if (hasFallen(*state, it->second.status))
      found.fallen = lists_.hierarchy(gone.from).wire(known.name).bytes;
    else
      found.vouched = true;
  }
}

// Several mailboxes that are not below one another are gone, and none is left but INBOX.
bool Deletions::isEverything(Side from) const {
  std::vector<MailboxName> tops;
  for (const auto& [name, _] : mailboxes_.known()) {
    if (name.isInbox()) continue;
    if (lists_.exists(from, name)) return false;
    const bool isTop = std::ranges::none_of(
        tops, [&, &child = name](const MailboxName& top) { return isBelow(child, top); });
    if (isTop && lists_.exists(other(from), name)) tops.push_back(name);
  }
  return tops.size() > 1;
}

std::uint64_t Deletions::strangeMessages(const Gone& gone, const UidSet& mapped) {
  if (isAsItWas(gone, mapped)) return 0;
  const Side still = other(gone.from);
  std::uint64_t strange = 0;
  auto look = [&](const answer::Message& message) {
    const bool isKnown = mapped.contains(message.uid) && message.flags;
    if (!isKnown || store_.base(gone.id, still, message.uid) != message.flags) ++strange;
  };
  servers_[still]->ensureSelected(lists_.hierarchy(still).wire(gone.plan->name));
  auto reply = servers_[still]->fetch(UidSet::from(UidNext{1}), request::Fetch::Items::flags, look);
  // What could not be read may be new.
  return reply.done().ok() ? strange : std::max<std::uint64_t>(strange, 1);
}

// By its numbers alone, and nothing was left out.
bool Deletions::isAsItWas(const Gone& gone, const UidSet& mapped) const {
  const Side still = other(gone.from);
  const auto state = store_.state(gone.id, still);
  return state && state->highestModSeq.value > 0 && gone.still.highestModSeq == state->highestModSeq &&
         gone.still.uidNext == state->uidNext && gone.still.exists <= mapped.size() &&
         store_.refusedUids(gone.id, still).empty() && store_.journal(gone.id, gone.from).intents.empty();
}

void Deletions::apply(const Gone& gone, const Sentence& sentence, bool preview) {
  const Side still = other(gone.from);
  MailboxPlan& plan = *gone.plan;
  const std::string mailbox = "mailbox " + lists_.hierarchy(still).wire(plan.name).bytes +
                              ", which is gone from " + nameOf(gone.from);
  if (!preview) remember(gone, sentence);
  if (sentence.what != What::makeAgain && sentence.what != What::remove)
    plan.left = {{{MailboxStep::Do::remove, still}, sentence.why}};
  switch (sentence.what) {
    case What::keep: return;
    case What::hold:
      plan.goneFrom.reset();
      if (!preview && gone.isWanted())
        log_.error(About::server(still), "Not deleting " + mailbox + ": " + sentence.why,
                   ExitStatus::tryAgain);
      return;
    case What::makeAgain:
      log_.notice(About::server(still), (preview ? "Would not delete " : "Not deleting ") + mailbox + ": " +
                                            sentence.why + ". It is made again there.");
      plan.makeAgain(lists_.listing(still).at(plan.name).subscribed);
      return leaveUnwanted(plan, gone.policy);
    case What::remove:
      due_.push_back({plan.name, gone.from, gone.still});
      if (preview) log_.notice(About::server(still), "Would delete " + mailbox);
  }
}

// The time that a deletion is held back for begins anew with everything that speaks against it. A sentence
// that is carried out is remembered until then: a run that is killed meanwhile need not wait for it again.
void Deletions::remember(const Gone& gone, const Sentence& sentence) {
  const Side still = other(gone.from);
  if (sentence.what == What::remove) return;
  if (sentence.what != What::makeAgain && store_.brake(gone.id, still) == sentence.brake) return;
  store::Transaction transaction = store_.begin();
  if (sentence.what == What::makeAgain)
    store_.removeMailbox(gone.id);
  else
    store_.setBrake(gone.id, still, sentence.brake);
  transaction.commit("gone");
}

// Those below others first: some servers do not delete a parent.
void Deletions::carryOut() {
  if (due_.empty()) return;
  std::vector<MailboxName> names;
  for (const Due& due : due_) names.push_back(due.name);
  for (Side side : kSides) servers_[side]->simple(request::Simple::Verb::unselect);
  lists_.fetchNamed(std::move(names));
  undertakings_.requireLists();
  std::ranges::sort(due_, std::greater(), &Due::name);
  for (const Due& due : due_) {
    const Side still = other(due.from);
    if (!isUnchanged(due)) {
      log_.caution(About::server(still),
                   "Mailbox " + lists_.hierarchy(still).wire(due.name).bytes +
                       " has changed meanwhile; the next run decides whether it is deleted",
                   ExitStatus::tryAgain);
      continue;
    }
    Both<bool> sides;
    sides[still] = true;
    store::Undertaking undertaking = undertakings_.plan(due.name, {}, sides, true);
    undertaking.follows = true;
    if (auto refused = undertakings_.carryOut(std::move(undertaking)))
      log_.error(About::server(refused->side), refused->text, ExitStatus::tryAgain);
  }
}

// By a second listing of both: it is still gone from the one, and on the other what it was.
bool Deletions::isUnchanged(const Due& due) const {
  const Side still = other(due.from);
  if (lists_.exists(due.from, due.name) || !lists_.exists(still, due.name)) return false;
  const answer::StatusEntry& now = lists_.listing(still).at(due.name).status;
  const bool sameModSeq = !now.highestModSeq || due.still.highestModSeq.value == 0 ||
                          *now.highestModSeq == due.still.highestModSeq;
  return now.uidValidity == due.still.uidValidity && now.messages == due.still.exists && sameModSeq &&
         (!now.uidNext || due.still.uidNext.value == 0 || *now.uidNext == due.still.uidNext);
}

}  // namespace interimap
