// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/fetch_content.h"

#include "ipc/failure.h"
#include "net/wire/limits.h"

namespace interimap {

std::vector<Command> FetchContent::commands(const ExtensionSet&) {
  std::vector<Command> commands;
  for (const UidSet& piece : uids_.pieces(limits::kLongestSet))
    commands.push_back(
        std::move(Command("UID FETCH").set(piece).add(" (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")));
  return commands;
}

LiteralSink* FetchContent::sink(Kind kind, std::optional<Uid> uid) {
  return kind == Kind::body && (!uid || uids_.contains(*uid)) ? this : nullptr;
}

// Nothing is kept of the message itself, so it may be of any size.
void FetchContent::reset() {
  header_.reset();
  digest_.reset();
}

void FetchContent::octets(std::string_view piece) {
  header_.add(piece);
  digest_.add(piece);
}

bool FetchContent::take(Untagged& untagged, Answers& answers) {
  auto* fetch = std::get_if<FetchResponse>(&untagged);
  if (fetch == nullptr || !fetch->body || !fetch->uid || !uids_.contains(*fetch->uid)) return false;
  if (!fetch->body->streamed) {
    reset();
    octets(fetch->body->inlined);
  } else if (fetch->sink != this) {
    throw Failure(ExitStatus::protocol,
                  "server mixes the responses to several FETCH commands, BODY[] before UID");
  }
  answer::Message message = MessagesAnswer::of(*fetch);
  message.header = header_.digest();
  message.content = digest_.digest();
  messages_.add(std::move(message), answers);
  return true;
}

}  // namespace interimap
