// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/search.h"

#include <cstdio>

#include "ipc/ascii.h"

namespace interimap {

namespace {

// date-text = date-day "-" date-month "-" date-year   ; RFC 3501 section 9. The day may have one digit, which
// not every server takes.
std::string dateText(std::chrono::year_month_day day) {
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[16];
  std::snprintf(text, sizeof text, "%02u-%s-%04d", static_cast<unsigned>(day.day()),
                kMonths[static_cast<unsigned>(day.month()) - 1], static_cast<int>(day.year()));
  return text;
}

// search-key = "SEEN" / … / "KEYWORD" SP flag-keyword
std::string keys(const Flags& flags) {
  std::string keys;
  flags.each([&](std::string_view flag) {
    bool system = flag.starts_with('\\');
    keys.append(system ? " " : " KEYWORD ");
    keys.append(system ? asciiUpper(flag.substr(1)) : std::string(flag));
  });
  return keys;
}

}  // namespace

std::vector<Command> Search::commands(const ExtensionSet& extensions) {
  return commandsFor(limited_.begin(request_.uids, extensions.has(Extension::messageLimit)), extensions);
}

// RETURN (ALL) asks for ranges (RFC 4731 section 3.1): an answer of a line instead of megabytes.
std::vector<Command> Search::commandsFor(const std::vector<UidSet>& pieces,
                                         const ExtensionSet& extensions) const {
  const char* search = extensions.has(Extension::esearch) ? "UID SEARCH RETURN (ALL) UID" : "UID SEARCH UID";
  std::string criteria = request_.before ? " BEFORE " + dateText(*request_.before) : std::string();
  criteria += keys(request_.with);
  std::vector<Command> commands;
  for (const UidSet& piece : pieces) commands.push_back(std::move(Command(search).set(piece).add(criteria)));
  return commands;
}

void Search::completed(std::size_t index, const StatusResponse& status) {
  Exchange::completed(index, status);
  if (!limited_.completed(index, status)) spoil();
}

bool Search::take(Untagged& untagged, Answers& answers) {
  auto* found = std::get_if<SearchResponse>(&untagged);
  if (found == nullptr) return false;
  UidSet ours = found->uids.intersect(request_.uids);
  for (UidSet& piece : ours.piecesOfRanges(kMostRanges)) answers.send(answer::Found{std::move(piece)});
  return true;
}

}  // namespace interimap
