// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/renaming_follower.h"

#include <algorithm>
#include <utility>

#include "ipc/side.h"

namespace interimap {

namespace {

// Mailboxes that are compared in one flight.
constexpr std::size_t kTogether = 64;
// Messages that are compared before a mailbox is believed to be the one that had another name.
constexpr std::size_t kCompared = 8;

}  // namespace

void RenamingFollower::resume() {
  if (!undertakings_.any()) return;
  std::set<MailboxName> unfinished = undertakings_.resume();
  lists_.fetch();
  for (const MailboxName& name : unfinished) mailboxes_.setAside(name);
}

void RenamingFollower::follow() { settle(false); }

void RenamingFollower::preview() { settle(true); }

std::vector<KnownPlace> RenamingFollower::places() const {
  std::vector<KnownPlace> places;
  for (const auto& [name, id] : mailboxes_.ids())
    if (!lists_.isLeftOut(name))
      places.push_back({name, {store_.state(id, Side::local), store_.state(id, Side::remote)}});
  return places;
}

void RenamingFollower::settle(bool preview) {
  const std::vector<KnownPlace> places = this->places();
  const Both<const Listing*> listings{&lists_.listing(Side::local), &lists_.listing(Side::remote)};
  Renamings renamings = find(preview, places);
  auto doubt = [&](const Renaming& renaming) {
    renamings.doubtful[renaming.to].insert(renaming.from);
    renamings.astray.insert(renaming.from);
  };
  std::vector<Renaming> sure;
  const std::vector<Verdict> verdicts = compare(renamings.found, places);
  for (std::size_t i = 0; i < renamings.found.size(); ++i) {
    const Renaming& renaming = renamings.found[i];
    Verdict verdict = mayFollow(renaming, places) ? verdicts[i] : Verdict::unknown;
    if (verdict == Verdict::same) sure.push_back(renaming);
    if (verdict == Verdict::unknown) doubt(renaming);
  }
  sure = withParents(sure, listings);
  announce(sure, preview);
  if (!preview)
    for (const Renaming& renaming : carryOut(std::move(sure))) doubt(renaming);
  mailboxes_.setAstray(renamings.astray);
  for (const auto& [name, perhaps] : renamings.doubtful) reportDoubt(name, perhaps, places);
  for (const auto& [name, perhaps] : renamings.doubtful) {
    mailboxes_.setAside(name);
    for (const MailboxName& old : perhaps) mailboxes_.setAside(old);
  }
}

// Disagreements are settled first; then it is a renaming as others are. What cannot be settled is in doubt.
Renamings RenamingFollower::find(bool preview, const std::vector<KnownPlace>& places) {
  std::set<MailboxName> tried, stuck;  // and so is what is below
  auto isStuck = [&](const MailboxName& name) {
    return std::ranges::any_of(stuck, [&](const MailboxName& it) { return name == it || isBelow(name, it); });
  };
  while (true) {
    Renamings renamings =
        findRenamings({&lists_.listing(Side::local), &lists_.listing(Side::remote)}, places);
    bool settled = false;
    for (const Disagreement& each : renamings.disagreements) {
      if (isStuck(each.from) || !tried.insert(each.from).second) continue;
      auto renaming = agreement(each);
      settled = renaming && settle(each, *renaming, preview);
      if (settled) break;  // what is below it went along
      stuck.insert(each.from);
    }
    if (settled) continue;
    for (const Disagreement& each : renamings.disagreements) {
      for (Side side : kSides) renamings.doubtful[each.to[side]].insert(each.from);
      renamings.astray.insert(each.from);
    }
    return renamings;
  }
}

// From the name on one side to that on the other, where it is free, and may be given.
std::optional<Renaming> RenamingFollower::agreement(const Disagreement& disagreement) const {
  if (lists_.hasHole(Side::local) || lists_.hasHole(Side::remote)) return std::nullopt;
  if (!lists_.movesWhole(disagreement.to.local, disagreement.to.remote)) return std::nullopt;
  const Rules& rules = mailboxes_.rules();
  for (Side side : {Side::remote, Side::local}) {
    const MailboxName &from = disagreement.to[side], &to = disagreement.to[other(side)];
    if (!rules.of(from).writes(side) || !rules.of(to).writes(side)) continue;
    if (lists_.listing(side).contains(to) || mailboxes_.ids().contains(to)) return std::nullopt;
    Renaming renaming{from, to, {}};
    renaming.done[other(side)] = true;
    return renaming;
  }
  return std::nullopt;
}

// Whether it is to be looked at again.
bool RenamingFollower::settle(const Disagreement& disagreement, const Renaming& renaming, bool preview) {
  const store::MailboxId id = mailboxes_.ids().at(disagreement.from);
  Comparison comparison;
  ask(comparison, renaming, id);
  if (!comparison.pairs.empty() && judge(comparison) != Verdict::same) return false;
  const Side due = renaming.done.local ? Side::remote : Side::local;
  log_.notice(About::database(), "Mailbox " + shown(disagreement.from) + " was renamed to " +
                                     shown(disagreement.to.local) + " on local and to " +
                                     shown(disagreement.to.remote) + " on remote: the " + nameOf(other(due)) +
                                     " name counts");
  if (preview) {
    log_.notice(About::server(due), "Would rename mailbox " +
                                        lists_.hierarchy(due).wire(renaming.from).bytes + " to " +
                                        lists_.hierarchy(due).wire(renaming.to).bytes);
    for (const MailboxName* name : {&disagreement.from, &renaming.from, &renaming.to})
      mailboxes_.setAside(*name);
    return true;
  }
  Both<bool> sides{due == Side::local, due == Side::remote};
  if (auto refused = undertakings_.carryOut(undertakings_.plan(renaming.from, renaming.to, sides, false))) {
    log_.error(About::server(refused->side), refused->text, ExitStatus::tryAgain);
    return false;
  }
  moveListing(due, renaming.from, renaming.to);
  return true;
}

void RenamingFollower::moveListing(Side side, const MailboxName& from, const MailboxName& to) {
  Listing moved;
  for (const auto& [name, mailbox] : lists_.listing(side)) moved.emplace(renamed(name, from, to), mailbox);
  lists_.listing(side) = std::move(moved);
}

void RenamingFollower::announce(const std::vector<Renaming>& renamings, bool preview) {
  std::vector<Renaming> said;
  for (const Renaming& each : renamings) {
    if (std::ranges::any_of(said, [&](const Renaming& parent) {
          return renamed(each.from, parent.from, parent.to) == each.to;
        }))
      continue;  // goes along
    said.push_back(each);
    for (Side side : kSides)
      if (each.done[side])
        log_.info(About::server(side), "Mailbox " + lists_.hierarchy(side).wire(each.from).bytes +
                                           " is now called " + lists_.hierarchy(side).wire(each.to).bytes);
    if (preview)
      log_.notice(About::database(),
                  "Would follow the renaming of mailbox " + shown(each.from) + " to " + shown(each.to));
  }
  if (!preview) return;
  for (const Renaming& each : renamings) {
    mailboxes_.setAside(each.from);
    mailboxes_.setAside(each.to);
  }
}

// What is left alone until somebody has decided, and how to.
void RenamingFollower::reportDoubt(const MailboxName& name, const std::set<MailboxName>& perhaps,
                                   const std::vector<KnownPlace>& places) {
  std::string text;
  for (const MailboxName& old : perhaps) {
    auto place = std::ranges::find(places, old, &KnownPlace::name);
    if (place == places.end()) continue;
    Side still = isStill(*place, Side::local, lists_.listing(Side::local)) ? Side::local : Side::remote;
    std::string command = std::string("`interimap --target=") + nameOf(still) + ",database --";
    text += " If it was " + shown(old) + ": " +
            (lists_.exists(still, name) ? command + "delete " + shown(name) + "`, then " : "") + command +
            "rename " + shown(old) + " " + shown(name) + "`; if " + shown(old) + " was deleted: " + command +
            "delete " + shown(old) + "`.";
  }
  log_.error(About::database(),
             "Mailbox " + shown(name) +
                 " is left alone: it looks as if another one had been renamed, and it is not sure which." +
                 text,
             ExitStatus::data);
}

// RENAME takes along what is below: it must not be at its old place on the side that renamed.
bool RenamingFollower::mayFollow(const Renaming& renaming, const std::vector<KnownPlace>& places) const {
  if (lists_.hasHole(Side::local) || lists_.hasHole(Side::remote)) return false;
  if (!lists_.movesWhole(renaming.from, renaming.to)) return false;
  for (Side side : kSides)
    for (const MailboxName* name : {&renaming.from, &renaming.to})
      if (!renaming.done[side] && !mailboxes_.rules().of(*name).writes(side)) return false;
  std::set<MailboxName> below;
  for (const KnownPlace& place : places) {
    if (!isBelow(place.name, renaming.from)) continue;
    below.insert(place.name);
    for (Side side : kSides)
      if (renaming.done[side] && isStill(place, side, lists_.listing(side))) return false;
  }
  for (Side side : kSides) {
    if (renaming.done[side]) continue;
    for (const auto& [name, mailbox] : lists_.listing(side))
      if (isBelow(name, renaming.from) && mailbox.exists && !below.contains(name) &&
          lists_.exists(other(side), name))
        return false;
  }
  return true;
}

// UIDVALIDITY may be the same by chance: some of the messages that both had in common tell. All are asked for
// before the first answer is waited for. Of one that was empty UIDVALIDITY has to do, unless that of every
// mailbox is another one by now.
std::vector<RenamingFollower::Verdict> RenamingFollower::compare(const std::vector<Renaming>& found,
                                                                 const std::vector<KnownPlace>& places) {
  std::vector<Verdict> verdicts;
  const std::map<MailboxName, store::MailboxId> ids = mailboxes_.ids();
  for (std::size_t from = 0; from < found.size(); from += kTogether) {
    std::deque<Comparison> comparisons;
    for (std::size_t i = from; i < std::min(from + kTogether, found.size()); ++i)
      ask(comparisons.emplace_back(), found[i], ids.at(found[i].from));
    for (std::size_t i = 0; i < comparisons.size(); ++i) {
      bool empty = comparisons[i].pairs.empty();
      verdicts.push_back(!empty                                     ? judge(comparisons[i])
                         : keepUidValidity(found[from + i], places) ? Verdict::same
                                                                    : Verdict::unknown);
    }
    // A response that could not be read may have been another's.
    for (std::size_t i = 0; i < comparisons.size(); ++i) {
      if (!isSpoiled(comparisons[i])) continue;
      Comparison once;
      ask(once, found[from + i], ids.at(found[from + i].from));
      verdicts[from + i] = judge(once);
    }
  }
  return verdicts;
}

bool RenamingFollower::keepUidValidity(const Renaming& renaming,
                                       const std::vector<KnownPlace>& places) const {
  for (Side side : kSides) {
    const Listing& listing = lists_.listing(side);
    if (!renaming.done[side] || !listing.contains(renaming.from)) continue;
    // One for all of them tells nothing.
    if (listing.at(renaming.from).status.uidValidity == listing.at(renaming.to).status.uidValidity)
      return false;
    bool kept = std::ranges::any_of(places, [&](const KnownPlace& place) {
      auto it = listing.find(place.name);
      return place.state[side] && it != listing.end() &&
             it->second.status.uidValidity == place.state[side]->uidValidity;
    });
    if (!kept) return false;
  }
  return true;
}

void RenamingFollower::ask(Comparison& comparison, const Renaming& renaming, store::MailboxId id) {
  if (store_.count(id) == 0) return;
  comparison.pairs = store_.pairs(id, Side::local, store_.newest(id, Side::local, kCompared));
  Both<UidSet> uids;
  for (const store::Pair& pair : comparison.pairs) {
    uids.local.add(pair.local);
    uids.remote.add(pair.remote);
  }
  for (Side side : kSides) {
    servers_[side]->ensureSelected(
        lists_.hierarchy(side).wire(renaming.done[side] ? renaming.to : renaming.from));
    auto note = [&headers = comparison.headers[side]](const answer::Message& message) {
      if (message.header) headers[message.uid] = *message.header;
    };
    comparison.replies[side] = servers_[side]->fetch(uids[side], request::Fetch::Items::identity, note);
  }
}

bool RenamingFollower::isSpoiled(Comparison& comparison) {
  return !comparison.pairs.empty() && std::ranges::any_of(kSides, [&](Side side) {
    return comparison.replies[side].done().code == answer::kUnreadable;
  });
}

RenamingFollower::Verdict RenamingFollower::judge(Comparison& comparison) {
  bool told = true, compared = false, equal = false;
  for (Side side : kSides) told = comparison.replies[side].done().ok() && told;
  if (!told) return Verdict::unknown;
  for (const store::Pair& pair : comparison.pairs) {
    auto here = comparison.headers.local.find(pair.local);
    auto there = comparison.headers.remote.find(pair.remote);
    if (here == comparison.headers.local.end() || there == comparison.headers.remote.end()) continue;
    compared = true;
    equal = equal || here->second == there->second;
  }
  return equal ? Verdict::same : compared ? Verdict::another : Verdict::unknown;
}

// Names that are in use, but for those that are new where they were given.
std::set<MailboxName> RenamingFollower::takenBy(const std::vector<Renaming>& left) const {
  std::set<MailboxName> taken;
  for (const auto& [name, _] : mailboxes_.ids()) taken.insert(name);
  for (Side side : kSides) {
    std::set<MailboxName> given;
    for (const Renaming& each : left)
      if (each.done[side]) given.insert(each.to);
    for (const auto& [name, _] : lists_.listing(side))
      if (!given.contains(name)) taken.insert(name);
  }
  return taken;
}

// Names may be swapped or passed on, so that one has to be free before another gets it. Returns those that
// cannot be done because something else is in the way.
std::vector<Renaming> RenamingFollower::carryOut(std::vector<Renaming> left) {
  while (true) {
    std::erase_if(left, [](const Renaming& each) { return each.from == each.to; });
    std::set<MailboxName> taken = takenBy(left);
    std::optional<Renaming> next = nextRenaming(left, taken);
    if (!next) return left;
    auto which = std::ranges::find(left, next->from, &Renaming::from);
    const bool isStep = which->to != next->to;
    next->done = which->done;
    const bool isParent = !mailboxes_.ids().contains(next->from);
    auto refused = carryOut(*next);
    if (refused && !isParent) {
      log_.error(About::server(refused->side), refused->text, ExitStatus::tryAgain);
      mailboxes_.setAside(which->from);
      mailboxes_.setAside(which->to);
    }
    if (!isStep || refused) left.erase(which);
    if (refused) continue;
    for (Renaming& each : left) each.from = renamed(each.from, next->from, next->to);
  }
}

std::optional<Undertakings::Refused> RenamingFollower::carryOut(const Renaming& renaming) {
  Both<bool> due{!renaming.done.local, !renaming.done.remote};
  auto refused = undertakings_.carryOut(undertakings_.plan(renaming.from, renaming.to, due, true));
  if (refused) return refused;
  for (Side side : kSides)
    if (due[side]) moveListing(side, renaming.from, renaming.to);
  return std::nullopt;
}

}  // namespace interimap
