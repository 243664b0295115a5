// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SEARCH and ESEARCH: the messages that match (RFC 3501 section 7.2.5, RFC 4731 section 3.1). Only ever asked
// for as UID SEARCH.
#pragma once

#include <optional>

#include "ipc/uid_set.h"
#include "net/wire/tokens.h"

namespace interimap {

struct SearchResponse {
  UidSet uids;  // whatever the server says

  // "SEARCH" *(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"]   ; RFC 7162 section 7
  // `in` stands behind "SEARCH".
  static std::optional<SearchResponse> parse(Tokens& in);
  // esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)   ; RFC 4466
  // Without "UID" it names message numbers, and is refused. `in` stands behind "ESEARCH".
  static std::optional<SearchResponse> parseExtended(Tokens& in);
};

}  // namespace interimap
