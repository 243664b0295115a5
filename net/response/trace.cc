// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/trace.h"

#include <algorithm>

#include "ipc/ascii.h"
#include "ipc/imap.h"
#include "net/response/addresses.h"

namespace interimap {

namespace {

bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Obsolete syntax allows blanks in front of the colon (RFC 5322 section 4.5).
bool isNamed(std::string_view field, std::string_view name) {
  if (field.size() <= name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i)
    if (asciiUpper(field[i]) != name[i]) return false;
  auto colon = field.find_first_not_of(" \t", name.size());
  return colon != field.npos && field[colon] == ':';
}

// Without blanks: servers fold long lines anew, and a Received field counts as the same all the while.
std::string valueOf(std::string_view field) {
  std::string value(field.substr(field.find(':') + 1));
  std::erase_if(value, isBlank);
  return value;
}

// The field at the front, with what is folded into it (RFC 5322 section 2.2.3), cut off.
std::string_view takeField(std::string_view& header) {
  std::size_t end = 0;
  do {
    end = header.find('\n', end);
    if (end == header.npos) return std::exchange(header, {});
    ++end;
  } while (end < header.size() && (header[end] == ' ' || header[end] == '\t'));
  std::string_view field = header.substr(0, end);
  header.remove_prefix(end);
  return field;
}

std::optional<ReversePath> readReturnPath(std::string_view value) {
  if (value == "<>") return ReversePath();
  if (value.starts_with('<') && value.ends_with('>')) value = value.substr(1, value.size() - 2);
  if (value.empty()) return std::nullopt;  // it says nothing, and is not the null reverse-path
  return ReversePath::parse(value);
}

}  // namespace

void TraceReader::reset() {
  header_.clear();
  complete_ = false;
}

void TraceReader::add(std::string_view octets) {
  if (complete_) return;
  std::size_t from = header_.size();
  header_ += octets.substr(0, kMostHeader - header_.size());
  if (header_.size() >= kMostHeader) complete_ = true;
  for (std::size_t at = header_.find('\n', from > 2 ? from - 2 : 0); at != header_.npos;
       at = header_.find('\n', at + 1)) {
    std::size_t next = at + 1 < header_.size() && header_[at + 1] == '\r' ? at + 2 : at + 1;
    if (next >= header_.size() || header_[next] != '\n') continue;
    header_.resize(at + 1);
    complete_ = true;
    return;
  }
}

Trace TraceReader::trace() {
  Trace trace;
  bool returnPathSeen = false;
  trace.named.resize(fields_.size());
  std::vector<bool> seen(fields_.size());
  AddressRoom room;
  for (std::string_view header = header_; !header.empty();) {
    std::string_view field = takeField(header);
    // What the last server added stands on top; others may be of anybody's making.
    for (std::size_t i = 0; i < fields_.size(); ++i)
      if (!seen[i] && isNamed(field, fields_[i])) {
        seen[i] = true;
        trace.named[i] = readAddresses(field.substr(field.find(':') + 1), room);
      }
    if (isNamed(field, "RECEIVED")) {
      if (++trace.received > kMostHops) continue;
      digest_.reset();
      digest_.add(valueOf(field));
      trace.hops.push_back(digest_.digest());
      // The topmost is of the last delivery (RFC 5321 section 4.4); those below came with the message.
    } else if (!returnPathSeen && isNamed(field, "RETURN-PATH")) {
      returnPathSeen = true;
      trace.returnPath = readReturnPath(valueOf(field));
    } else if (trace.messageId.empty() && isNamed(field, "MESSAGE-ID")) {
      trace.messageId = valueOf(field).substr(0, kMostMessageId);
    }
  }
  return trace;
}

}  // namespace interimap
