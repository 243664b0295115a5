// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/resp_text.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "ipc/ascii.h"
#include "net/wire/limits.h"
#include "net/wire/tokens.h"

namespace interimap {

namespace {

// Where the code ends: at the first "]", but not at one within parentheses or quotes, as a keyword may
// contain it. If they do not balance, at the first after all.
std::size_t endOfCode(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ']' && depth <= 0) return i;
  }
  return text.find(']');
}

constexpr std::pair<Condition, std::string_view> kConditions[] = {{Condition::ok, "OK"},
                                                                  {Condition::no, "NO"},
                                                                  {Condition::bad, "BAD"},
                                                                  {Condition::bye, "BYE"},
                                                                  {Condition::preauth, "PREAUTH"}};

}  // namespace

RespText RespText::parse(std::string_view text) {
  RespText result{{}, {}, std::string(text)};
  if (!text.starts_with('[')) return result;
  auto end = endOfCode(text);
  if (end == std::string_view::npos) return result;
  auto inside = text.substr(1, end - 1);
  auto blank = std::min(inside.find(' '), inside.size());
  result.code = asciiUpper(inside.substr(0, blank));
  if (blank < inside.size()) result.arguments = inside.substr(blank + 1);
  return result;
}

std::optional<std::uint64_t> RespText::number(std::string_view name) const {
  if (code != name) return std::nullopt;
  Tokens in(arguments);
  auto n = in.number();
  return n && in.atEnd() ? n : std::nullopt;
}

// A flag that cannot be one is left out: of it nothing is known but that.
std::optional<StorableFlags> RespText::permanentFlags() const {
  std::string_view list = arguments;
  if (code != "PERMANENTFLAGS" || !list.starts_with('(') || !list.ends_with(')')) return std::nullopt;
  list = list.substr(1, list.size() - 2);
  StorableFlags storable{.all = false};
  std::string flags;
  for (std::size_t at = 0; at < list.size();) {
    auto end = std::min(list.find(' ', at), list.size());
    auto flag = list.substr(at, end - at);
    at = end + 1;
    if (flag == "\\*") {
      storable.keywords = true;
    } else if (Flags::isFlag(flag) && flags.size() + flag.size() < limits::kLongestFlags) {
      flags.append(flags.empty() ? "" : " ").append(flag);
    }
  }
  if (auto parsed = Flags::parse(flags)) storable.flags = std::move(*parsed);
  return storable;
}

namespace {

// uid-set = (uniqueid / uid-range) *("," uid-set), of at most `most` UIDs. Nothing if it is none.
std::optional<std::vector<Uid>> readUids(Tokens& in, std::size_t most) {
  std::vector<Uid> uids;
  do {
    auto first = in.number32();
    auto last = first;
    if (in.take(':')) last = in.number32();
    if (!first || !last || *first == 0 || *last == 0) return std::nullopt;
    // RFC 3501 section 9: a range may be written either way round.
    if (*first > *last) std::swap(*first, *last);
    // "1:4294967295" is a few octets from the server and 16 GB here.
    if (*last - *first >= most - uids.size()) return std::nullopt;
    for (std::uint64_t uid = *first; uid <= *last; ++uid) uids.push_back(*Uid::of(uid));
  } while (in.take(','));
  return uids;
}

// nz-number SP, before the UIDs of APPENDUID and COPYUID.
std::optional<UidValidity> readValidity(Tokens& in) {
  auto validity = in.number32();
  if (!validity || *validity == 0 || !in.space()) return std::nullopt;
  return UidValidity{*validity};
}

bool hasTwice(std::vector<Uid> uids) {
  std::ranges::sort(uids);
  return std::ranges::adjacent_find(uids) != uids.end();
}

}  // namespace

std::optional<AppendUid> AppendUid::parse(const RespText& text, std::size_t most) {
  if (text.code != "APPENDUID") return std::nullopt;
  Tokens in(text.arguments);
  auto validity = readValidity(in);
  if (!validity) return std::nullopt;
  auto uids = readUids(in, most);
  if (!uids || !in.atEnd()) return std::nullopt;
  return AppendUid{*validity, std::move(*uids)};
}

std::optional<CopyUid> CopyUid::parse(const RespText& text, std::size_t most) {
  if (text.code != "COPYUID") return std::nullopt;
  Tokens in(text.arguments);
  auto validity = readValidity(in);
  if (!validity) return std::nullopt;
  auto from = readUids(in, most);
  if (!from || !in.space()) return std::nullopt;
  auto to = readUids(in, most);
  if (!to || !in.atEnd() || from->size() != to->size() || hasTwice(*from) || hasTwice(*to))
    return std::nullopt;
  return CopyUid{*validity, std::move(*from), std::move(*to)};
}

std::optional<StatusResponse> StatusResponse::parse(std::string_view text) {
  auto blank = std::min(text.find(' '), text.size());
  for (auto [condition, word] : kConditions)
    if (equalIgnoringCase(text.substr(0, blank), word))
      return StatusResponse{condition, RespText::parse(text.substr(std::min(blank + 1, text.size())))};
  return std::nullopt;
}

std::string StatusResponse::words() const {
  for (auto [candidate, word] : kConditions)
    if (candidate == condition) return std::string(word) + (what.text.empty() ? "" : " ") + what.text;
  return what.text;
}

}  // namespace interimap
