// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/ownership.h"

#include <string>

#include "ipc/side.h"

namespace interimap {

namespace {

std::string userOf(const std::string& account) { return account.substr(0, account.rfind('@')); }

// A server may get another name: the same user, and every mailbox we know has the UIDVALIDITY that we know.
bool isAlias(const std::string& recorded, const std::string& account, Side side, const Listing& listing,
             const store::Store& store) {
  if (userOf(recorded) != userOf(account)) return false;
  std::size_t same = 0;
  for (const store::KnownMailbox& mailbox : store.mailboxes()) {
    auto state = store.state(mailbox.id, side);
    auto it = listing.find(mailbox.name);
    if (!state || it == listing.end() || !it->second.status.uidValidity) continue;
    if (*it->second.status.uidValidity != state->uidValidity) return false;
    ++same;
  }
  return same > 0;
}

}  // namespace

std::string whoseElse(const settings::Sync& settings, Side side, const Listing& listing,
                      const store::Store& store) {
  const std::string& account = settings.of[side].name;
  // A tunnel's account is whatever its command leads to: that cannot be compared.
  if (account.empty() || account.starts_with("tunnel:")) return {};
  auto recorded = store.account(side);
  if (!recorded || *recorded == account || isAlias(*recorded, account, side, listing, store)) return {};
  return "belongs to " + *recorded + " on the " + nameOf(side) + " side, not to " + account +
         ". Another pair of accounts needs another `database`. If it is the same account under a new name: "
         "sqlite3 " +
         settings.databaseDirectory + "/" + settings.databaseName + " 'DELETE FROM ours_account'";
}

void checkOwnership(const settings::Sync& settings, const Both<const Listing*>& listings, store::Store& store,
                    Log& log) {
  for (Side side : kSides) {
    const std::string& account = settings.of[side].name;
    if (account.empty() || account.starts_with("tunnel:")) continue;
    if (std::string whose = whoseElse(settings, side, *listings[side], store); !whose.empty())
      throw AboutFailure(About::database(), ExitStatus::data, whose);
    auto recorded = store.account(side);
    if (recorded == account) continue;
    if (recorded) log.notice(About::server(side), "The account " + *recorded + " is now called " + account);
    store::Transaction transaction = store.begin();
    store.setAccount(side, account);
    transaction.commit("account");
  }
}

}  // namespace interimap
