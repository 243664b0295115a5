// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/fetch_response.h"

#include <algorithm>

#include "ipc/ascii.h"
#include "net/wire/limits.h"

namespace interimap {

namespace {

bool readUid(Tokens& in, std::optional<Uid>& uid) {
  auto n = in.number();
  auto value = n ? Uid::of(*n) : std::nullopt;
  if (!value || (uid && *uid != *value)) return false;
  uid = value;
  return true;
}

// fetch-mod-resp = "MODSEQ" SP "(" permsg-modsequence ")"   ; RFC 7162 section 7
bool readModSeq(Tokens& in, ModSeq& modSeq) {
  if (!in.take('(')) return false;
  auto n = in.number();
  if (!n || !in.take(')')) return false;
  modSeq.value = *n;
  return true;
}

// Servers hand out what is on their disks: a keyword with a control character after a bit has flipped, more
// keywords than anybody set. What cannot be a flag costs itself, not its message.
Flags readableFlags(std::string_view list, std::string& dropped) {
  std::string kept;
  for (std::size_t at = 0, count = 0; at < list.size();) {
    auto end = std::min(list.find(' ', at), list.size());
    std::string_view flag = list.substr(at, end - at);
    at = end + 1;
    if (flag.empty()) continue;
    if (Flags::isFlag(flag) && count < Flags::kMost) {
      kept.append(count++ == 0 ? "" : " ").append(flag);
    } else if (dropped.empty()) {
      dropped = flag;
    }
  }
  return Flags::parse(kept).value_or(Flags());
}

bool readFlags(Tokens& in, FetchResponse& fetch) {
  if (!in.take('(')) return false;
  auto list = in.upTo(')');
  if (!list || list->size() > limits::kLongestFlags) return false;
  fetch.flags = Flags::parse(*list);
  if (!fetch.flags) fetch.flags = readableFlags(*list, fetch.dropped);
  return true;
}

// "00-Jan-0000 00:00:00 +0000", as Domino has it for messages it knows no date of.
bool readDate(Tokens& in, std::optional<InternalDate>& date) {
  if (in.word("NIL")) return true;
  auto text = in.string();
  if (text) date = InternalDate::parse(*text);
  return text.has_value();
}

bool readOctets(Tokens& in, std::optional<FetchResponse::Octets>& octets) {
  octets = FetchResponse::Octets();
  if (auto size = in.streamed()) {
    octets->streamed = true;
    octets->size = *size;
    return true;
  }
  if (in.word("NIL")) return true;
  auto text = in.string();
  if (!text) return false;
  octets->size = text->size();
  octets->inlined = std::move(*text);
  return true;
}

// "EMAILID" SP "(" objectid ")"   ; RFC 8474 section 7. The others have no parentheses.
bool readId(Tokens& in, std::string& id) {
  const bool isList = in.take('(');
  if (in.word("NIL")) {
    id.clear();
  } else {
    auto text = in.astring();
    if (!text) return false;
    id = std::move(*text);
  }
  return !isList || in.take(')');
}

bool readItem(Tokens& in, FetchResponse& fetch) {
  auto name = in.item();
  if (name.empty() || !in.space()) return false;
  auto is = [&](std::string_view item) { return equalIgnoringCase(name, item); };
  if (is("UID")) return readUid(in, fetch.uid);
  if (is("MODSEQ")) return readModSeq(in, fetch.modSeq);
  if (is("FLAGS")) return readFlags(in, fetch);
  if (is("INTERNALDATE")) return readDate(in, fetch.date);
  if (is("RFC822.SIZE")) return (fetch.size = in.number()).has_value();
  if (is("ENVELOPE")) {
    fetch.envelope = Envelope::parse(in);
    return true;
  }
  if (is("EMAILID") || is("X-GUID") || is("X-GM-MSGID")) return readId(in, fetch.id);
  // Twice the same is not meant to be, and the sink could not tell one from the other.
  if (is("BODY[]") || is("RFC822")) return !fetch.body && readOctets(in, fetch.body);
  if (is("BODY[HEADER]") || is("RFC822.HEADER")) return !fetch.header && readOctets(in, fetch.header);
  return in.skipValue();
}

}  // namespace

std::optional<FetchResponse> FetchResponse::parse(Tokens& in) {
  FetchResponse fetch;
  if (!in.take('(')) return std::nullopt;
  do {
    while (!in.take(')')) {
      if (in.space() || readItem(in, fetch)) continue;
      if (!fetch.envelope) return std::nullopt;
      break;
    }
  } while (fetch.envelope && in.skipToStreamed());
  return fetch;
}

// Values that are lists or strings are not looked into, and a string that ends in UID 5 is not the server's
// way.
std::optional<Uid> FetchResponse::uidBefore(std::string_view text) {
  Tokens in(text.substr(std::min(text.find('('), text.size())));
  if (!in.take('(')) return std::nullopt;
  while (true) {
    auto name = in.item();
    if (name.empty() || !in.space()) return std::nullopt;
    if (equalIgnoringCase(name, "UID")) {
      auto n = in.number();
      return n ? Uid::of(*n) : std::nullopt;
    }
    if (!in.skipValue() || !in.space()) return std::nullopt;
  }
}

}  // namespace interimap
