// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/store.h"

#include "net/wire/limits.h"

namespace interimap {

std::vector<Command> Store::commands(const ExtensionSet&) {
  const char* item = request_.change == request::Store::Change::add ? " +FLAGS" : " -FLAGS";
  std::vector<Command> commands;
  for (const UidSet& piece : request_.uids.pieces(limits::kLongestSet))
    commands.push_back(std::move(Command("UID STORE").set(piece).add(item).flagList(request_.flags)));
  return commands;
}

bool Store::take(Untagged& untagged, Answers& answers) {
  auto* fetch = std::get_if<FetchResponse>(&untagged);
  if (fetch == nullptr || fetch->body || !fetch->uid || !request_.uids.contains(*fetch->uid)) return false;
  messages_.add(MessagesAnswer::of(*fetch), answers);
  return true;
}

}  // namespace interimap
