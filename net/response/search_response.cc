// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/search_response.h"

#include <string>
#include <utility>

namespace interimap {

std::optional<SearchResponse> SearchResponse::parse(Tokens& in) {
  std::string list;
  while (!in.atEnd()) {
    if (!in.space()) return std::nullopt;
    if (in.peek() == ' ' || in.atEnd()) continue;  // servers end the list with a blank
    if (in.peek() == '(') {
      if (!in.skipValue()) return std::nullopt;
      continue;
    }
    auto number = in.number();
    if (!number) return std::nullopt;
    list.append(list.empty() ? "" : ",").append(std::to_string(*number));
  }
  SearchResponse search;
  if (list.empty()) return search;
  auto uids = UidSet::parse(list);
  if (!uids) return std::nullopt;
  search.uids = std::move(*uids);
  return search;
}

// search-correlator = SP "(" "TAG" SP tag-string ")"; nothing but "ALL" is asked for.
std::optional<SearchResponse> SearchResponse::parseExtended(Tokens& in) {
  SearchResponse search;
  Tokens before = in;
  if (!(in.space() && in.peek() == '(' && in.skipValue())) in = before;
  if (!in.space() || !in.word("UID")) return std::nullopt;
  while (!in.atEnd()) {
    if (!in.space()) return std::nullopt;
    if (in.atEnd()) break;
    bool all = in.word("ALL");
    if (!all && in.atom().empty()) return std::nullopt;
    if (!in.space()) return std::nullopt;
    if (!all) {
      if (!in.skipValue()) return std::nullopt;
      continue;
    }
    auto uids = UidSet::parse(in.atom());
    if (!uids) return std::nullopt;
    search.uids = std::move(*uids);
  }
  return search;
}

}  // namespace interimap
