// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/twin_search.h"

#include <algorithm>
#include <set>

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
  ask(side, uids, Items::identity, [this, side](const answer::Message& it) {
    if (it.header) sketches_.add(side, it.uid, *it.header);
  });
}

void TwinSearch::ask(Side side, const UidSet& uids, Items items, Server::OnMessage visit) {
  auto selected = servers_[side]->ensureSelected(mailbox_.wire[side]);
  questions_.push_back({side, selected, servers_[side]->fetch(uids, items, std::move(visit))});
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
  sketches_.match(taken);
  for (;;) {
    Both<UidSet> alike = sketches_.take(kComparedAtOnce);
    if (alike.local.empty()) break;
    if (auto trouble = compare(alike, validity)) return trouble;
  }
  std::ranges::sort(found_, {}, &Twins::local);
  return std::nullopt;
}

std::optional<TwinSearch::Trouble> TwinSearch::compare(const Both<UidSet>& uids,
                                                       const Both<UidValidity>& validity) {
  const bool byContent = by_ == By::content;
  Both<std::map<Uid, Lookalike>> shown;
  // A server that tells of a message twice has one of it all the same.
  for (Side side : kSides)
    ask(side, uids[side], byContent ? Items::content : Items::identity,
        [this, byContent, &all = shown[side]](const answer::Message& it) {
          const auto& digest = byContent ? it.content : it.header;
          if (digest && it.flags)
            all.try_emplace(it.uid, Lookalike{it.uid, number(*it.flags), *digest,
                                              it.date ? it.date->seconds() : 0, it.size});
        });
  if (auto trouble = await(validity)) return trouble;
  Both<std::vector<Lookalike>> left;
  for (Side side : kSides) {
    UidSet seen;
    for (const auto& [uid, it] : shown[side]) {
      left[side].push_back(it);
      seen.add(uid);
    }
    unclear_[side].add(uids[side].minus(seen));
  }
  std::vector<Twins> twins = takeEqual(left);
  std::set<ContentDigest> twinned;
  for (const Twins& it : twins) twinned.insert(shown.local.at(it.local).content);
  for (Side side : kSides)
    for (const Lookalike& it : left[side])
      if (byContent && twinned.contains(it.content)) doubles_[side].add(it.uid);
  found_.insert(found_.end(), twins.begin(), twins.end());
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
