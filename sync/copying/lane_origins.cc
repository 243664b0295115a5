// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the target has already, in another mailbox, and copies from there (origins.h).
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sync/copying/lane.h"

namespace interimap {

namespace {

// The target is to have what the source has, and the copy gets the flags and the date of its origin: so the
// intent can say what the copy will be like, as an APPEND's does, only if both sides agree on these. \Deleted
// is not to be carried over: whoever moves messages without MOVE marks those that he leaves behind.
bool mayCopy(const answer::WindowMessage& message, const answer::WindowMessage& origin, const Flags& agreed) {
  static const Flags kMark = *Flags::parse("\\Deleted");
  return message.body.size > 0 && origin.header == message.header &&
         origin.date.seconds() == message.date.seconds() && origin.flags == agreed &&
         ((message.flags | origin.flags) & kMark).empty();
}

}  // namespace

bool Lane::isStill(Reply<answer::Selected>& selected, UidValidity validity) {
  return selected.done().ok() && selected.get().uidValidity == validity;
}

bool Lane::isToCopy(const Load& load, std::size_t at) const {
  return !load.origins.empty() && load.origins.contains(load.fresh[at].uid);
}

// Asks both sides what the messages look like: on a target that was restored a UID may mean another message.
void Lane::fetchToCopy(const Load& load, UidSet uids, Origins::Place place) {
  std::map<Uid, Origin> origins;
  UidSet there;
  for (Uid uid : uids.each()) there.add(origins.emplace(uid, load.origins.at(uid)).first->second.uid);
  auto selected = source_.ensureSelected(load.mailbox->wire[source_.side()]);
  auto reply = source_.fetchWithoutBodies(uids);
  auto selectedThere = target_.ensureSelected(place.wire);
  auto replyThere = target_.fetchWithoutBodies(there);
  fetching_.push_back(
      {&load,
       std::move(uids),
       0,
       false,
       true,
       {share_, 0},
       std::move(selected),
       std::move(reply),
       There{std::move(place), std::move(origins), std::move(selectedThere), std::move(replyThere)}});
}

// Writes down what the target is about to copy, as for an APPEND. What is gone there, or may not be copied,
// is left to the next pass, which sends it.
std::optional<Lane::Appending> Lane::takeToCopy(Fetching& fetching) {
  const Load& load = *fetching.load;
  There& there = *fetching.there;
  fetching.place = {};
  if (tally_.confused.contains(load.mailbox)) {
    tally_.finish(load.mailbox, fetching.uids.size());
    return std::nullopt;
  }
  const bool areSame =
      isStill(fetching.selected, load.sourceValidity) && isStill(there.selected, there.place.validity);
  std::map<Uid, const answer::WindowMessage*> origins;
  for (const FetchedBodies::Part& part : there.reply.get().parts)
    for (const answer::WindowMessage& message : part.messages) origins[message.uid] = &message;
  std::map<Uid, answer::WindowMessage> messages;  // by their origin
  UidSet left = fetching.uids;
  for (FetchedBodies::Part& part : fetching.reply.get().parts)
    for (answer::WindowMessage& message : part.messages) {
      const Origin& origin = there.origins.at(message.uid);
      auto found = origins.find(origin.uid);
      if (!areSame || found == origins.end() || !mayCopy(message, *found->second, origin.flags)) continue;
      message.flags = origin.flags;
      left.remove(UidSet::single(message.uid));
      messages.insert_or_assign(origin.uid, std::move(message));
    }
  for (Uid uid : left.each()) postpone(load, uid);
  if (messages.empty()) return std::nullopt;
  Appending window{&load, {}, 0, {}, false, true, {}, {}, {}};
  window.from = Appending::From{std::move(there.place), {}, {}};
  std::vector<store::Intent> intents;
  for (auto& [uid, message] : messages) {
    intents.push_back(
        {message.uid, Identity{message.header, message.date.seconds(), message.body.size}, message.flags});
    window.from->uids.add(uid);
    window.messages.push_back(std::move(message));
  }
  store_.intend(load.mailbox->id, target_.side(), load.targetNext, intents);
  window.place = {share_, 0};
  return window;
}

}  // namespace interimap
