// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/twin_search.h"

#include <algorithm>

#include "ipc/side.h"

namespace interimap {

namespace {

using Items = request::Fetch::Items;

// Messages that are compared in full at a time, on either side.
constexpr std::size_t kComparedAtOnce = 4096;

}  // namespace

void TwinSearch::ask(Side side, const UidSet& uids) {
  if (uids.empty()) return;
  asked_ = true;
  askIdentities(side, uids, [this, side](const Lookalike& it) { sketches_.add(side, it); });
}

void TwinSearch::askIdentities(Side side, const UidSet& uids, std::function<void(const Lookalike&)> visit) {
  auto looks = [this, visit = std::move(visit)](const answer::Message& it) {
    if (it.header && it.date && it.flags)
      visit({it.uid, number(*it.flags), {*it.header, it.date->seconds(), it.size}});
  };
  auto selected = servers_[side]->ensureSelected(mailbox_.wire[side]);
  questions_.push_back({side, selected, servers_[side]->fetch(uids, Items::identity, std::move(looks))});
}

void TwinSearch::askContents(Side side, const UidSet& uids, std::map<Uid, ContentDigest>& out) {
  auto selected = servers_[side]->ensureSelected(mailbox_.wire[side]);
  questions_.push_back(
      {side, selected, servers_[side]->fetch(uids, Items::content, [&out](const answer::Message& message) {
         if (message.content) out.emplace(message.uid, *message.content);
       })});
}

std::uint32_t TwinSearch::number(const Flags& flags) {
  auto [it, isNew] = numbers_.try_emplace(flags.text(), static_cast<std::uint32_t>(flags_.size()));
  if (isNew) flags_.push_back(flags);
  return it->second;
}

void TwinSearch::wait() {
  for (Question& question : questions_) question.reply.done();
}

std::optional<TwinSearch::Trouble> TwinSearch::finish(const Both<UidValidity>& validity,
                                                      const std::function<bool(Side, Uid)>& taken) {
  if (auto trouble = await(validity)) return trouble;
  found_ = sketches_.takeUnmistakable(taken);
  for (;;) {
    Both<UidSet> doubtful = sketches_.takeDoubtful(kComparedAtOnce);
    if (doubtful.local.empty()) break;
    if (auto trouble = compare(doubtful, validity)) return trouble;
  }
  std::ranges::sort(found_, {}, &Twins::local);
  return std::nullopt;
}

// Asks for what a sketch cannot hold together with the bodies: hardly one has the same header and needs none.
std::optional<TwinSearch::Trouble> TwinSearch::compare(const Both<UidSet>& uids,
                                                       const Both<UidValidity>& validity) {
  Both<std::map<Uid, Lookalike>> shown;
  Both<std::map<Uid, ContentDigest>> contents;
  for (Side side : kSides) {
    // A server that tells of a message twice has one of it all the same.
    askIdentities(side, uids[side], [&all = shown[side]](const Lookalike& it) { all.emplace(it.uid, it); });
    askContents(side, uids[side], contents[side]);
  }
  if (auto trouble = await(validity)) return trouble;
  Both<std::vector<Lookalike>> left;
  Both<UidSet> missing;
  for (Side side : kSides) {
    UidSet seen;
    for (const auto& [uid, it] : shown[side]) {
      left[side].push_back(it);
      seen.add(uid);
    }
    missing[side] = uids[side].minus(seen);
  }
  auto take = [this](const std::vector<Twins>& twins) {
    found_.insert(found_.end(), twins.begin(), twins.end());
  };
  take(takeUnmistakable(left));
  Both<UidSet> unsure = doubtful(left);
  take(takeEqual(left, contents));
  for (Side side : kSides) {
    UidSet compared;
    for (const auto& [uid, _] : contents[side]) compared.add(uid);
    unsure[side].add(missing[side]);
    unclear_[side].add(unsure[side].minus(compared));
  }
  return std::nullopt;
}

// UIDs that have come to mean other messages meanwhile would be paired with strangers.
std::optional<TwinSearch::Trouble> TwinSearch::await(const Both<UidValidity>& validity) {
  wait();
  for (Question& question : std::exchange(questions_, {})) {
    const answer::Done& done = question.reply.done();
    if (!done.ok()) return Trouble{question.side, words(done), done.code == answer::kUnreadable};
    if (question.selected.get().uidValidity != validity[question.side])
      return Trouble{question.side, "UIDVALIDITY changed while messages were compared.", true};
  }
  return std::nullopt;
}

}  // namespace interimap
