// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/surplus.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>

#include "sync/pass/twin_search.h"

namespace interimap {

namespace {

// How a surplus message is written down: with the copy that it is one of.
constexpr std::string_view kOf = "UID ";

std::optional<Uid> copyOf(const store::RefusedMessage& surplus) {
  std::uint32_t number = 0;
  if (surplus.kind != store::Refusal::surplus || !surplus.reply.starts_with(kOf)) return std::nullopt;
  const char* end = surplus.reply.data() + surplus.reply.size();
  auto [rest, error] = std::from_chars(surplus.reply.data() + kOf.size(), end, number);
  return error == std::errc() && rest == end ? Uid::of(number) : std::nullopt;
}

}  // namespace

// Who is on which side of the search: new messages on the local one, copies on the remote one; both are on
// the same server. A copy may have several.
bool Surplus::compare(Side side, std::vector<Echo>& echoes) {
  Changes& changes = *changes_[side];
  if (changes.copied.empty()) return true;
  std::map<std::uint32_t, UidSet> ofSize;
  for (const Fresh& fresh : changes.fresh)
    if (fresh.size > 0 && fresh.uid.value() >= changes.knownNext.value &&
        !work_.refused[side].contains(fresh.uid))
      ofSize[fresh.size].add(fresh.uid);
  UidSet copies, news;
  if (!ofSize.empty())
    for (const Fresh& copy : changes.copied)
      if (auto it = ofSize.find(copy.size); it != ofSize.end()) {
        copies.add(copy.uid);
        news.add(it->second);
      }
  Mailbox mailbox = work_.mailbox;
  mailbox.wire[other(side)] = mailbox.wire[side];
  const UidValidity validity = work_.validity(side);
  while (!news.empty() && !copies.empty()) {
    TwinSearch search({work_.servers[side], work_.servers[side]}, mailbox);
    search.ask(Side::local, news);
    search.ask(Side::remote, copies);
    auto trouble = search.finish({validity, validity}, [](Side, Uid) { return false; });
    search.wait();
    if (trouble) {
      work_.failOrTryAgain(side, trouble->again, trouble->text, ExitStatus::tryAgain);
      return false;
    }
    if (search.found().empty()) break;
    for (const Twins& twins : search.found()) {
      echoes.push_back(
          {twins.remote, twins.local, search.flags(twins.flags.remote), search.flags(twins.flags.local)});
      news.remove(UidSet::single(twins.local));
    }
  }
  return true;
}

std::vector<Touched> Surplus::find(Side side) {
  std::vector<Touched> out;
  std::vector<Echo> echoes;
  if (!changes_[side] || !compare(side, echoes)) return out;
  takeOver(side);
  if (echoes.empty()) return out;
  std::ranges::sort(echoes, {}, &Echo::another);
  // An original may be among what was copied here, since its copy came twice: not what it was copied to.
  const UidSet ours = work_.store.copied(work_.mailbox.id, side),
               theirs = work_.store.copied(work_.mailbox.id, other(side));
  store::Transaction transaction = work_.store.begin();
  UidSet surplus, dealtWith;
  for (const Echo& echo : echoes) {
    auto pairs = work_.store.pairs(work_.mailbox.id, side, UidSet::single(echo.copy));
    if (pairs.empty()) continue;  // it gave way a moment ago, or goes anyhow
    dealtWith.add(echo.another);
    const bool isOriginal = theirs.contains(side == Side::local ? pairs[0].remote : pairs[0].local);
    const bool isOurs = ours.contains(echo.copy) && !isOriginal && pairs[0].base == echo.flags &&
                        work_.mayExpunge(side);
    if (isOurs && echo.another < echo.copy) {
      giveWay(side, echo, pairs[0], out);
    } else {
      surplus.add(echo.another);
      work_.store.refuse(work_.mailbox.id, side, echo.another, store::Refusal::surplus,
                         std::string(kOf) + std::to_string(echo.copy.value()));
      work_.refused[side].add(echo.another);
    }
  }
  transaction.commit("surplus");
  std::erase_if(changes_[side]->fresh, [&](const Fresh& it) { return dealtWith.contains(it.uid); });
  if (!surplus.empty())
    work_.log.notice(work_.about(side), "UID(s) " + surplus.text() +
                                            " are second copies, made by somebody else, of messages that "
                                            "are here already. They are not copied to " +
                                            nameOf(other(side)) + ".");
  return out;
}

// Ours is expunged, and the other one takes its place. Of the flags of both nothing is lost.
void Surplus::giveWay(Side side, const Echo& echo, const store::Pair& pair, std::vector<Touched>& out) {
  const store::MailboxId id = work_.mailbox.id;
  const bool local = side == Side::local;
  const Uid here = local ? echo.another : pair.local, there = local ? pair.remote : echo.another;
  const bool same = echo.flags == echo.othersFlags;
  work_.store.unmap(id, pair.local);
  work_.store.map(id, here, there, same ? std::optional(echo.flags) : std::nullopt);
  work_.store.addCopied(id, side, UidSet::single(echo.another));
  work_.store.refuse(id, side, echo.copy, store::Refusal::kept, "");
  work_.refused[side].add(echo.copy);
  changes_[side]->flags.erase(echo.copy);
  if (same) return;
  Touched touched{here, there, {}, {}, {}};
  touched.now[side] = echo.othersFlags;
  touched.now[other(side)] = echo.flags;
  if (auto& others = changes_[other(side)])
    if (auto it = others->flags.find(local ? there : here); it != others->flags.end()) {
      touched.now[other(side)] = it->second;
      others->flags.erase(it);
    }
  out.push_back(touched);
}

// A copy is expunged by somebody who wants to be rid of one of two, and does not know which is which: then
// the second one is the copy from now on.
void Surplus::takeOver(Side side) {
  Changes& changes = *changes_[side];
  if (changes.gone.empty() || work_.refused[side].empty()) return;
  UidSet taken;
  store::Transaction transaction = work_.store.begin();
  for (const store::RefusedMessage& refused : work_.store.refused(work_.mailbox.id)) {
    auto copy = copyOf(refused);
    if (refused.source != side || !copy || !changes.gone.contains(*copy) || taken.contains(*copy) ||
        changes.strangersGone.contains(refused.uid))
      continue;
    for (const store::Pair& pair : work_.store.pairs(work_.mailbox.id, side, UidSet::single(*copy))) {
      work_.store.unmap(work_.mailbox.id, pair.local);
      work_.store.map(work_.mailbox.id, side == Side::local ? refused.uid : pair.local,
                      side == Side::local ? pair.remote : refused.uid, std::nullopt);
      work_.store.unrefuse(work_.mailbox.id, side, refused.uid);
      taken.add(*copy);
    }
  }
  transaction.commit("surplus");
  changes.gone.remove(taken);
}

}  // namespace interimap
