#include "sync/adopt.h"

#include <algorithm>
#include <map>

namespace interimap {

std::vector<Adopted> adoptCopies(const std::vector<store::Intent>& intents,
                                 const std::vector<answer::Message>& candidates) {
  using Key = std::pair<HeaderDigest, std::int64_t>;
  std::multimap<Key, Uid> found;  // equal keys keep the order in which they are inserted
  std::vector<const answer::Message*> byUid;
  for (const answer::Message& message : candidates)
    if (message.header && message.date) byUid.push_back(&message);
  std::ranges::sort(byUid, {}, [](const answer::Message* message) { return message->uid; });
  for (const answer::Message* message : byUid)
    found.emplace(Key{*message->header, message->date->seconds()}, message->uid);

  std::vector<Adopted> out;
  for (const store::Intent& intent : intents) {
    auto it = found.lower_bound({intent.identity.header, intent.identity.date});
    if (it == found.end() || it->first != Key{intent.identity.header, intent.identity.date}) continue;
    out.push_back({intent.source, it->second, intent.flags});
    found.erase(it);
  }
  return out;
}

}  // namespace interimap
