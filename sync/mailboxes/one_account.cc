// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/one_account.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "ipc/failure.h"
#include "ipc/side.h"
#include "sync/mailboxes/policy.h"
#include "sync/mailboxes/probe.h"

namespace interimap {

namespace {

// Messages of one mailbox that are compared.
constexpr std::uint32_t kNewest = 8;
constexpr int kMostAttempts = 3;

using Verb = request::Manage::Verb;

using Statuses = std::map<std::string, answer::StatusEntry>;  // by their names on the wire

class OneAccount {
 public:
  OneAccount(const settings::Sync& settings, Both<Server*> servers, Lists& lists)
      : references_{settings.of.local.reference, settings.of.remote.reference},
        mayWrite_{writesEverywhere(settings, Side::local), writesEverywhere(settings, Side::remote)},
        servers_(servers),
        lists_(lists) {}

  // Trees that have nothing in common may well be of one account.
  bool mayOverlap() const {
    return references_.local.starts_with(references_.remote) ||
           references_.remote.starts_with(references_.local);
  }
  bool looksSo();
  bool isSo();
  bool isNested() const { return references_.local != references_.remote; }
  // Where the two are not nested either will do, but for one that the user wants nothing to be written to.
  Side inner() const {
    if (!isNested()) return mayWrite_.remote || !mayWrite_.local ? Side::remote : Side::local;
    return references_.local.size() > references_.remote.size() ? Side::local : Side::remote;
  }

 private:
  Both<Statuses> listed() const;
  Both<Statuses> askedFor();
  bool haveTheSameNewest(const answer::StatusEntry& mailbox);
  Side outer() const { return other(inner()); }
  bool sees(Side side, const WireName& probe);

  Both<std::string> references_;
  Both<bool> mayWrite_;
  Both<Server*> servers_;
  Lists& lists_;
};

Both<Statuses> OneAccount::listed() const {
  Both<Statuses> out;
  for (Side side : kSides)
    for (const auto& [_, mailbox] : lists_.listing(side))
      if (mailbox.exists) out[side].emplace(mailbox.status.mailbox.bytes, mailbox.status);
  return out;
}

// All that there is, whatever the references are.
Both<Statuses> OneAccount::askedFor() {
  Both<Statuses> out;
  Both<Reply<Nothing>> replies;
  for (Side side : kSides)
    replies[side] = servers_[side]->list(
        {"", {"*"}, {}, true}, [](const answer::ListEntry&) {},
        [&all = out[side]](const answer::StatusEntry& status) {
          if (all.size() < 1000) all.emplace(status.mailbox.bytes, status);
        });
  for (Side side : kSides)
    if (!replies[side].done().ok()) out = {};
  return out;
}

bool OneAccount::looksSo() {
  Both<Statuses> all = listed();
  auto isThere = [&](const auto& it) { return all.remote.contains(it.first); };
  if (isNested() && std::ranges::none_of(all.local, isThere)) all = askedFor();
  const answer::StatusEntry* fewest = nullptr;
  for (const auto& [name, here] : all.local) {
    auto it = all.remote.find(name);
    if (it == all.remote.end()) continue;
    const answer::StatusEntry& there = it->second;
    if (!here.uidValidity || !here.uidNext || !there.uidValidity) return false;
    if (std::tie(here.uidValidity, here.uidNext, here.highestModSeq, here.messages) !=
        std::tie(there.uidValidity, there.uidNext, there.highestModSeq, there.messages))
      return false;
    if (here.messages.value_or(0) > 0 && (fewest == nullptr || *here.messages < *fewest->messages))
      fewest = &here;
  }
  return fewest != nullptr && haveTheSameNewest(*fewest);
}

bool OneAccount::haveTheSameNewest(const answer::StatusEntry& mailbox) {
  using Looks = std::tuple<Uid, HeaderDigest, std::int64_t, std::uint64_t, std::string>;
  const std::uint32_t next = mailbox.uidNext->value;
  if (next < 2) return false;
  Both<std::vector<Looks>> looks;
  Both<Reply<Nothing>> replies;
  for (Side side : kSides) {
    servers_[side]->ensureSelected(mailbox.mailbox);
    replies[side] = servers_[side]->fetch(
        UidSet::range(next > kNewest ? next - kNewest : 1, next - 1), request::Fetch::Items::identity,
        [&all = looks[side]](const answer::Message& it) {
          if (it.header && all.size() < kNewest)
            all.emplace_back(it.uid, *it.header, it.date ? it.date->seconds() : 0, it.size,
                             it.flags ? it.flags->text() : "");
        });
  }
  for (Side side : kSides) {
    if (!replies[side].done().ok()) looks[side].clear();
    std::ranges::sort(looks[side]);
  }
  return looks.local == looks.remote;
}

// Another installation may be at it, too, and take ours for one that was left: then once more.
bool OneAccount::isSo() {
  for (int attempts = 0; attempts < kMostAttempts; ++attempts) {
    std::array<std::byte, probe::kOctets> random;
    store::Store::random(random);
    const WireName probe{references_[inner()] + lists_.prefix(inner()) + probe::name(random)};
    if (!servers_[inner()]->manage(Verb::create, probe).done().ok()) return false;
    const bool seen = sees(outer(), probe);
    const bool removed = servers_[inner()]->manage(Verb::remove, probe).done().ok();
    if (isNested() && !seen) lists_.fetch();
    if (seen || removed) return seen;
  }
  return false;
}

bool OneAccount::sees(Side side, const WireName& probe) {
  bool seen = false;
  if (isNested()) {  // unless list-mailbox or ignore-mailbox leave it out
    lists_.fetch();
    return std::ranges::any_of(lists_.probes(side), [&](const auto& it) { return it.mailbox == probe; });
  }
  servers_[side]
      ->list(
          {"", {probe.bytes}, {}, false},
          [&](const answer::ListEntry& entry) {
            seen = seen || (entry.mailbox == probe && !entry.nonExistent);
          },
          [](const auto&) {})
      .done();
  return seen;
}

bool isAnythingKnown(const store::Store& store) {
  if (store.isNew()) return false;
  if (store.version() == 0) return true;
  if (!store.withJournal().empty()) return true;
  for (const store::KnownMailbox& mailbox : store.mailboxes()) {
    if (!store.newest(mailbox.id, Side::local, 1).empty()) return true;
    for (Side side : kSides)
      if (auto state = store.state(mailbox.id, side); state && state->uidNext.value > 0) return true;
  }
  return false;
}

}  // namespace

void removeProbes(Both<Server*> servers, const Lists& lists, Log& log) {
  std::vector<std::pair<Side, Reply<Nothing>>> replies;
  for (Side side : kSides)
    for (const answer::StatusEntry& probe : lists.probes(side)) {
      if (!probe.messages) continue;  // it may have some
      replies.emplace_back(side, servers[side]->manage(Verb::remove, probe.mailbox));
      log.info(About::server(side), "Removing " + probe.mailbox.bytes +
                                        ", which an interrupted run has left to see whether local and remote "
                                        "are one account");
    }
  // Where they are one, each is there twice.
  for (auto& [_, reply] : replies) reply.done();
}

void refuseOneAccount(const settings::Sync& settings, Both<Server*> servers, Lists& lists,
                      const store::Store& store, Log& log) {
  OneAccount account(settings, servers, lists);
  if (!account.mayOverlap() || isAnythingKnown(store) || !account.looksSo()) return;
  if (settings.dryRun)
    return log.warning(About::run(),
                       "Local and remote look like one account. If they are, a run will refuse to copy it "
                       "into itself.");
  if (!account.isSo()) return;
  if (account.isNested())
    throw Failure(ExitStatus::config,
                  std::string("Local and remote are one account, and the mailboxes of ") +
                      nameOf(account.inner()) + " are among those of " + nameOf(other(account.inner())) +
                      ": they would be copied into themselves. Nothing was changed. Leave "
                      "them out with list-mailbox or ignore-mailbox, or see host, "
                      "username and list-reference.");
  throw Failure(ExitStatus::config,
                "Local and remote are one account: it would be copied into itself. Nothing was changed. See "
                "host, port and username of [local] and [remote].");
}

}  // namespace interimap
