// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/adopt.h"

#include <algorithm>

namespace interimap {

namespace {

using Key = std::pair<HeaderDigest, std::int64_t>;

// What looks the same, in the order of UIDs.
struct Kin {
  std::vector<const store::Intent*> intents;
  std::vector<const answer::Message*> candidates;
};

std::map<Key, Kin> kinOf(const std::vector<store::Intent>& intents,
                         const std::vector<answer::Message>& candidates) {
  std::map<Key, Kin> kin;
  for (const store::Intent& intent : intents)
    if (intent.identity) kin[{intent.identity->header, intent.identity->date}].intents.push_back(&intent);
  for (const answer::Message& message : candidates) {
    if (!message.header || !message.date) continue;
    auto it = kin.find({*message.header, message.date->seconds()});
    if (it != kin.end()) it->second.candidates.push_back(&message);
  }
  std::erase_if(kin, [](const auto& entry) { return entry.second.candidates.empty(); });
  for (auto& [_, it] : kin) {
    std::ranges::sort(it.intents, {}, [](const store::Intent* intent) { return intent->source; });
    std::ranges::sort(it.candidates, {}, [](const answer::Message* message) { return message->uid; });
  }
  return kin;
}

// Takes out the pairs for which `equal` holds, each message once.
template <typename Equal>
void take(Kin& kin, Equal equal, std::vector<Adopted>& out) {
  std::erase_if(kin.intents, [&](const store::Intent* intent) {
    auto it = std::ranges::find_if(kin.candidates,
                                   [&](const answer::Message* message) { return equal(*intent, *message); });
    if (it == kin.candidates.end()) return false;
    out.push_back({intent->source, (*it)->uid, intent->flags});
    kin.candidates.erase(it);
    return true;
  });
}

}  // namespace

Ambiguous ambiguous(const std::vector<store::Intent>& intents,
                    const std::vector<answer::Message>& candidates) {
  Ambiguous out;
  for (const auto& [_, kin] : kinOf(intents, candidates)) {
    if (kin.intents.size() == 1 && kin.candidates.size() == 1) continue;
    for (const store::Intent* intent : kin.intents) out.sources.add(intent->source);
    for (const answer::Message* message : kin.candidates) out.copies.add(message->uid);
  }
  return out;
}

std::vector<Adopted> adoptCopies(const std::vector<store::Intent>& intents,
                                 const std::vector<answer::Message>& candidates, const Contents& contents) {
  enum class Content : std::uint8_t { same, other, unknown };
  auto content = [&](const store::Intent& intent, const answer::Message& message) {
    auto source = contents.sources.find(intent.source);
    auto copy = contents.copies.find(message.uid);
    if (source == contents.sources.end() || copy == contents.copies.end()) return Content::unknown;
    return source->second == copy->second ? Content::same : Content::other;
  };
  auto sameSize = [](const store::Intent& intent, const answer::Message& message) {
    return message.size == intent.identity->size;
  };
  using Source = const store::Intent&;
  using Copy = const answer::Message&;
  std::vector<Adopted> out;
  for (auto& [_, kin] : kinOf(intents, candidates)) {
    take(
        kin, [&](Source it, Copy copy) { return content(it, copy) == Content::same; }, out);
    take(
        kin, [&](Source it, Copy copy) { return sameSize(it, copy) && content(it, copy) != Content::other; },
        out);
    take(
        kin, [&](Source it, Copy copy) { return !sameSize(it, copy); }, out);
  }
  std::ranges::sort(out, {}, &Adopted::source);
  return out;
}

}  // namespace interimap
