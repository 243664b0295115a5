// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/commands.h"

#include <algorithm>

#include "ipc/failure.h"
#include "ipc/side.h"
#include "sync/mailboxes/prefixes.h"
#include "sync/mailboxes/renaming.h"

namespace interimap {

void Commands::remove() {
  usePrefixes(store_, lists_);
  std::vector<MailboxName> names;
  for (const std::string& argument : settings_.mailboxes) names.push_back(lists_.named(argument));
  // No server deletes INBOX; what the database knows of it may well be forgotten.
  if ((settings_.onLocal || settings_.onRemote) && std::ranges::any_of(names, &MailboxName::isInbox))
    throw Failure(ExitStatus::usage,
                  "INBOX can't be deleted (--target=database forgets what is known of it)");
  if (undertakings_.any() && !settings_.dryRun) undertakings_.resume();
  lists_.fetchNamed(names);
  undertakings_.requireLists();
  for (const MailboxName& name : names) {
    if (matchesNothing(name))
      lists_.reportUnmatched(lists_.hierarchy(Side::local).shown(name));
    else
      carryOut(undertakings_.plan(name, {}, {settings_.onLocal, settings_.onRemote}, settings_.inDatabase));
  }
}

void Commands::rename() {
  usePrefixes(store_, lists_);
  MailboxName from = lists_.named(settings_.mailboxes.at(0)), to = lists_.named(settings_.mailboxes.at(1));
  if (undertakings_.any() && !settings_.dryRun) undertakings_.resume();
  lists_.fetchNamed({from, to});
  undertakings_.requireLists();
  refuseUnrepresentable(from);
  refuseUnrepresentable(to);
  refuseExisting(from, to);
  if (!lists_.movesWhole(from, to))
    throw Failure(
        ExitStatus::usage,
        "What is below these has other names on remote (map, special-use): rename it on each server");
  if (matchesNothing(from)) return lists_.reportUnmatched(lists_.hierarchy(Side::local).shown(from));
  carryOut(undertakings_.plan(from, to, {settings_.onLocal, settings_.onRemote}, settings_.inDatabase));
}

void Commands::carryOut(const store::Undertaking& undertaking) {
  if (settings_.dryRun) return announce(undertaking);
  if (auto refused = undertakings_.carryOut(undertaking))
    throw ServerFailure(refused->side, ExitStatus::tryAgain, refused->text);
}

void Commands::announce(const store::Undertaking& undertaking) {
  auto say = [&](About about, Side side, const char* what) {
    const Hierarchy& hierarchy = lists_.hierarchy(side);
    log_.notice(std::move(about), std::string("Would ") + what + " mailbox " +
                                      hierarchy.wire(undertaking.mailbox).bytes +
                                      (undertaking.to ? " to " + hierarchy.wire(*undertaking.to).bytes : ""));
  };
  for (Side side : kSides)
    if (side == Side::local ? undertaking.local : undertaking.remote)
      say(About::server(side), side, undertaking.to ? "rename" : "delete");
  if (undertaking.inDatabase && known(undertaking.mailbox))
    say(About::database(), Side::local, undertaking.to ? "rename" : "remove");
}

// A name that has the delimiter of one server in a level would be another mailbox there.
void Commands::refuseUnrepresentable(const MailboxName& name) {
  for (Side side : kSides)
    if (!lists_.hierarchy(side).canSpell(name))
      throw AboutFailure(About::server(side), ExitStatus::usage,
                         "Mailbox name " + lists_.hierarchy(other(side)).wire(name).bytes +
                             " contains the hierarchy delimiter of this server");
}

// Where the old name is still there beside the new one, nothing may be overwritten. Where only the new one
// is, the renaming has been done already.
void Commands::refuseExisting(const MailboxName& from, const MailboxName& to) {
  auto refuse = [&](const About& about, const char* target) {
    std::string shown = lists_.hierarchy(Side::local).shown(to);
    throw AboutFailure(about, ExitStatus::data,
                       "Mailbox " + shown + " exists. Run `interimap --target=" + target + " --delete " +
                           shown + "` to delete.");
  };
  for (Side side : kSides) {
    if (!targets(side) || !lists_.exists(side, to)) continue;
    bool resumes =
        !lists_.listing(side).contains(from) && (lists_.listing(other(side)).contains(from) || known(from));
    if (!resumes) refuse(About::server(side), servers_[side]->name());
  }
  if (settings_.inDatabase && known(to)) refuse(About::database(), "database");
}

// Nor what is below it, which goes along with it when it is renamed. A mailbox that is there, but not among
// the targets, is no mistake: there is nothing to do.
bool Commands::matchesNothing(const MailboxName& name) const {
  bool renames = settings_.errand == settings::Errand::rename;
  auto isMeant = [&](const MailboxName& each) { return each == name || (renames && isBelow(each, name)); };
  for (Side side : kSides)
    if (std::ranges::any_of(lists_.listing(side), [&](const auto& each) { return isMeant(each.first); }))
      return false;
  return store_.isNew() || std::ranges::none_of(store_.mailboxes(), isMeant, &store::KnownMailbox::name);
}

bool Commands::known(const MailboxName& name) const {
  return !store_.isNew() && std::ranges::any_of(store_.mailboxes(), [&](const store::KnownMailbox& mailbox) {
    return mailbox.name == name;
  });
}

}  // namespace interimap
