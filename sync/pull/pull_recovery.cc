// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_recovery.h"

#include <algorithm>

namespace interimap {

namespace {

template <typename Key>
struct Entry {
  Key key;
  std::size_t at;
  auto operator<=>(const Entry&) const = default;
};

// Gives each of `left` one of `right` with an equal key, in their order.
template <typename Key, typename Give>
void pairUp(std::vector<Entry<Key>> left, std::vector<Entry<Key>> right, const Give& give) {
  std::ranges::sort(left);
  std::ranges::sort(right);
  auto at = right.begin();
  for (const auto& entry : left) {
    while (at != right.end() && at->key < entry.key) ++at;
    if (at == right.end()) return;
    if (at->key == entry.key) give(entry.at, (at++)->at);
  }
}

bool hasContent(const KnownMessage& known) { return known.content != ContentDigest{}; }
bool isListed(const KnownMessage& known) { return known.identity.header != HeaderDigest{}; }

}  // namespace

bool isSame(const KnownMessage& known, const FoundMessage& found) {
  if (hasContent(known)) return found.content == known.content;
  return isListed(known) && found.identity == known.identity;
}

UidSet inQuestion(std::span<const KnownMessage> known, std::span<const FoundMessage> found) {
  std::vector<HeaderDigest> headers;
  for (const KnownMessage& each : known)
    if (hasContent(each)) headers.push_back(each.identity.header);
  std::ranges::sort(headers);
  UidSet uids;
  for (const FoundMessage& each : found)
    if (std::ranges::binary_search(headers, each.identity.header)) uids.add(each.uid);
  return uids;
}

std::vector<std::optional<Uid>> recognise(std::span<const KnownMessage> known,
                                          std::span<const FoundMessage> found) {
  std::vector<std::optional<Uid>> partners(known.size());
  std::vector<bool> taken(found.size());
  auto give = [&](std::size_t left, std::size_t right) {
    partners[left] = found[right].uid;
    taken[right] = true;
  };
  std::vector<Entry<ContentDigest>> contents, foundContents;
  std::vector<Entry<Identity>> identities, foundIdentities;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (hasContent(known[i]))
      contents.push_back({known[i].content, i});
    else if (isListed(known[i]))
      identities.push_back({known[i].identity, i});
  }
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i].content) foundContents.push_back({*found[i].content, i});
  pairUp(std::move(contents), std::move(foundContents), give);
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!taken[i]) foundIdentities.push_back({found[i].identity, i});
  pairUp(std::move(identities), std::move(foundIdentities), give);
  return partners;
}

}  // namespace interimap
