// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/adopt.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace interimap {

namespace {

// What looks the same.
struct Kin {
  // Those without a copy first, in the order of their sources; last, those of which no source is known: what
  // is to be copied still is not done with by them.
  std::vector<std::size_t> sent;
  std::vector<const answer::Message*> candidates;  // by UID
};

// A server that tells of a message twice has one of it all the same.
void inOrder(std::vector<const answer::Message*>& candidates) {
  std::ranges::sort(candidates, {}, [](const answer::Message* message) { return message->uid; });
  auto isSame = [](const answer::Message* a, const answer::Message* b) { return a->uid == b->uid; };
  candidates.erase(std::unique(candidates.begin(), candidates.end(), isSame), candidates.end());
}

// By their headers.
std::map<HeaderDigest, Kin> kinOf(const std::vector<Sent>& sent,
                                  const std::vector<answer::Message>& candidates) {
  std::map<HeaderDigest, Kin> kin;
  for (std::size_t i = 0; i < sent.size(); ++i) kin[sent[i].identity.header].sent.push_back(i);
  for (const answer::Message& message : candidates) {
    if (!message.header || !message.date) continue;
    auto it = kin.find(*message.header);
    if (it != kin.end()) it->second.candidates.push_back(&message);
  }
  std::erase_if(kin, [](const auto& entry) { return entry.second.candidates.empty(); });
  for (auto& [_, it] : kin) {
    std::ranges::stable_sort(it.sent, {}, [&](std::size_t i) {
      return std::tuple(!sent[i].source, sent[i].copy, sent[i].source);
    });
    inOrder(it.candidates);
  }
  return kin;
}

// Of what was just stored, and looks like nothing that is there: as many of the same date.
std::vector<Kin> sameDate(const std::vector<Sent>& sent, const std::vector<answer::Message>& candidates) {
  std::set<std::size_t> known;
  UidSet taken;
  for (const auto& [_, kin] : kinOf(sent, candidates)) {
    known.insert(kin.sent.begin(), kin.sent.end());
    for (const answer::Message* message : kin.candidates) taken.add(UidSet::single(message->uid));
  }
  std::map<std::int64_t, Kin> byDate;
  for (std::size_t i = 0; i < sent.size(); ++i)
    if (sent[i].answered && !known.contains(i)) byDate[sent[i].identity.date].sent.push_back(i);
  for (const answer::Message& message : candidates)
    if (message.date && !taken.contains(message.uid))
      if (auto it = byDate.find(message.date->seconds()); it != byDate.end())
        it->second.candidates.push_back(&message);
  std::vector<Kin> out;
  for (auto& [_, kin] : byDate) {
    std::ranges::sort(kin.sent, {}, [&](std::size_t i) { return sent[i].source; });
    inOrder(kin.candidates);
    out.push_back(std::move(kin));
  }
  return out;
}

template <typename Key>
std::optional<ContentDigest> find(const std::map<Uid, ContentDigest>& contents, const Key& uid) {
  auto it = uid ? contents.find(*uid) : contents.end();
  return it == contents.end() ? std::nullopt : std::optional(it->second);
}

enum class Likeness : std::uint8_t { same, sameSize, other };

// A server that alters messages alters both copies: so the one that is known is asked, too.
Likeness compare(const Sent& sent, const answer::Message& message, const Contents& contents) {
  auto theirs = find(contents.copies, std::optional(message.uid));
  bool known = false;
  for (const auto& ours :
       {sent.content, find(contents.sources, sent.source), find(contents.copies, sent.copy)}) {
    if (theirs && ours == theirs) return Likeness::same;
    known = known || ours;
  }
  return !(theirs && known) && message.size == sent.identity.size ? Likeness::sameSize : Likeness::other;
}

// As many as its server has just stored, in their order. Not what has been found by its content: it may have
// been sent by a killed run before.
void addAnswered(const std::vector<Sent>& sent, Kin& kin, std::vector<Arrived>& out) {
  std::erase_if(kin.sent, [&](std::size_t i) {
    auto isSame = [&](const Arrived& it) { return sent[i].source && sent[it.sent].source == sent[i].source; };
    return !sent[i].answered || std::ranges::any_of(out, isSame);
  });
  std::erase_if(kin.candidates, [&](const answer::Message* message) {
    return std::ranges::any_of(
        kin.sent, [&](std::size_t i) { return message->uid.value() < sent[i].targetNext.value; });
  });
  if (kin.sent.size() != kin.candidates.size()) return;
  for (std::size_t n = 0; n < kin.sent.size(); ++n)
    out.push_back({kin.sent[n], kin.candidates[n]->uid, false});
}

}  // namespace

Question question(const std::vector<Sent>& sent, const std::vector<answer::Message>& candidates) {
  Question out;
  for (const auto& [_, kin] : kinOf(sent, candidates)) {
    const Sent& first = sent[kin.sent.front()];
    if (first.answered && first.source && kin.sent.size() == 1 && kin.candidates.size() == 1) {
      out.plainSources.add(*first.source);
      out.plainCopies.add(kin.candidates.front()->uid);
      continue;
    }
    for (std::size_t i : kin.sent) {
      if (sent[i].source) out.sources.add(*sent[i].source);
      if (sent[i].copy) out.copies.add(*sent[i].copy);
    }
    for (const answer::Message* message : kin.candidates) out.copies.add(message->uid);
  }
  for (const Kin& kin : sameDate(sent, candidates)) {
    for (std::size_t i : kin.sent) out.plainSources.add(*sent[i].source);
    for (const answer::Message* message : kin.candidates) out.plainCopies.add(message->uid);
  }
  return out;
}

namespace {

// Which candidates are taken one after the other: a server may give messages dates of its own, but where one
// of two has the date that was sent, it is that.
struct Wanted {
  Likeness likeness;
  bool dated;
};
constexpr Wanted kWanted[] = {{Likeness::same, true}, {Likeness::same, false}, {Likeness::sameSize, true}};

// Takes the first candidate that is `wanted` of what was sent.
std::optional<Arrived> take(const std::vector<Sent>& sent, std::size_t i, Wanted wanted,
                            std::vector<const answer::Message*>& candidates, const Contents& contents) {
  const Sent& what = sent[i];
  auto it = std::ranges::find_if(candidates, [&](const answer::Message* message) {
    return message->uid.value() >= what.targetNext.value &&
           (!wanted.dated || what.anyDate || message->date->seconds() == what.identity.date) &&
           compare(what, *message, contents) == wanted.likeness;
  });
  if (it == candidates.end()) return std::nullopt;
  Arrived out{i, (*it)->uid, wanted.likeness == Likeness::same};
  candidates.erase(it);
  return out;
}

}  // namespace

std::vector<Arrived> arrived(const std::vector<Sent>& sent, const std::vector<answer::Message>& candidates,
                             const Contents& contents) {
  std::vector<Arrived> out;
  for (auto& entry : kinOf(sent, candidates)) {
    Kin& kin = entry.second;
    std::vector<std::size_t> first;
    for (Wanted wanted : kWanted)
      std::erase_if(kin.sent, [&](std::size_t i) {
        auto found = take(sent, i, wanted, kin.candidates, contents);
        if (!found) return false;
        out.push_back(*found);
        if (found->proven && sent[i].source && !sent[i].copy) first.push_back(i);
        return true;
      });
    for (std::size_t i : first)
      if (auto found = take(sent, i, {Likeness::same, false}, kin.candidates, contents))
        out.push_back(*found);
    addAnswered(sent, kin, out);
  }
  for (Kin& kin : sameDate(sent, candidates)) addAnswered(sent, kin, out);
  std::ranges::sort(out, {}, [&](const Arrived& it) { return std::tuple(sent[it.sent].copy, it.copy); });
  return out;
}

}  // namespace interimap
