// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What is known of a mailbox, brought in line with what the server says of it: the first half of a visit.
#include <algorithm>

#include "sync/mailboxes/mailbox.h"
#include "sync/pull/pull_visit.h"

namespace interimap {

namespace {

using store::Fate;
using store::OpenMessage;
using store::Settlement;

constexpr std::uint64_t kMostSuperfluous = 10'000;  // messages remembered that are gone from the server

std::string number(Uid uid) { return "UID " + std::to_string(uid.value()); }

}  // namespace

// What was known of the mailbox, brought in line with the UIDs it has now.
bool Visit::recall() {
  store::PullState& state = pulling_.state;
  known_ = state.mailbox(mailbox_);
  if (!known_) {
    state.write("new mailbox", [&] { state.addMailbox(mailbox_, selected_.uidValidity); });
    known_ = state.mailbox(mailbox_);
  }
  if (first_) adoptOrphans();
  if (known_->uidValidity != selected_.uidValidity) return recover();
  if (selected_.uidNext.value != 0 && selected_.uidNext < known_->uidNext) retreat();
  return true;
}

// What an earlier run left in the hands of delivery when it was killed.
void Visit::adoptOrphans() {
  store::PullState& state = pulling_.state;
  orphans_ = state.handedOver(id());
  if (orphans_.empty()) return;
  std::vector<OpenMessage> open = state.open(id());
  state.write("left in the hands of delivery", [&] {
    for (Uid uid : orphans_.each()) {
      auto it = std::ranges::find(open, uid, &OpenMessage::uid);
      OpenMessage message = it == open.end() ? OpenMessage{uid} : *it;
      message.next = 0;
      for (const ForwardPath& recipient : remaining(message)) {
        std::erase_if(message.fates, [&](const auto& each) { return each.recipient == recipient.text(); });
        message.fates.push_back({recipient.text(), Fate::unknown, "killed meanwhile", pulling_.now()});
      }
      state.put(id(), message);
    }
  });
  pulling_.done.unknown += orphans_.size();
  for (Uid uid : orphans_.each())
    pulling_.log.warning(about(), number(uid) +
                                      " was in the hands of delivery when pullimap was killed; it may have "
                                      "been delivered. It is tried again, so it may come twice");
}

std::optional<std::vector<FoundMessage>> Visit::identities(const UidSet& uids) {
  std::vector<FoundMessage> found;
  auto reply =
      pulling_.server.fetch(uids, request::Fetch::Items::identity, [&](const answer::Message& message) {
        if (message.header)
          found.push_back(
              {message.uid, {*message.header, message.date ? message.date->seconds() : 0, message.size}});
      });
  if (whole(reply.done())) return found;
  error("cannot tell its messages: " + words(reply.done()), ExitStatus::tryAgain);
  return std::nullopt;
}

// Other UIDs: the messages that were done with are looked for by what they are.
bool Visit::recover() {
  store::PullState& state = pulling_.state;
  std::string changed = "UIDVALIDITY changed! (" + std::to_string(known_->uidValidity.value) +
                        " != " + std::to_string(selected_.uidValidity.value) + ") ";
  if (known_->imported.value != 0 && pulling_.settings.deliver) {
    error(changed + "Nothing is known of the messages that were delivered before it did. Remove " +
              pulling_.settings.stateDirectory + "/" + pulling_.settings.stateName +
              " to have all of them delivered, or use --no-delivery once to have none",
          ExitStatus::data);
    return false;
  }
  auto found = identities(UidSet::from(UidNext{1}));
  if (!found) return false;

  std::vector<store::SettledMessage> settled = state.settled(id());
  std::vector<OpenMessage> open = state.open(id());
  std::vector<Identity> identities;
  for (const store::SettledMessage& message : settled) identities.push_back(message.identity);
  for (const OpenMessage& message : open) identities.push_back(message.identity);
  std::vector<std::optional<Uid>> now = recognise(identities, *found);
  std::size_t recognised = 0;
  state.write("other UIDs", [&] {
    state.startOver(id(), selected_.uidValidity);
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (!now[i]) continue;
      ++recognised;
      if (i < settled.size()) {
        settled[i].uid = *now[i];
        state.settle(id(), settled[i]);
      } else {
        OpenMessage& message = open[i - settled.size()];
        message.uid = *now[i];
        state.put(id(), message);
      }
    }
  });
  known_ = state.mailbox(mailbox_);
  pulling_.log.warning(about(), changed + std::to_string(recognised) + " of " +
                                    std::to_string(found->size()) +
                                    " messages were recognised as known, the others are taken for new");
  return true;
}

// A server restored from a backup gives UIDs out again: those from there on mean what is found there now.
void Visit::retreat() {
  store::PullState& state = pulling_.state;
  UidNext to = selected_.uidNext;
  auto found = identities(UidSet::from(to));
  if (!found) return;
  std::ranges::sort(*found, {}, &FoundMessage::uid);
  UidSet same, all;
  auto keepIfSame = [&](Uid uid, const Identity& identity) {
    all.add(uid);
    auto it = std::ranges::lower_bound(*found, uid, {}, &FoundMessage::uid);
    if (it != found->end() && it->uid == uid && it->identity.header == identity.header) same.add(uid);
  };
  for (const store::SettledMessage& message : state.settled(id(), to))
    keepIfSame(message.uid, message.identity);
  for (const OpenMessage& message : state.open(id()))
    if (message.uid.value() >= to.value) keepIfSame(message.uid, message.identity);
  UidSet other = all.minus(same);
  state.write("UIDNEXT", [&] {
    state.forget(id(), other);
    for (Uid uid : other.each()) state.drop(id(), uid);
    state.setUidNext(id(), to);
  });
  pulling_.log.warning(about(), "UIDNEXT went back from " + std::to_string(known_->uidNext.value) + " to " +
                                    std::to_string(to.value) +
                                    ": has the server been restored from a backup? Messages from there on "
                                    "are taken for new");
  known_ = state.mailbox(mailbox_);
}

// The identities of what was settled by the reference, for the day when UIDs lose their meaning.
void Visit::catalogue() {
  if (known_->imported.value == 0) return;
  store::PullState& state = pulling_.state;
  UidSet uids = UidSet::below(known_->imported);
  uids.add(state.settledUids(id(), known_->imported));
  if (uids.empty()) return state.write("catalogue", [&] { state.setCatalogued(id()); });
  auto found = identities(uids);
  if (!found) return;
  state.write("catalogue", [&] {
    for (const FoundMessage& message : *found)
      state.settle(id(), {message.uid, Settlement::imported, message.identity, true});
    state.setCatalogued(id());
  });
}

// Messages that others have removed from the server need not be remembered.
void Visit::tidy() {
  UidSet settled = pulling_.state.settledUids(id(), UidNext{1}).intersect(UidSet::below(known_->uidNext));
  if (settled.size() <= 2 * std::uint64_t{selected_.exists} + kMostSuperfluous) return;
  UidSet there;
  auto reply = pulling_.server.fetch(settled, request::Fetch::Items::flags,
                                     [&](const answer::Message& message) { there.add(message.uid); });
  if (!whole(reply.done())) return;
  pulling_.state.write("tidy", [&] { pulling_.state.forget(id(), settled.minus(there)); });
}

}  // namespace interimap
