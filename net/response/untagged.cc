// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/untagged.h"

#include <utility>

#include "ipc/ascii.h"

namespace interimap {

namespace {

template <typename Noun>
std::optional<Untagged> perhaps(std::optional<Noun> noun) {
  if (!noun) return std::nullopt;
  return Untagged(std::move(*noun));
}

template <typename Noun>
std::optional<Untagged> read(Tokens& in) {
  if (!in.space()) return std::nullopt;
  return perhaps(Noun::parse(in));
}

std::optional<Untagged> readSubscription(Tokens& in) {
  if (!in.space()) return std::nullopt;
  auto list = ListResponse::parse(in);
  if (list) list->subscription = true;
  return perhaps(std::move(list));
}

std::optional<Untagged> readNumbered(Tokens& in, const std::string& kind, std::uint64_t number) {
  if (kind == "FETCH") return read<FetchResponse>(in);
  bool fits = number <= 0xffffffffU;
  auto n = static_cast<std::uint32_t>(number);
  if (kind == "EXISTS") return fits ? std::optional<Untagged>(Exists{n}) : std::nullopt;
  if (kind == "EXPUNGE") return fits && n > 0 ? std::optional<Untagged>(Expunged{n}) : std::nullopt;
  return Ignored{};
}

std::optional<Untagged> readNamed(Tokens& in, const std::string& kind) {
  if (kind == "CAPABILITY") return Capabilities::parse(in.rest());
  if (kind == "ENABLED") return Enabled{Capabilities::parse(in.rest())};
  if (kind == "LIST") return read<ListResponse>(in);
  if (kind == "LSUB") return readSubscription(in);
  if (kind == "STATUS") return read<StatusData>(in);
  if (kind == "NAMESPACE") return read<NamespaceResponse>(in);
  if (kind == "QUOTA") return read<QuotaResponse>(in);
  if (kind == "ID") return read<IdResponse>(in);
  if (kind == "SEARCH") return perhaps(SearchResponse::parse(in));
  // RFC 4731, and the only form that IMAP4rev2 knows (RFC 9051 section 7.3.4).
  if (kind == "ESEARCH") return perhaps(SearchResponse::parseExtended(in));
  if (kind == "VANISHED") return read<Vanished>(in);
  return Ignored{};
}

}  // namespace

ParsedUntagged parseUntagged(const Response& response) {
  constexpr std::string_view kStar = "* ";
  std::string_view text = response.text;
  // Their text is free: it is no tokens.
  if (auto status = StatusResponse::parse(text.substr(kStar.size()))) return {std::move(*status), "status"};
  Tokens in(response);
  in.take('*');
  in.space();
  // message-data and EXISTS, RECENT begin with a number, everything else with its name (RFC 3501 section 9).
  if (in.peek() < '0' || in.peek() > '9') {
    std::string kind = asciiUpper(in.atom());
    return {readNamed(in, kind), kind};
  }
  auto number = in.number();
  if (!number || !in.space()) return {std::nullopt, "numbered response"};
  std::string kind = asciiUpper(in.atom());
  return {readNumbered(in, kind, *number), kind};
}

}  // namespace interimap
