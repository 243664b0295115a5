#include "sync/adopt.h"

#include <algorithm>
#include <map>

namespace interimap {

std::vector<Adopted> adoptCopies(const std::vector<store::Intent>& intents,
                                 const std::vector<answer::Message>& candidates) {
  using Key = std::pair<HeaderDigest, std::int64_t>;
  std::multimap<Key, const answer::Message*> found;  // equal keys keep the order in which they are inserted
  std::vector<const answer::Message*> byUid;
  for (const answer::Message& message : candidates)
    if (message.header && message.date) byUid.push_back(&message);
  std::ranges::sort(byUid, {}, [](const answer::Message* message) { return message->uid; });
  for (const answer::Message* message : byUid)
    found.emplace(Key{*message->header, message->date->seconds()}, message);

  std::vector<Adopted> out;
  std::vector<const store::Intent*> left;
  for (const store::Intent& intent : intents) {
    if (!intent.identity) continue;
    auto [from, to] = found.equal_range({intent.identity->header, intent.identity->date});
    auto it =
        std::find_if(from, to, [&](auto& entry) { return entry.second->size == intent.identity->size; });
    if (it == to) {
      left.push_back(&intent);
      continue;
    }
    out.push_back({intent.source, it->second->uid, intent.flags});
    found.erase(it);
  }
  for (const store::Intent* intent : left) {
    auto [from, to] = found.equal_range({intent->identity->header, intent->identity->date});
    if (from == to) continue;
    out.push_back({intent->source, from->second->uid, intent->flags});
    found.erase(from);
  }
  return out;
}

}  // namespace interimap
