// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/quota_response.h"

#include <utility>

#include "ipc/ascii.h"
#include "net/wire/limits.h"

namespace interimap {

namespace {

constexpr std::size_t kMostResources = 16, kMostPairs = 30;  // RFC 2971 section 3.3

}  // namespace

std::optional<QuotaResponse> QuotaResponse::parse(Tokens& in) {
  QuotaResponse response;
  if (!in.astring() || !in.space() || !in.take('(')) return std::nullopt;
  while (!in.take(')')) {
    if (!response.resources.empty() && !in.space()) return std::nullopt;
    std::string name = asciiUpper(in.atom());
    if (name.empty() || name.size() > limits::kExcerpt || !in.space()) return std::nullopt;
    auto usage = in.number();
    if (!usage || !in.space()) return std::nullopt;
    auto limit = in.number();
    if (!limit || response.resources.size() == kMostResources) return std::nullopt;
    response.resources.push_back({std::move(name), *usage, *limit});
  }
  return response;
}

std::string QuotaResponse::text() const {
  std::string text;
  for (const Resource& resource : resources)
    text += (text.empty() ? "" : ", ") + resource.name + " " + std::to_string(resource.usage) + " of " +
            std::to_string(resource.limit);
  return text;
}

std::optional<IdResponse> IdResponse::parse(Tokens& in) {
  IdResponse response;
  if (in.word("NIL")) return response;
  if (!in.take('(')) return std::nullopt;
  for (std::size_t pairs = 0; !in.take(')'); ++pairs) {
    if ((pairs > 0 && !in.space()) || pairs == kMostPairs) return std::nullopt;
    auto field = in.string();
    if (!field || !in.space()) return std::nullopt;
    if (in.word("NIL")) continue;
    auto value = in.string();
    if (!value) return std::nullopt;
    value->resize(std::min<std::size_t>(value->size(), limits::kExcerpt));
    if (asciiUpper(*field) == "NAME")
      response.name = std::move(*value);
    else if (asciiUpper(*field) == "VERSION")
      response.version = std::move(*value);
  }
  return response;
}

}  // namespace interimap
