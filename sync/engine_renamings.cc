// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Engine: mailboxes that are not where they were.
#include <algorithm>

#include "ipc/failure.h"
#include "ipc/side.h"
#include "sync/engine.h"

namespace interimap {

namespace {

// Messages that are compared before a mailbox is believed to be the one that had another name.
constexpr std::size_t kCompared = 8;

}  // namespace

void Engine::resumeUndertakings() {
  for (const MailboxName& name : undertakings_.resume()) aside_.insert(name);
  lists_.fetch();
  for (const MailboxName& name : std::set(aside_)) setAside(name);
}

void Engine::setAside(const MailboxName& name) {
  aside_.insert(name);
  for (Side side : kSides)
    std::erase_if(lists_.listing(side),
                  [&](const auto& entry) { return entry.first == name || isBelow(entry.first, name); });
}

// A known mailbox that a list lacks is gone once SELECT says so, too; a new one is there once it can be
// selected. A session that is told lies goes on being told lies, and so hears of nothing: launch starts
// another one, whose first list is all there is to go by.
void Engine::checkListings(bool first) {
  Both<std::vector<MailboxName>> missing, strange;
  KnownSubscriptions known = this->known();
  for (const auto& [name, _] : known) {
    bool here = lists_.exists(Side::local, name), there = lists_.exists(Side::remote, name);
    if (here == there && (here || !lists_.complete())) continue;
    if (!here) missing.local.push_back(name);
    if (!there) missing.remote.push_back(name);
  }
  askWhich(std::move(missing), [&](Side side, const MailboxName& name, const answer::Done& done) {
    bool there = done.ok();
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
}

void Engine::askWhich(Both<std::vector<MailboxName>> names,
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

// A mailbox that is gone and another that is new may be one that was renamed: then it is renamed on the other
// side, too, and nothing has to be copied.
void Engine::followRenamings(bool preview) {
  std::vector<KnownPlace> places;
  bool anyGone = false;
  for (const auto& [name, id] : ids()) {
    KnownPlace& place = places.emplace_back(KnownPlace{name, {}});
    if (lists_.exists(Side::local, name) && lists_.exists(Side::remote, name)) continue;
    for (Side side : kSides) place.state[side] = store_.state(id, side);
    anyGone = true;
  }
  if (!anyGone) return;
  Renamings renamings = findRenamings({&lists_.listing(Side::local), &lists_.listing(Side::remote)}, places);
  std::vector<Renaming>& found = renamings.found;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].from == found[i].to) continue;  // went along with its parent
    Verdict verdict = mayFollow(found[i]) ? compare(found[i]) : Verdict::unknown;
    if (verdict == Verdict::unknown) {
      renamings.doubtful.insert(found[i].to);
      renamings.astray.insert(found[i].from);
    }
    if (verdict != Verdict::same) continue;
    std::string shown = lists_.hierarchy(Side::local).shown(found[i].from) + " to " +
                        lists_.hierarchy(Side::local).shown(found[i].to);
    if (preview) {
      log_.notice(About::database(), "Would follow the renaming of mailbox " + shown);
      setAside(found[i].from);
      setAside(found[i].to);
    } else if (follow(found[i])) {
      for (std::size_t below = i + 1; below < found.size(); ++below)
        found[below].from = renamed(found[below].from, found[i].from, found[i].to);
    }
  }
  astray_ = std::move(renamings.astray);
  for (const MailboxName& name : renamings.doubtful) {
    std::string shown = lists_.hierarchy(Side::local).shown(name);
    log_.error(About::database(),
               "Mailbox " + shown +
                   " is left alone: it looks as if another one had been renamed, and it is not sure which. "
                   "`interimap --rename` on the other server settles it.",
               ExitStatus::data);
    setAside(name);
  }
}

// RENAME takes along what is below: it must not be at its old place on the side that renamed.
bool Engine::mayFollow(const Renaming& renaming) const {
  for (const auto& [name, _] : ids()) {
    if (!isBelow(name, renaming.from)) continue;
    for (Side side : kSides)
      if (renaming.done[side] && lists_.exists(side, name)) return false;
  }
  for (Side side : kSides) {
    if (renaming.done[side]) continue;
    for (const auto& [name, mailbox] : lists_.listing(side))
      if (isBelow(name, renaming.from) && mailbox.exists && lists_.exists(other(side), name)) return false;
  }
  return true;
}

// UIDVALIDITY may be the same by chance. Some of the messages that both had in common tell.
Engine::Verdict Engine::compare(const Renaming& renaming) {
  store::MailboxId id = ids().at(renaming.from);
  if (store_.count(id) == 0) return Verdict::same;
  UidSet newest = store_.newest(id, Side::local, kCompared);
  std::vector<store::Pair> pairs = store_.pairs(id, Side::local, newest);
  Both<UidSet> uids;
  for (const store::Pair& pair : pairs) {
    uids.local.add(pair.local);
    uids.remote.add(pair.remote);
  }
  Both<std::map<Uid, HeaderDigest>> headers;
  Both<Reply<Nothing>> replies;
  for (Side side : kSides) {
    WireName wire = lists_.hierarchy(side).wire(renaming.done[side] ? renaming.to : renaming.from);
    servers_[side]->ensureSelected(wire);
    replies[side] = servers_[side]->fetch(uids[side], request::Fetch::Items::identity,
                                          [&headers, side](const answer::Message& message) {
                                            if (message.header) headers[side][message.uid] = *message.header;
                                          });
  }
  bool told = true, compared = false, equal = false;
  for (Side side : kSides) told = replies[side].done().ok() && told;
  if (!told) return Verdict::unknown;
  for (const store::Pair& pair : pairs) {
    auto here = headers.local.find(pair.local);
    auto there = headers.remote.find(pair.remote);
    if (here == headers.local.end() || there == headers.remote.end()) continue;
    compared = true;
    equal = equal || here->second == there->second;
  }
  return equal ? Verdict::same : compared ? Verdict::another : Verdict::unknown;
}

bool Engine::follow(const Renaming& renaming) {
  for (Side side : kSides)
    if (renaming.done[side])
      log_.info(About::server(side), "Mailbox " + lists_.hierarchy(side).wire(renaming.from).bytes +
                                         " is now called " + lists_.hierarchy(side).wire(renaming.to).bytes);
  Both<bool> due{!renaming.done.local, !renaming.done.remote};
  auto refused = undertakings_.carryOut(undertakings_.plan(renaming.from, renaming.to, due, true));
  if (refused) {
    log_.error(About::server(refused->side), refused->text, ExitStatus::tryAgain);
    setAside(renaming.from);
    setAside(renaming.to);
    return false;
  }
  for (Side side : kSides) {
    if (!due[side]) continue;
    Listing moved;
    for (const auto& [name, mailbox] : lists_.listing(side))
      moved.emplace(renamed(name, renaming.from, renaming.to), mailbox);
    lists_.listing(side) = std::move(moved);
  }
  return true;
}

// Gone from both servers, and nothing hides it: there is nothing left to be kept in step.
void Engine::forgetGone(bool preview) {
  if (!lists_.complete()) return;
  KnownSubscriptions known = this->known();
  for (const auto& [name, id] : ids()) {
    bool listed = lists_.exists(Side::local, name) || lists_.exists(Side::remote, name);
    if (listed || name.isInbox() || !known.contains(name) || astray_.contains(name)) continue;
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

}  // namespace interimap
