// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/model/witness.h"

#include <algorithm>

#include "ipc/side.h"

namespace interimap::model {

namespace {

const char* name(Side side) { return side == Side::local ? "local" : "remote"; }

std::string shown(std::string mailbox) {
  std::ranges::replace(mailbox, '\0', '/');
  return mailbox;
}

std::string at(Side side, const std::string& mailbox) {
  return std::string(name(side)) + "(" + shown(mailbox) + "): ";
}

}  // namespace

void Witness::appended(Side side, const std::string& mailbox, std::uint32_t serial, std::uint32_t looks,
                       FlagBits flags) {
  looks_[serial] = looks;
  put_[{mailbox, serial}].push_back(serial);
  Kin& kin = kin_[{mailbox, looks}];
  ++kin.total;
  kin.start = flags;
  kin.origin = side;
  kin.everSet[side] |= flags;
  kin.flagsForgotten = kin.flagsForgotten || several_;  // by the one that has not seen it yet
}

bool Witness::hasBeenIn(const std::string& mailbox, std::uint32_t serial) const {
  return kin_.contains({mailbox, looks_.at(serial)}) || put_.contains({mailbox, content(serial)});
}

void Witness::moved(std::uint32_t former, const std::string& mailbox, std::uint32_t serial) {
  const std::uint32_t first = firsts_.try_emplace(former, former).first->second;
  firsts_[serial] = first;
  put_[{mailbox, first}].push_back(serial);
}

void Witness::expunged(Side side, const std::string& mailbox, std::uint32_t serial, bool isKnownToAll) {
  Kin& kin = this->kin(mailbox, serial);
  ++kin.userExpunges[side];
  if (accounts_[side].find(mailbox)->count(serial) > 1) {  // one of two that are the same
    kin.perhapsDead = true;
    return;
  }
  if (several_) {
    (isKnownToAll ? kin.dead : kin.perhapsDead) = true;
    return;
  }
  // A copy made since all was quiet: the engine may not know yet that it made it, and may make it again. Nor
  // may it know after a kill that what it has copied is gone.
  if (!kin.old && (side != kin.origin || (disturbed_ && !strict_)))
    kin.perhapsDead = true;
  else
    kin.dead = true;
}

void Witness::flagged(Side side, const std::string& mailbox, std::uint32_t serial, FlagBits set,
                      FlagBits cleared) {
  Kin& kin = this->kin(mailbox, serial);
  // A mark that is taken off while the engine has put it aside comes back.
  if (disturbed_ && !accounts_[side].setup.uidPlus && (cleared & kDeleted)) kin.deletedForgotten = true;
  if (accounts_[side].find(mailbox)->count(serial) > 1) kin.flagsForgotten = true;  // of one of the two
  // What a copy lacks that no run has seen, after a kill, its server may not have kept: it comes back.
  if (disturbed_ && !kin.old && side != kin.origin && cleared != 0) kin.flagsForgotten = true;
  kin.everSet[side] |= set;
  kin.everCleared[side] |= cleared;
  Change& change = kin.changes[side];
  for (unsigned i = 0; i < 6; ++i)
    if ((set | cleared) >> i & 1) ++change.times[i];
  change.last = static_cast<FlagBits>((change.last | set) & ~cleared);
}

void Witness::subscribed(const std::string& mailbox, bool subscribed) {
  Subscription& subscription = subscriptions_[mailbox];
  ++subscription.times;
  subscription.last = subscribed;
}

void Witness::upset(const std::string& mailbox) {
  upset_.insert(mailbox);
  // What comes back with a backup may be expunged again.
  for (auto& [key, kin] : kin_)
    if (key.first == mailbox) kin.engineExpunges = {};
  disturbed_ = true;
}

void Witness::takenAfresh(const std::string& mailbox) {
  upset_.erase(mailbox);
  disturbed_ = true;
  std::map<Key, std::set<std::uint32_t>> serials;
  for (Side side : kSides)
    if (const HeldMailbox* held = accounts_[side].find(mailbox))
      for (const HeldMessage& message : held->messages)
        serials[{mailbox, looks_.at(message.serial)}].insert(message.serial);
  for (auto& [key, kin] : kin_)  // a killed run's copy of what is gone by now may still be on its way
    if (key.first == mailbox && !serials.contains(key)) kin.perhapsDead = true;
  for (const auto& [key, all] : serials) {
    Kin kin{.total = static_cast<unsigned>(all.size()), .flagsForgotten = true};
    kin.everCleared = kin_[key].everCleared;
    kin.origin = kin_[key].origin;
    for (Side side : kSides)
      kin.earlierExpunges[side] = kin_[key].earlierExpunges[side] + kin_[key].userExpunges[side];
    // Or the user expunged it here, and it stays where nothing may be expunged.
    kin.perhapsDead = readOnly() && flagsOf(mirror(), key, 0).empty();
    kin_[key] = kin;
  }
}

void Witness::goesAlong(const std::string& former, const std::string& mailbox) {
  std::map<Key, Both<unsigned>> expunges;
  for (const auto& [key, kin] : kin_)
    if (key.first == former && kin.userExpunges.local + kin.userExpunges.remote > 0)
      expunges[{mailbox, key.second}] = kin.userExpunges;
  for (const auto& [key, count] : expunges) {
    Kin& kin = kin_[key];
    for (Side side : kSides) kin.userExpunges[side] += count[side];
    kin.perhapsDead = true;
  }
}

bool Witness::isOnBoth(const std::string& mailbox) const {
  return accounts_.local.find(mailbox) && accounts_.remote.find(mailbox);
}

bool Witness::isUpset(const std::string& mailbox) const {
  if (upset_.contains(mailbox) || doubtful_.contains(mailbox)) return true;
  return std::ranges::any_of(renamed_, [&](const std::string& name) {
    return !isOnBoth(name) && (mailbox == name || mailbox.starts_with(name + '\0'));
  });
}

bool Witness::isAnyRenamed() const {
  return std::ranges::any_of(renamed_, [&](const std::string& name) { return !isOnBoth(name); });
}

void Witness::touches(Side side, const std::string& mailbox) const {
  if (forbidden_.contains(mailbox) && !blameless_)
    throw Broken(at(side, mailbox) + "the engine writes to a mailbox that it has to leave alone");
}

const settings::OfMailbox& Witness::rule(const std::string& mailbox) const {
  static const settings::OfMailbox kEverything;
  if (policy_ != nullptr)
    for (const settings::OfMailbox& rule : *policy_)
      if (rule.pattern == "*" || rule.pattern == mailbox) return rule;
  return kEverything;
}

bool Witness::lets(Side side, const std::string& mailbox, Write what) const {
  using Rule = settings::OfMailbox;
  const Rule& rule = this->rule(mailbox);
  if (rule.direction == (side == Side::local ? Rule::Direction::toRemote : Rule::Direction::toLocal))
    return false;
  switch (what) {
    case Write::any: return true;
    case Write::flags: return rule.flags;
    case Write::create: return rule.create;
    case Write::expunge:
      return rule.deletions == Rule::Deletions::both ||
             rule.deletions == (side == Side::local ? Rule::Deletions::toLocal : Rule::Deletions::toRemote);
  }
  return true;
}

void Witness::writes(Side side, const std::string& mailbox, Write what) const {
  if (blameless_ || lets(side, mailbox, what)) return;
  const char* whats[] = {"writes", "stores flags", "expunges", "creates a mailbox"};
  throw Broken(at(side, mailbox) + "the engine " + whats[static_cast<int>(what)] + ", against the policy");
}

bool Witness::isOutside(const Key& key, Side target) const {
  const settings::OfMailbox& rule = this->rule(key.first);
  return !lets(target, key.first, Write::any) || (rule.maxAge && (key.second & kOld) != 0) ||
         (rule.maxSize && Looks::of(key.second).size > *rule.maxSize);
}

// What nobody has expunged is where it was, and on the other side unless the policy is against it; and
// nothing is there twice.
void Witness::settled() const {
  for (const auto& [key, kin] : kin_) {
    if (kin.total != 1 || hasSurplus(key)) continue;  // which is whose copy is not to be told
    const std::string message = "message like " + std::to_string(key.second);
    Both<std::size_t> have;
    for (Side side : kSides) have[side] = flagsOf(side, key, 0).size();
    for (Side side : kSides)
      if (have[side] > 1) throw Broken(at(side, key.first) + message + " is there twice");
    if (kin.userExpunges.local + kin.userExpunges.remote == 0) {
      if (have[kin.origin] == 0) throw Broken(at(kin.origin, key.first) + message + " is lost");
      const Side target = other(kin.origin);
      const bool isThere = accounts_[target].find(key.first) != nullptr;
      if (have[target] == 0 && !isOutside(key, target) && (isThere || lets(target, key.first, Write::create)))
        throw Broken(at(target, key.first) + message + " was not copied");
    }
    for (Side side : kSides)
      if (calm_ && onePolicy_ && policy_ != nullptr && kin.userExpunges[other(side)] > 0 && have[side] > 0 &&
          lets(side, key.first, Write::expunge))
        throw Broken(at(side, key.first) + message + " was expunged on the other side, and is still there");
  }
  if (policy_ != nullptr) return;
  if (std::string found = difference(); !found.empty()) throw Broken("all is quiet, but " + found);
}

void Witness::copies(Side target, const std::string& mailbox, std::uint32_t serial) {
  if (onlooker_) return;
  touches(target, mailbox);
  writes(target, mailbox);
  if (auto known = kin_.find({mailbox, looks_.at(serial)}); known != kin_.end() && policied_ && !blameless_) {
    if (policy_ != nullptr && isOutside(known->first, target))
      throw Broken(at(target, mailbox) + "message " + std::to_string(serial) +
                   " is copied, against the policy");
    if (calm_ && known->second.total == 1 && known->second.userExpunges[target] > 0)
      throw Broken(at(target, mailbox) + "message " + std::to_string(serial) +
                   " is copied to where a user has expunged it");
  }
  if (blameless_) {
    ++late_[{target, serial}];
    lateNow_.insert(serial);
    return;
  }
  if (isUpset(mailbox)) return;
  auto it = kin_.find({mailbox, looks_.at(serial)});
  if (it != kin_.end()) {
    it->second.copiedTo[target] = true;
    // Back to where it came from, with the flags that the copy has.
    if (target == it->second.origin && !accounts_[target].setup.keepsFlags) it->second.flagsForgotten = true;
  }
  if (it == kin_.end())
    throw Broken(at(target, mailbox) + "message " + std::to_string(serial) +
                 " is copied, and was never there");
  // What came late to one side is new to another installation, until the one that sent it takes it away.
  const bool late = late_.contains({Side::local, serial}) || late_.contains({Side::remote, serial});
  // And so is what the other one could not expunge.
  if (several_ && (overlap_ || recordLost_ || expungeFailed_ || late)) return;
  if (it->second.total == 1 && !lateNow_.contains(serial) &&
      accounts_[target].find(mailbox)->bySerial(serial) != nullptr)
    throw Broken(at(target, mailbox) + "message " + std::to_string(serial) + " is copied twice");
}

// The copy has the flags of its origin: those that users of either side have given to that.
std::uint32_t Witness::carries(Side target, const std::string& mailbox, const HeldMessage& origin) {
  auto first = firsts_.find(origin.serial);
  auto put = put_.find({mailbox, first == firsts_.end() ? origin.serial : first->second});
  if (put == put_.end())
    throw Broken(at(target, mailbox) + "message " + std::to_string(origin.serial) +
                 " is copied there, and nobody has put it there");
  std::uint32_t serial = put->second.back();
  for (std::uint32_t each : put->second)
    if (HeldMailbox* source = accounts_[other(target)].find(mailbox);
        source != nullptr && source->bySerial(each) != nullptr &&
        accounts_[target].find(mailbox)->bySerial(each) == nullptr) {
      serial = each;
      break;
    }
  if (auto it = kin_.find({mailbox, looks_.at(serial)}); it != kin_.end()) {
    it->second.flagsForgotten = true;
    it->second.everSet[target] |= origin.flags;
    it->second.everCleared[other(target)] |= kAllFlags;
  }
  return serial;
}

void Witness::stores(Side side, const std::string& mailbox, std::uint32_t serial, FlagBits set,
                     FlagBits cleared) {
  if (onlooker_) return;
  touches(side, mailbox);
  writes(side, mailbox, (set | cleared) != 0 ? Write::flags : Write::any);
  const Kin& kin = this->kin(mailbox, serial);
  // After a kill one that looks like our copy is taken for it, whatever flags it has.
  if (isUpset(mailbox) || (kin.total > 1 && disturbed_)) return;
  // A flag changed, stored on the other side, then changed back after a kill: the engine cannot tell whose
  // change the other side's was.
  if (disturbed_)
    for (unsigned i = 0; i < 6; ++i)
      if (kin.changes[side].times[i] > 1) {
        set &= static_cast<FlagBits>(~(1U << i));
        cleared &= static_cast<FlagBits>(~(1U << i));
      }
  std::string message = "message " + std::to_string(serial);
  if (!kin.flagsForgotten && set & ~kin.everSet[other(side)])
    throw Broken(at(side, mailbox) + message + " gets " +
                 flagText(static_cast<FlagBits>(set & ~kin.everSet[other(side)])) +
                 ", which nobody has set on the other side");
  // One that comes late may take a flag that was set anew for one that the other side has lost.
  if (several_) cleared &= static_cast<FlagBits>(~kin.everCleared[side]);
  if (cleared & ~kin.everCleared[other(side)])
    throw Broken(at(side, mailbox) + message + " loses " +
                 flagText(static_cast<FlagBits>(cleared & ~kin.everCleared[other(side)])) +
                 ", which nobody has cleared on the other side");
}

void Witness::powerFailed() {
  recordLost_ = true;
  for (auto& [_, kin] : kin_)
    if (!kin.old) kin.flagsForgotten = true;
}

void Witness::expunges(Side side, const std::string& mailbox, std::uint32_t serial) {
  if (onlooker_) return;
  touches(side, mailbox);
  if (late_.contains({side, serial}) && accounts_[side].find(mailbox)->count(serial) > 1)
    return;  // the other
  Kin& kin = this->kin(mailbox, serial);
  if (several_) {
    if (kin.userExpunges.local + kin.userExpunges.remote > 0 ||
        accounts_[side].find(mailbox)->count(serial) > 1)
      return;
    throw Broken(at(side, mailbox) + "message " + std::to_string(serial) +
                 " is expunged, the only one, which nobody has expunged");
  }
  if (kin.putBack && accounts_[side].find(mailbox)->count(serial) > 1) return;
  unsigned users = kin.userExpunges[other(side)];
  if (blameless_ && kin.earlierExpunges[other(side)] > 0) {
    users += kin.earlierExpunges[other(side)];
    kin.perhapsDead = true;
  }
  if (++kin.engineExpunges[side] > users)
    throw Broken(at(side, mailbox) + "message " + std::to_string(serial) +
                 " is expunged, which nobody has expunged on the other side");
}

void Witness::takenAlong(Side side, const std::string& mailbox, std::uint32_t serial) {
  if (onlooker_) return;
  touches(side, mailbox);
  Kin& kin = this->kin(mailbox, serial);
  kin.flagsForgotten = true;
  const HeldMailbox* there = accounts_[other(side)].find(mailbox);
  if (kin.total > 1 || there == nullptr || there->count(serial) == 0) kin.perhapsDead = true;
  takenNow_.insert({mailbox, looks_.at(serial)});
}

void Witness::endRun(bool finished) {
  for (const Key& key : std::exchange(takenNow_, {}))
    if (!finished) kin_[key].perhapsDead = true;
}

// From here on the two are to become equal. What happened before the renaming was followed is forgotten: a
// message that one side alone has may be to be copied or to be expunged, and a flag likewise.
void Witness::follows(Side side, const std::string& former, const std::string& mailbox, bool goesAlong) {
  HeldMailbox *here = accounts_[side].find(mailbox), *there = accounts_[other(side)].find(mailbox);
  if (upset_.contains(former)) upset_.insert(mailbox);
  if (upset_.contains(mailbox)) return;
  if (there == nullptr && !goesAlong)
    throw Broken(at(side, mailbox) + "renamed by the engine, and nothing of that name is on the other side");
  disturbed_ = true;
  std::erase_if(kin_, [&](const auto& entry) {
    return entry.first.first == mailbox || (there == nullptr && entry.first.first == former);
  });
  std::map<Key, Both<unsigned>> counts;
  for (HeldMailbox* held : {here, there}) {
    if (held == nullptr) continue;
    for (const HeldMessage& message : held->messages) {
      Kin& kin = this->kin(mailbox, message.serial);
      Both<unsigned>& count = counts[{mailbox, looks_.at(message.serial)}];
      ++count[held == here ? side : other(side)];
      kin.total = std::max(count.local, count.remote);
      kin.perhapsDead = count.local != count.remote || kin.total > 1;
      for (Side each : kSides) {
        kin.userExpunges[each] = kin.total;
        kin.everSet[each] = kin.everCleared[each] = kAllFlags;
        for (unsigned& times : kin.changes[each].times) times = 1;
      }
    }
  }
}

bool Witness::isSurplus(Side side, const std::string& mailbox, const HeldMessage& message) const {
  if (!isSurplus_) return false;
  auto is = [&](const HeldMessage& it) { return isSurplus_(side, mailbox, it.uid); };
  if (!several_) return is(message);
  if (!expungeFailed_ && !recordLost_ && !late_.contains({side, message.serial})) return false;
  // One that came late, when a user had expunged the original before all knew of it, cannot be proved to be
  // anybody's copy: it stays there, and is named.
  const auto kin = kin_.find({mailbox, looks_.at(message.serial)});
  const HeldMailbox* there = accounts_[other(side)].find(mailbox);
  auto isLike = [&](const HeldMessage& it) { return looks_.at(it.serial) == looks_.at(message.serial); };
  if (kin != kin_.end() && kin->second.perhapsDead && there != nullptr &&
      std::ranges::none_of(there->messages, isLike))
    return is(message);
  // Of two, each may be surplus in the eyes of those who have the other: then one is.
  const HeldMessage* first = nullptr;
  for (const HeldMessage& it : accounts_[side].find(mailbox)->messages) {
    if (looks_.at(it.serial) != looks_.at(message.serial)) continue;
    if (!is(it)) return is(message);
    if (first == nullptr) first = &it;
  }
  return first == nullptr || first->uid != message.uid;
}

// Flags of the messages of one kind, sorted.
std::vector<FlagBits> Witness::flagsOf(Side side, const Key& key, FlagBits mask) const {
  std::vector<FlagBits> flags;
  if (HeldMailbox* mailbox = accounts_[side].find(key.first))
    for (const HeldMessage& message : mailbox->messages)
      if (looks_.at(message.serial) == key.second && !isSurplus(side, key.first, message))
        flags.push_back(message.flags & mask);
  std::ranges::sort(flags);
  return flags;
}

std::string Witness::difference() const {
  FlagBits both = accounts_.local.setup.storable & accounts_.remote.setup.storable;
  std::set<std::string> mailboxes;
  for (Side side : kSides)
    for (const auto& [mailbox, _] : accounts_[side].mailboxes) mailboxes.insert(mailbox);
  for (const std::string& mailbox : mailboxes) {
    if (isUpset(mailbox)) continue;
    for (Side side : kSides)
      if (!accounts_[side].find(mailbox)) return at(side, mailbox) + "is missing";
    if (accounts_.local.subscribed.contains(mailbox) != accounts_.remote.subscribed.contains(mailbox))
      return shown(mailbox) + " is subscribed on one side only";
  }
  for (const auto& [key, kin] : kin_) {
    if (isUpset(key.first)) continue;
    if (readOnly() || policied_) continue;  // what is to be there is checked one by one
    auto here = flagsOf(Side::local, key, both), there = flagsOf(Side::remote, key, both);
    if (here == there) continue;
    std::string text = shown(key.first) + ": messages like " + std::to_string(key.second) + " differ:";
    for (FlagBits flags : here) text += " local(" + flagText(flags) + ")";
    for (FlagBits flags : there) text += " remote(" + flagText(flags) + ")";
    return text;
  }
  return {};
}

// Nothing reaches a read-only account; what was to be seen in it has reached the other one.
bool Witness::readOnly() const { return accounts_.local.setup.readOnly || accounts_.remote.setup.readOnly; }
Side Witness::mirror() const { return accounts_.local.setup.readOnly ? Side::remote : Side::local; }

void Witness::checkMirror(const Key& key, const Kin& kin) const {
  std::size_t have = flagsOf(mirror(), key, 0).size();
  if (kin.total != 1 || kin.perhapsDead || (kin.dead && !kin.old)) return;
  if (have != (kin.dead ? 0 : 1))
    throw Broken(at(mirror(), key.first) + "there are " + std::to_string(have) + " messages like " +
                 std::to_string(key.second));
}

bool Witness::hasSurplus(const Key& key) const {
  return std::ranges::any_of(kSides, [&](Side side) {
    const HeldMailbox* mailbox = accounts_[side].find(key.first);
    return mailbox != nullptr && std::ranges::any_of(mailbox->messages, [&](const HeldMessage& message) {
             return looks_.at(message.serial) == key.second && isSurplus(side, key.first, message);
           });
  });
}

void Witness::checkCount(const Key& key, const Kin& kin) const {
  if (readOnly()) return checkMirror(key, kin);
  std::size_t have = flagsOf(Side::local, key, 0).size(), all = kin.total;
  std::size_t least = kin.dead || kin.perhapsDead ? 0 : 1, most = kin.dead ? 0 : 1;
  if (all > 1) {
    // Which is whose copy is not to be told. Two expunges may be of one pair, or of two.
    std::size_t expunges = kin.userExpunges.local + kin.userExpunges.remote;
    least = all - std::min(all, expunges);
    most = all - std::min<std::size_t>(all, std::max(kin.userExpunges.local, kin.userExpunges.remote));
    // After a kill one that looks like our copy is taken for it, and the other way round.
    // Before the first synchronisation of a mailbox ones that look the same on both sides are one.
    if (disturbed_ || !quietMailboxes_.contains(key.first)) least = expunges > 0 ? 0 : 1;
    if (disturbed_) most = all;
    if (kin.perhapsDead) least = 0;
  }
  // A second copy that a server did not expunge is new to the other installation.
  if (several_ && (recordLost_ || expungeFailed_) && most > 0) most *= 2;
  if (hasSurplus(key)) least = 0;  // that one stays where it is, and does not count
  if (have < least || have > most)
    throw Broken(shown(key.first) + ": there are " + std::to_string(have) + " messages like " +
                 std::to_string(key.second) + ", and should be " + std::to_string(least) + " to " +
                 std::to_string(most));
}

// A flag that one side alone changed is as that side made it, on both; one that nobody changed is as it was.
void Witness::checkFlags(const Key& key, const Kin& kin) const {
  if (kin.total != 1 || kin.perhapsDead || kin.flagsForgotten) return;
  for (unsigned i = 0; i < 6; ++i) {
    auto flag = static_cast<FlagBits>(1U << i);
    if (flag == kDeleted && kin.deletedForgotten) continue;
    unsigned here = kin.changes.local.times[i], there = kin.changes.remote.times[i];
    if (here > 0 && there > 0) continue;
    if (disturbed_ && here + there > 1) continue;
    Side changed = here > 0 ? Side::local : Side::remote;
    FlagBits wanted = here + there > 0 ? kin.changes[changed].last : kin.start;
    // A flag that a copy lacks when the engine looks at it for the first time is taken for not kept, and
    // stored.
    if (here + there > 0 && !(wanted & flag) && kin.copiedTo[changed]) continue;
    for (Side side : kSides) {
      if (accounts_[side].setup.readOnly) continue;
      bool storable = accounts_[side].setup.storable & flag;
      auto found = flagsOf(side, key, flag);
      if (storable && !found.empty() && found.front() != (wanted & flag))
        throw Broken(at(side, key.first) + "message like " + std::to_string(key.second) + " has " +
                     (found.front() ? "" : "not ") + flagText(flag) + ", against what a user did");
    }
  }
}

void Witness::checkSubscriptions() const {
  for (const auto& [mailbox, subscription] : subscriptions_)
    if (subscription.times == 1 && quietMailboxes_.contains(mailbox) && !isUpset(mailbox) &&
        accounts_.local.subscribed.contains(mailbox) != subscription.last)
      throw Broken(shown(mailbox) + " is " + (subscription.last ? "not " : "") +
                   "subscribed, against what a user did");
}

void Witness::converged() {
  if (std::string found = difference(); !found.empty()) throw Broken("all is quiet, but " + found);
  for (const auto& [key, kin] : kin_) {
    if (isUpset(key.first)) continue;
    checkCount(key, kin);
    checkFlags(key, kin);
  }
  checkSubscriptions();
  startAnew();
}

void Witness::startAnew() {
  for (auto it = kin_.begin(); it != kin_.end();) {
    if (!isUpset(it->first.first)) {
      auto here = flagsOf(Side::local, it->first, kAllFlags),
           there = flagsOf(Side::remote, it->first, kAllFlags);
      if (readOnly()) here = there = flagsOf(mirror(), it->first, kAllFlags);
      it->second = {.total = static_cast<unsigned>(here.size()), .old = true};
      if (!here.empty()) it->second.start = here.front() | there.front();
    }
    it = it->second.total == 0 ? kin_.erase(it) : std::next(it);
  }
  subscriptions_.clear();
  quietMailboxes_.clear();
  for (const auto& [mailbox, _] : accounts_.local.mailboxes) quietMailboxes_.insert(mailbox);
  disturbed_ = recordLost_ = expungeFailed_ = false;
}

}  // namespace interimap::model
