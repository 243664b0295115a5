// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/check.h"

#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/mailboxes/ownership.h"
#include "sync/mailboxes/prefixes.h"
#include "sync/report/special_uses.h"

namespace interimap {

namespace {

Finding::Fact number(const char* name, std::uint64_t value) { return {name, value}; }

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

void CheckExchange::turn() {
  Exchange::turn();
  if (std::ranges::any_of(needed_, &Server::isLost)) throw PeerGone();
}

std::string meansText(const Means& means) {
  std::string text;
  switch (means.collect) {
    case Means::Collect::qresync: text = "Changes and expunges are found by QRESYNC"; break;
    case Means::Collect::condstore:
      text = "Changes are found by CONDSTORE, expunges are found by comparing UIDs: no QRESYNC";
      break;
    case Means::Collect::everything:
      text =
          "Changes are found by reading all flags, expunges are found by comparing UIDs: no CONDSTORE, no "
          "QRESYNC";
      break;
  }
  if (!means.expunges) text += "; nothing is expunged while others are marked \\Deleted: no UIDPLUS";
  switch (means.news) {
    case Means::News::ofAll: return text + "; news is told by NOTIFY";
    case Means::News::ofOneMailbox: return text + "; news is told by IDLE, of one mailbox: no NOTIFY";
    case Means::News::none: return text + "; news is asked for: no NOTIFY, no IDLE";
  }
  return text;
}

ExitStatus Check::run() {
  lookAtDatabase();
  launch_.report({Locked{}});
  Both<Reply<Means>> means;
  for (Side side : kSides) means[side] = servers_[side]->enable(Purpose::synchronise);
  auto over = [&](Side side) { return means[side].ready() || servers_[side]->isLost(); };
  while (!over(Side::local) || !over(Side::remote)) exchange_.turn();
  Both<bool> there;
  for (Side side : kSides) {
    there[side] = means[side].ready() && !servers_[side]->isLost();
    if (means[side].ready()) tellMeans(side);
  }
  try {
    exchange_.need({});
    if (there.local && there.remote)
      listBoth();
    else if (there.local || there.remote)
      listOne(there.local ? Side::local : Side::remote);
  } catch (const PeerGone&) {  // its net has said why
  } catch (const AboutFailure& failure) {
    log_.error(failure.of, failure.what(), failure.status);
  } catch (const Failure& failure) {
    log_.error(About::run(), failure.what(), failure.status);
  }
  bool lost = servers_.local->isLost() || servers_.remote->isLost();
  return log_.status() == ExitStatus::ok && lost ? ExitStatus::unavailable : log_.status();
}

void Check::passed(About about, Verdict verdict, const char* step, std::string text,
                   std::vector<Finding::Fact> facts) {
  Finding finding = checked(verdict, step, std::move(text), std::move(facts));
  finding.component = about.component;
  finding.mailbox = std::move(about.mailbox);
  launch_.report({std::move(finding)});
}

void Check::lookAtDatabase() {
  if (!open_)
    return passed(About::database(), Verdict::ok, "database",
                  path_ + " does not exist yet: the first run creates it");
  try {
    store_ = open_();
    tell(*store_);
  } catch (const Failure& failure) {
    store_.reset();
    log_.error(About::database(), failure.what(), failure.status);
  }
}

void Check::tell(const store::Store& store) {
  auto mailboxes = store.mailboxes();
  std::uint64_t paired = 0, held = 0;
  for (const store::KnownMailbox& mailbox : mailboxes) {
    paired += store.count(mailbox.id);
    if (store.held(mailbox.id)) ++held;
  }
  std::string whose;
  for (Side side : kSides)
    if (auto account = store.account(side))
      whose += std::string(whose.empty() ? "; " : ", ") + nameOf(side) + " is " + *account;
  passed(About::database(), Verdict::ok, "database",
         path_ + ": version " + std::to_string(store.version()) + ", " +
             counted(mailboxes.size(), "mailbox", "mailboxes") + ", " +
             counted(paired, "message", "messages") + " paired" + whose,
         {number("version", static_cast<std::uint64_t>(store.version())),
          number("mailboxes", mailboxes.size()), number("paired", paired), number("held", held)});
  for (const store::KnownMailbox& mailbox : mailboxes)
    if (auto why = store.held(mailbox.id)) {
      std::string name = mailbox.name.bytes();
      std::replace(name.begin(), name.end(), '\0', '/');  // no server has told its delimiter yet
      log_.caution({componentOf(why->side), name}, "left alone: " + why->reason, ExitStatus::data);
    }
}

void Check::tellMeans(Side side) {
  const Means& means = servers_[side]->means();
  passed(About::server(side), Verdict::ok, "means", meansText(means));
}

void Check::listBoth() {
  exchange_.need({servers_.local, servers_.remote});
  Lists lists(settings_, servers_, log_);
  if (store_)
    usePrefixes(*store_, lists);
  else
    lists.usePrefixes({}, true);
  lists.fetch();
  lists.reportUnmatched();
  lists.reportLeftOut();
  for (Side side : kSides) {
    std::uint64_t mailboxes = 0, messages = 0;
    for (const auto& [name, mailbox] : lists.listing(side)) {
      if (!mailbox.exists) continue;
      ++mailboxes;
      messages += mailbox.status.messages.value_or(0);
    }
    tellMailboxes(side, mailboxes, messages);
    tellUses(side);
    if (store_) compareWithDatabase(side, lists);
  }
}

void Check::listOne(Side side) {
  exchange_.need({servers_[side]});
  std::uint64_t mailboxes = 0, messages = 0;
  const std::string& reference = settings_.of[side].reference;
  auto reply = servers_[side]->list(
      {reference, {"*"}, {}, true},
      [&](const answer::ListEntry& entry) { mailboxes += !entry.nonExistent && !entry.noSelect; },
      [&](const answer::StatusEntry& status) { messages += status.messages.value_or(0); });
  if (!reply.done().ok())
    return log_.error(About::server(side), "LIST: " + answer::words(reply.done()), ExitStatus::tryAgain);
  tellMailboxes(side, mailboxes, messages);
  tellUses(side);
}

// RFC 6154: of all mailboxes, those that are left out for their use as well.
void Check::tellUses(Side side) {
  SpecialUses uses;
  auto reply = servers_[side]->list(
      {settings_.of[side].reference, {"*"}, {}, false},
      [&](const answer::ListEntry& entry) { uses.add(entry); }, [](const answer::StatusEntry&) {});
  if (reply.done().ok() && !uses.text().empty())
    passed(About::server(side), Verdict::ok, "special-use", "Special uses: " + uses.text(),
           {{"uses", uses.text()}});
}

void Check::tellMailboxes(Side side, std::uint64_t mailboxes, std::uint64_t messages) {
  passed(About::server(side), Verdict::ok, "mailboxes",
         counted(mailboxes, "mailbox", "mailboxes") + " to be synchronised, " +
             counted(messages, "message", "messages"),
         {number("mailboxes", mailboxes), number("messages", messages)});
}

// Whether what it knows of that side still means the same.
void Check::compareWithDatabase(Side side, const Lists& lists) {
  const Listing& listing = lists.listing(side);
  if (std::string whose = whoseElse(settings_, side, listing, *store_); !whose.empty())
    return log_.error(About::database(), std::move(whose), ExitStatus::data);
  for (const store::KnownMailbox& known : store_->mailboxes()) {
    auto state = store_->state(known.id, side);
    auto it = listing.find(known.name);
    if (!state || it == listing.end() || !it->second.exists || lists.isLeftOut(known.name)) continue;
    const auto& now = it->second.status.uidValidity;
    if (!now || *now == state->uidValidity || state->uidValidity.value == 0) continue;
    Mailbox mailbox{known.name, known.id, {}};
    for (Side each : kSides) mailbox.wire[each] = lists.hierarchy(each).wire(known.name);
    log_.error(About::at(side, mailbox.wire[side]),
               "UIDVALIDITY changed! (" + std::to_string(now->value) +
                   " != " + std::to_string(state->uidValidity.value) + ") Need to invalidate the UID cache." +
                   startAfresh(mailbox, side),
               ExitStatus::data);
  }
}

}  // namespace interimap
