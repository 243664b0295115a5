// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/search.h"

#include <cstdio>

#include "net/wire/limits.h"

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

}  // namespace

// RETURN (ALL) asks for ranges (RFC 4731 section 3.1): an answer of a line instead of megabytes.
std::vector<Command> Search::commands(const ExtensionSet& extensions) {
  const char* search = extensions.has(Extension::esearch) ? "UID SEARCH RETURN (ALL) UID" : "UID SEARCH UID";
  std::vector<Command> commands;
  for (const UidSet& piece : request_.uids.pieces(limits::kLongestSet))
    commands.push_back(std::move(Command(search).set(piece).add(" BEFORE ").add(dateText(request_.before))));
  return commands;
}

bool Search::take(Untagged& untagged, Answers& answers) {
  auto* found = std::get_if<SearchResponse>(&untagged);
  if (found == nullptr) return false;
  UidSet ours = found->uids.intersect(request_.uids);
  for (UidSet& piece : ours.piecesOfRanges(kMostRanges)) answers.send(answer::Found{std::move(piece)});
  return true;
}

}  // namespace interimap
