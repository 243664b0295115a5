// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/rejoin.h"

#include <algorithm>
#include <map>
#include <optional>

#include "sync/pass/twin_search.h"

namespace interimap {

namespace {

// Both of one size: what is new on this side, and what is alone on the other one.
Both<UidSet> alike(const Changes& changes, Side side) {
  std::map<std::uint32_t, UidSet> ofSize;
  for (const Fresh& fresh : changes.fresh)
    if (fresh.size > 0) ofSize[fresh.size].add(fresh.uid);
  Both<UidSet> out;
  for (const Fresh& alone : changes.partnerless)
    if (auto it = ofSize.find(alone.size); it != ofSize.end()) {
      out[other(side)].add(alone.uid);
      out[side].add(it->second);
    }
  return out;
}

// What is known of the flags of a former pair does not hold for the new one: nothing of either is lost.
std::optional<Touched> pairAnew(Work& work, BothChanges& changes, Side side, const Twins& twins,
                                const Both<Flags>& flags) {
  const store::MailboxId id = work.mailbox.id;
  const Both<Uid> uids{twins.local, twins.remote};
  const bool same = flags.local == flags.remote;
  for (const store::Pair& former : work.store.pairs(id, other(side), UidSet::single(uids[other(side)]))) {
    changes[side]->gone.remove(UidSet::single(side == Side::local ? former.local : former.remote));
    work.store.unmap(id, former.local);
  }
  work.store.map(id, uids.local, uids.remote, same ? std::optional(flags.local) : std::nullopt);
  for (Side each : kSides) {
    work.store.settle(id, other(each), uids[each]);
    work.store.unrefuse(id, each, uids[each]);
    work.refused[each].remove(UidSet::single(uids[each]));
    if (!changes[each]) continue;
    std::erase_if(changes[each]->fresh, [&](const Fresh& it) { return it.uid == uids[each]; });
    changes[each]->flags.erase(uids[each]);
  }
  if (same) return std::nullopt;
  return Touched{uids.local, uids.remote, {}, {flags.local, flags.remote}, {}};
}

}  // namespace

std::vector<Touched> rejoin(Work& work, BothChanges& changes, Side side) {
  std::vector<Touched> out;
  if (changes[side]->partnerless.empty()) return out;
  const Both<UidSet> alike = interimap::alike(*changes[side], side);
  if (alike[side].empty()) return out;
  TwinSearch search(work.servers, work.mailbox);
  for (Side each : kSides) search.ask(each, alike[each]);
  // A partner may have been found a moment ago.
  auto isTaken = [&](Side at, Uid uid) {
    auto pairs = work.store.pairs(work.mailbox.id, at, UidSet::single(uid));
    return !pairs.empty() && (at == side || !changes[side]->gone.contains(
                                                side == Side::local ? pairs[0].local : pairs[0].remote));
  };
  auto trouble = search.finish({work.validity(Side::local), work.validity(Side::remote)}, isTaken);
  search.wait();
  if (trouble) {
    work.failOrTryAgain(trouble->side, trouble->again, trouble->text, ExitStatus::tryAgain);
    return out;
  }
  UidSet joined;
  store::Transaction transaction = work.store.begin();
  for (const Twins& twins : search.found()) {
    auto touched = pairAnew(work, changes, side, twins,
                            {search.flags(twins.flags.local), search.flags(twins.flags.remote)});
    if (touched) out.push_back(*touched);
    joined.add(side == Side::local ? twins.local : twins.remote);
  }
  transaction.commit("rejoin");
  if (!joined.empty())
    work.log.info(work.about(side), "UID(s) " + joined.text() + " are what " + nameOf(other(side)) +
                                        " has already, without a partner on this side: paired");
  return out;
}

}  // namespace interimap
