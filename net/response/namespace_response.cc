// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/namespace_response.h"

#include "net/wire/limits.h"

namespace interimap {

std::optional<NamespaceResponse> NamespaceResponse::parse(Tokens& in) {
  NamespaceResponse response;
  if (in.word("NIL")) return response;
  if (!in.take('(') || !in.take('(')) return std::nullopt;
  auto prefix = in.string();
  if (!prefix || prefix->size() > limits::kLongestName || !in.space()) return std::nullopt;
  if (in.word("NIL")) return response;  // no levels: nothing is below anything
  auto delimiter = in.string();
  if (!delimiter || delimiter->size() > 1) return std::nullopt;
  if (!delimiter->empty() && prefix->ends_with(*delimiter)) response.personal = std::move(*prefix);
  return response;
}

}  // namespace interimap
