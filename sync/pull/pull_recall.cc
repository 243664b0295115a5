// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_recall.h"

#include <algorithm>
#include <utility>

#include "sync/mailboxes/mailbox.h"

namespace interimap {

namespace {

using store::OpenMessage;
using store::Settlement;

constexpr std::uint64_t kMostSuperfluous = 10'000;  // messages remembered that are gone from the server
constexpr std::size_t kRemembered = 1000;           // of these, the newest, however few messages there are
constexpr std::size_t kNewest = 4;      // messages that are looked at before UIDs are taken up again
constexpr std::uint64_t kSmall = 8192;  // octets: then all of a message is looked at
constexpr std::size_t kAtOnce = 16;     // messages, from the newest down

}  // namespace

// A server that was restored from a backup, and has got new mail since, need not show that in UIDNEXT. So the
// newest messages that are known are asked for in the flight of SELECT, their headers; of small ones, which
// are notices that often resemble each other, all.
void Recall::askNewest() {
  known_ = pulling_.state.mailbox(mailbox_);
  if (!known_) return;
  UidSet small, others;
  for (const store::SettledMessage& message : pulling_.state.newestSettled(id(), kRemembered)) {
    if (message.identity.header == HeaderDigest{}) continue;
    newest_.emplace(message.uid, KnownMessage{message.identity, message.content});
    bool entire = message.content != ContentDigest{} && message.identity.size <= kSmall;
    (entire ? small : others).add(message.uid);
    if (newest_.size() == kNewest) break;
  }
  auto take = [this](const answer::Message& message) {
    newestFound_.push_back(
        {message.uid,
         {message.header.value_or(HeaderDigest{}), message.date ? message.date->seconds() : 0, message.size},
         message.content});
  };
  newestReplies_.push_back(pulling_.server.fetch(small, request::Fetch::Items::content, take));
  newestReplies_.push_back(pulling_.server.fetch(others, request::Fetch::Items::identity, take));
}

bool Recall::newestAreSame() {
  auto looksSame = [&](const FoundMessage& found) {
    auto it = newest_.find(found.uid);
    if (it == newest_.end()) return true;
    if (found.content) return isSame(it->second, found);
    // Servers have been seen to tell sizes that are not the messages'.
    const Identity& known = it->second.identity;
    return found.identity.header == known.header && found.identity.date == known.date;
  };
  UidSet doubtful;
  for (const FoundMessage& found : newestFound_)
    if (!looksSame(found) && !found.content) doubtful.add(found.uid);
  std::ranges::sort(newestFound_, {}, &FoundMessage::uid);
  if (!doubtful.empty() && !addContents(doubtful, newestFound_)) return true;
  return std::ranges::all_of(newestFound_, looksSame);
}

void Recall::wait() {
  for (auto& each : newestReplies_) each.get();
}

void Recall::begin(const answer::Selected& selected) {
  selected_ = selected;
  store::PullState& state = pulling_.state;
  known_ = state.mailbox(mailbox_);
  if (known_) return;
  state.write("new mailbox", [&] { state.addMailbox(mailbox_, selected_.uidValidity); });
  known_ = state.mailbox(mailbox_);
}

bool Recall::settle() {
  if (known_->uidValidity != selected_.uidValidity) return recover();
  bool back = selected_.uidNext.value != 0 && selected_.uidNext < known_->uidNext;
  return (!back && newestAreSame()) || retreat();
}

std::optional<std::vector<FoundMessage>> Recall::identities(const UidSet& uids) {
  std::vector<FoundMessage> found;
  auto reply =
      pulling_.server.fetch(uids, request::Fetch::Items::identity, [&](const answer::Message& message) {
        if (message.header)
          found.push_back(
              {message.uid, {*message.header, message.date ? message.date->seconds() : 0, message.size}});
      });
  if (whole(reply.done())) return found;
  fail("cannot tell its messages: " + words(reply.done()), ExitStatus::tryAgain);
  return std::nullopt;
}

bool Recall::addContents(const UidSet& uids, std::vector<FoundMessage>& found) {
  auto reply =
      pulling_.server.fetch(uids, request::Fetch::Items::content, [&](const answer::Message& message) {
        auto it = std::ranges::lower_bound(found, message.uid, {}, &FoundMessage::uid);
        if (it != found.end() && it->uid == message.uid) it->content = message.content;
      });
  if (whole(reply.done())) return true;
  fail("cannot tell its messages: " + words(reply.done()), ExitStatus::tryAgain);
  return false;
}

// Other UIDs: the messages that were done with are looked for by what they are.
bool Recall::recover() {
  store::PullState& state = pulling_.state;
  std::string changed = "UIDVALIDITY changed! (" + std::to_string(known_->uidValidity.value) +
                        " != " + std::to_string(selected_.uidValidity.value) + ") ";
  if (known_->imported.value != 0 && pulling_.settings.deliver) {
    fail(changed + "Nothing is known of the messages that were delivered before it did. Remove " +
             pulling_.settings.stateDirectory + "/" + pulling_.settings.stateName +
             " to have all of them delivered, or use --no-delivery once to have none",
         ExitStatus::data);
    return false;
  }
  auto found = identities(UidSet::from(UidNext{1}));
  if (!found) return false;
  std::ranges::sort(*found, {}, &FoundMessage::uid);

  std::vector<store::SettledMessage> settled = state.settled(id());
  std::vector<OpenMessage> open = state.open(id());
  std::vector<KnownMessage> known;
  for (const store::SettledMessage& message : settled) known.push_back({message.identity, message.content});
  for (const OpenMessage& message : open) known.push_back({message.identity, message.content});
  if (!addContents(inQuestion(known, *found), *found)) return false;
  std::vector<std::optional<Uid>> now = recognise(known, *found);
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
  pulling_.log.warning(aboutMailbox(mailbox_),
                       changed + std::to_string(recognised) + " of " + std::to_string(found->size()) +
                           " messages were recognised as known, the others are taken for new");
  return true;
}

// The highest UID under which there still is the message that was known by it.
std::optional<Uid> Recall::newestSame(std::span<const FoundMessage> found) {
  std::map<Uid, KnownMessage> known;
  for (const store::SettledMessage& message : pulling_.state.settled(id()))
    known.emplace(message.uid, KnownMessage{message.identity, message.content});
  for (const OpenMessage& message : pulling_.state.open(id()))
    known.emplace(message.uid, KnownMessage{message.identity, message.content});
  std::vector<FoundMessage> likely;
  for (const FoundMessage& each : found) {
    auto it = known.find(each.uid);
    if (it != known.end() && it->second.identity.header == each.identity.header) likely.push_back(each);
  }
  while (!likely.empty()) {
    std::vector<FoundMessage> last(
        likely.end() - static_cast<std::ptrdiff_t>(std::min(kAtOnce, likely.size())), likely.end());
    likely.erase(likely.end() - static_cast<std::ptrdiff_t>(last.size()), likely.end());
    UidSet uids;
    for (const FoundMessage& each : last) uids.add(each.uid);
    addContents(uids, last);
    for (auto each = last.rbegin(); each != last.rend(); ++each)
      if (isSame(known.at(each->uid), *each)) return each->uid;
  }
  return std::nullopt;
}

// A server restored from a backup gives UIDs out again, in ascending order: those above the last that is
// still the same mean what is found there now.
bool Recall::retreat() {
  store::PullState& state = pulling_.state;
  auto found = identities(UidSet::from(UidNext{1}));
  if (!found) return false;
  std::ranges::sort(*found, {}, &FoundMessage::uid);
  std::optional<Uid> last = newestSame(*found);
  UidNext to{last ? std::uint64_t{last->value()} + 1 : 1};
  // Of what the reference was done with nothing but UIDs is known yet: there is nothing to tell them by.
  if (!last && known_->imported.value != 0) to = known_->uidNext;
  bool back = selected_.uidNext.value != 0 && selected_.uidNext < known_->uidNext;
  if (back) to = std::min(to, selected_.uidNext);
  if (to >= known_->uidNext) return true;
  UidSet other = state.settledUids(id(), to);
  state.write("UIDNEXT", [&] {
    state.forget(id(), other);
    for (const OpenMessage& message : state.open(id()))
      if (message.uid.value() >= to.value) state.drop(id(), message.uid);
    state.setUidNext(id(), to);
  });
  std::string what = back ? "UIDNEXT went back from " + std::to_string(known_->uidNext.value) + " to " +
                                std::to_string(selected_.uidNext.value)
                          : "UIDs mean other messages than before";
  pulling_.log.warning(aboutMailbox(mailbox_),
                       what + ": has the server been restored from a backup? Messages from UID " +
                           std::to_string(to.value) + " on are taken for new");
  known_ = state.mailbox(mailbox_);
  return true;
}

void Recall::catalogue() {
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

void Recall::tidy() {
  UidSet settled = pulling_.state.settledUids(id(), UidNext{1}).intersect(UidSet::below(known_->uidNext));
  if (settled.size() <= 2 * std::uint64_t{selected_.exists} + kMostSuperfluous) return;
  UidSet there;
  auto reply = pulling_.server.fetch(settled, request::Fetch::Items::flags,
                                     [&](const answer::Message& message) { there.add(message.uid); });
  if (!whole(reply.done())) return;
  for (const store::SettledMessage& message : pulling_.state.newestSettled(id(), kRemembered))
    there.add(message.uid);
  pulling_.state.write("tidy", [&] { pulling_.state.forget(id(), settled.minus(there)); });
}

}  // namespace interimap
