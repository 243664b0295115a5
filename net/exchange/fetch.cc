// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/fetch.h"

#include "net/response/server_id.h"

namespace interimap {

std::vector<Command> Fetch::commands(const ExtensionSet& extensions) {
  if (extensions.has(Extension::objectId))
    idItem_ = " EMAILID";
  else if (extensions.has(Extension::gmail))
    idItem_ = " X-GM-MSGID";
  else if (extensions.has(Extension::guid))
    idItem_ = " X-GUID";
  return commandsFor(limited_.begin(request_.uids, extensions.has(Extension::messageLimit)));
}

std::vector<Command> Fetch::commandsFor(const std::vector<UidSet>& pieces) const {
  using Items = request::Fetch::Items;
  std::string items = modSequences_ ? " (MODSEQ FLAGS" : " (FLAGS";
  if (request_.items == Items::identity) items += " INTERNALDATE";
  if (request_.items != Items::flags) items += " RFC822.SIZE";
  if (request_.items == Items::identity) items += " BODY.PEEK[HEADER]";
  if (request_.items == Items::listing) items += idItem_;
  items += ")";
  if (request_.changedSince.value > 0)
    items += " (CHANGEDSINCE " + std::to_string(request_.changedSince.value) + ")";
  std::vector<Command> commands;
  for (const UidSet& piece : pieces)
    commands.push_back(std::move(Command("UID FETCH").set(piece).add(items)));
  return commands;
}

void Fetch::completed(std::size_t index, const StatusResponse& status) {
  Exchange::completed(index, status);
  if (!limited_.completed(index, status)) spoil();
}

// Whose sink it is does not matter, the digest is the session's.
LiteralSink* Fetch::sink(Kind kind, std::optional<Uid>) {
  return kind == Kind::header && request_.items == request::Fetch::Items::identity ? this : nullptr;
}

// A flag change that somebody else made meanwhile looks like an answer to Items::flags, and is as good as
// one. Without what else was asked for it is none; with a header that was not, it answers a later command:
// some say OK to one only when they have answered to the next.
bool Fetch::take(Untagged& untagged, Answers& answers) {
  using Items = request::Fetch::Items;
  auto* fetch = std::get_if<FetchResponse>(&untagged);
  if (fetch == nullptr || fetch->body || !fetch->uid || !request_.uids.contains(*fetch->uid)) return false;
  if (request_.items != Items::flags && !fetch->size) return false;
  if ((request_.items == Items::identity) != fetch->header.has_value()) return false;
  answer::Message message = MessagesAnswer::of(*fetch);
  if (request_.items == Items::identity) {
    if (!fetch->header->streamed) {
      header_.reset();
      header_.add(fetch->header->inlined);
    }
    message.header = header_.digest();
    // None, or an impossible one: the same each time, so that nothing takes it for a change.
    if (!message.date) message.date = InternalDate::parse("01-Jan-1970 00:00:00 +0000");
  }
  if (request_.items == Items::listing && !fetch->id.empty()) message.id = serverId(fetch->id);
  messages_.add(std::move(message), answers);
  return true;
}

}  // namespace interimap
