// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// An untagged response, as one of the nouns we know (RFC 3501 section 7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "net/response/capability.h"
#include "net/response/fetch_response.h"
#include "net/response/list_response.h"
#include "net/response/namespace_response.h"
#include "net/response/quota_response.h"
#include "net/response/resp_text.h"
#include "net/response/search_response.h"
#include "net/response/status_data.h"
#include "net/response/vanished.h"

namespace interimap {

struct Exists {
  std::uint32_t messages = 0;
};
struct Enabled {
  Capabilities what;
};
// A message is gone, and those behind it have moved up (RFC 3501 section 7.4.1). Only without QRESYNC.
struct Expunged {
  std::uint32_t message = 0;  // its number
};
struct Ignored {};  // not ours to know: RECENT, …

using Untagged =
    std::variant<Ignored, StatusResponse, Capabilities, Enabled, ListResponse, StatusData, Exists, Expunged,
                 FetchResponse, SearchResponse, Vanished, NamespaceResponse, QuotaResponse, IdResponse>;

// A response that begins with "* ". Nothing if it is a malformed one of a kind we know; `kind` says which.
struct ParsedUntagged {
  std::optional<Untagged> what;
  std::string kind;
};
ParsedUntagged parseUntagged(const Response& response);

}  // namespace interimap
