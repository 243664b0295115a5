// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// NAMESPACE: where the user's own mailboxes are (RFC 2342 section 5).
#pragma once

#include <optional>
#include <string>

#include "net/wire/tokens.h"

namespace interimap {

struct NamespaceResponse {
  std::string personal;  // the prefix of the first personal namespace, "INBOX."

  // "NAMESPACE" SP namespace SP namespace SP namespace; `in` stands behind "NAMESPACE ". Only the first of
  // the first matters: the default one. namespace = nil / "(" 1*( "(" string SP (DQUOTE QUOTED-CHAR DQUOTE /
  // nil) *ext ")" ) ")"
  static std::optional<NamespaceResponse> parse(Tokens& in);
};

}  // namespace interimap
