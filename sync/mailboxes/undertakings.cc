// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/undertakings.h"

#include <algorithm>
#include <tuple>

#include "ipc/side.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/mailboxes/renaming.h"

namespace interimap {

namespace {

using Verb = request::Manage::Verb;

const std::optional<UidValidity>& validity(Side side, const store::Undertaking& undertaking) {
  return side == Side::local ? undertaking.local : undertaking.remote;
}

}  // namespace

store::Undertaking Undertakings::plan(const MailboxName& from, const std::optional<MailboxName>& to,
                                      Both<bool> sides, bool inDatabase) const {
  store::Undertaking undertaking{0, from, to, {}, {}, inDatabase};
  for (Side side : kSides) {
    const Listing& listing = lists_.listing(side);
    auto it = listing.find(from);
    // A name that is no mailbox itself can be renamed, with what is below it.
    if (!sides[side] || it == listing.end() || (!to && !it->second.exists)) continue;
    (side == Side::local ? undertaking.local : undertaking.remote) =
        it->second.status.uidValidity.value_or(UidValidity{0});
  }
  return undertaking;
}

std::string Undertakings::text(Side side, const store::Undertaking& undertaking) const {
  const Hierarchy& hierarchy = lists_.hierarchy(side);
  return "mailbox " + hierarchy.wire(undertaking.mailbox).bytes +
         (undertaking.to ? " to " + hierarchy.wire(*undertaking.to).bytes : "");
}

std::string Undertakings::shown(const store::Undertaking& undertaking) const {
  const Hierarchy& hierarchy = lists_.hierarchy(Side::local);
  return "mailbox " + hierarchy.shown(undertaking.mailbox) +
         (undertaking.to ? " to " + hierarchy.shown(*undertaking.to) : "");
}

std::optional<Undertakings::Refused> Undertakings::carryOut(store::Undertaking undertaking) {
  if (!store_.isNew()) {
    store::Transaction transaction = store_.begin(store::Lasting::throughPowerLoss);
    store_.undertake(undertaking);
    transaction.commit("undertake");
    undertaking.id = store_.undertakings().back().id;
  }
  Both<bool> told;
  for (Side side : kSides) {
    if (!validity(side, undertaking)) continue;
    told[side] = true;
    auto refused = tell(side, undertaking);
    if (!refused) continue;
    undertaking.inDatabase = false;
    complete(undertaking);
    return refused;
  }
  settleSubscriptions(undertaking, told);
  complete(undertaking);
  return std::nullopt;
}

std::optional<Undertakings::Refused> Undertakings::tell(Side side, const store::Undertaking& undertaking) {
  const Hierarchy& hierarchy = lists_.hierarchy(side);
  auto reply = servers_[side]->manage(undertaking.to ? Verb::rename : Verb::remove,
                                      hierarchy.wire(undertaking.mailbox),
                                      undertaking.to ? hierarchy.wire(*undertaking.to) : WireName());
  if (!reply.done().ok())
    return Refused{side, std::string("Couldn't ") + (undertaking.to ? "rename " : "delete ") +
                             text(side, undertaking).substr(std::string("mailbox ").size()) + ": " +
                             words(reply.done())};
  log_.info(About::server(side), (undertaking.to ? "Renamed " : "Deleted ") + text(side, undertaking));
  if (undertaking.to) carrySubscriptions(side, undertaking.mailbox, *undertaking.to);
  return std::nullopt;
}

// Subscriptions are to names, and with most servers RENAME changes nothing about them (RFC 3501
// section 6.3.6). INBOX stays where it is.
void Undertakings::carrySubscriptions(Side side, const MailboxName& from, const MailboxName& to) {
  if (from.isInbox()) return;
  const Hierarchy& hierarchy = lists_.hierarchy(side);
  std::vector<std::pair<WireName, Reply<Nothing>>> subscribed;
  for (const auto& [name, mailbox] : lists_.listing(side)) {
    if (!mailbox.subscribed || (name != from && !isBelow(name, from))) continue;
    WireName moved = hierarchy.wire(renamed(name, from, to));
    subscribed.emplace_back(moved, servers_[side]->manage(Verb::subscribe, moved));
    servers_[side]->manage(Verb::unsubscribe, hierarchy.wire(name));
  }
  for (auto& [name, reply] : subscribed)
    if (!reply.done().ok())
      log_.warning(About::server(side), "Couldn't subscribe to " + name.bytes + ": " + words(reply.done()));
}

// What was subscribed when both sides last agreed is so under its new name, and is not under one that is
// gone, whatever a server makes of the subscription to a name that is gone. Where it was renamed by us,
// `told`, carrySubscriptions() goes by what that server has now.
void Undertakings::settleSubscriptions(const store::Undertaking& undertaking, const Both<bool>& told) {
  if (store_.isNew() || (!undertaking.to && !undertaking.follows)) return;
  const auto& [from, to] = std::tie(undertaking.mailbox, undertaking.to);
  for (const store::KnownMailbox& known : store_.mailboxes()) {
    const bool isMeant = known.name == from || (to && isBelow(known.name, from));
    if (!isMeant || !known.subscribed || known.name.isInbox()) continue;
    for (Side side : kSides) {
      if (!lists_.whyNoSubscriptions(side).empty() || (to && told[side])) continue;
      const Hierarchy& hierarchy = lists_.hierarchy(side);
      if (to && !subscribe(side, renamed(known.name, from, *to))) continue;
      if (told[side] || !lists_.exists(side, known.name))
        servers_[side]->manage(Verb::unsubscribe, hierarchy.wire(known.name)).done();
    }
  }
}

// False: there is no such mailbox.
bool Undertakings::subscribe(Side side, const MailboxName& name) {
  auto it = lists_.listing(side).find(name);
  if (it == lists_.listing(side).end() || !it->second.exists) return false;
  if (it->second.subscribed) return true;
  const WireName wire = lists_.hierarchy(side).wire(name);
  auto reply = servers_[side]->manage(Verb::subscribe, wire);
  it->second.subscribed = reply.done().ok();
  if (!it->second.subscribed)
    log_.warning(About::server(side), "Couldn't subscribe to " + wire.bytes + ": " + words(reply.done()));
  return true;
}

bool Undertakings::isKnown(const MailboxName& name) const {
  return std::ranges::any_of(store_.mailboxes(),
                             [&](const store::KnownMailbox& mailbox) { return mailbox.name == name; });
}

// The database is last: until then the undertaking is on record.
void Undertakings::complete(const store::Undertaking& undertaking) {
  if (store_.isNew()) return;
  bool changes = false;
  store::Transaction transaction = store_.begin();
  if (undertaking.inDatabase && undertaking.to) {
    changes = store_.rename(undertaking.mailbox, *undertaking.to) > 0;
  } else if (undertaking.inDatabase) {
    for (const store::KnownMailbox& mailbox : store_.mailboxes()) {
      if (mailbox.name != undertaking.mailbox) continue;
      store_.removeMailbox(mailbox.id);
      changes = true;
    }
  }
  store_.accomplish(undertaking.id);
  transaction.commit(undertaking.to ? "rename" : "delete");
  if (changes)
    log_.notice(About::database(), (undertaking.to ? "Renamed " : "Removed ") + shown(undertaking));
}

std::set<MailboxName> Undertakings::resume() {
  std::set<MailboxName> unfinished;
  for (const store::Undertaking& undertaking : store_.undertakings()) {
    std::vector<MailboxName> names{undertaking.mailbox};
    if (undertaking.to) names.push_back(*undertaking.to);
    lists_.fetchNamed(names);
    log_.notice(About::database(), std::string("Resuming interrupted ") +
                                       (undertaking.to ? "renaming of " : "deletion of ") +
                                       shown(undertaking));
    if (!carryOn(undertaking)) unfinished.insert(names.begin(), names.end());
  }
  return unfinished;
}

// Whether it still has to be done there. A mailbox that has been made since, under the old name, is another
// one.
bool Undertakings::isDue(Side side, const store::Undertaking& undertaking) const {
  const auto& then = validity(side, undertaking);
  const Listing& listing = lists_.listing(side);
  auto it = listing.find(undertaking.mailbox);
  if (!then || it == listing.end()) return false;
  if (!it->second.exists) return undertaking.to && !lists_.exists(side, *undertaking.to);
  return then->value != 0 && it->second.status.uidValidity == *then;
}

void Undertakings::requireLists() const {
  for (Side side : kSides)
    if (lists_.hasHole(side))
      throw ServerFailure(side, ExitStatus::protocol,
                          "LIST: a line of it could not be read; nothing is done");
}

bool Undertakings::carryOn(const store::Undertaking& undertaking) {
  for (Side side : kSides) {
    if (validity(side, undertaking) && lists_.hasHole(side)) {
      log_.error(About::server(side), "LIST: a line of it could not be read; this is not resumed",
                 ExitStatus::protocol);
      return false;
    }
  }
  if (undertaking.follows && std::ranges::any_of(kSides, [&](Side side) {
        return validity(side, undertaking) && lists_.exists(side, undertaking.mailbox);
      })) {
    log_.debug(About::database(), shown(undertaking) + " is still there: what becomes of it is decided anew");
    return giveUp(undertaking);
  }
  Both<bool> told;
  for (Side side : kSides) {
    if (!isDue(side, undertaking)) continue;
    told[side] = true;
    std::optional<Refused> refused;
    if (undertaking.to && lists_.exists(side, *undertaking.to))
      refused = Refused{side, "Couldn't rename " + text(side, undertaking) +
                                  ": both are there. Delete or rename one of them on this server."};
    else
      refused = tell(side, undertaking);
    if (!refused) continue;
    log_.error(About::server(side), refused->text, ExitStatus::tryAgain);
    return false;
  }
  if (undertaking.inDatabase && undertaking.to && isKnown(undertaking.mailbox) && isKnown(*undertaking.to)) {
    log_.error(About::database(),
               "Couldn't rename " + shown(undertaking) +
                   ": both are there. `interimap --target=" + "database --delete` forgets one of them.",
               ExitStatus::data);
    return false;
  }
  settleSubscriptions(undertaking, told);
  complete(undertaking);
  return true;
}

bool Undertakings::giveUp(const store::Undertaking& undertaking) {
  store::Transaction transaction = store_.begin();
  store_.accomplish(undertaking.id);
  transaction.commit("give up");
  return true;
}

}  // namespace interimap
