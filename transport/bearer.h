// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Logging in with an access token of OAuth 2.0: OAUTHBEARER (RFC 7628), and XOAUTH2, from which it was made
// (developers.google.com/gmail/imap/xoauth2-protocol). All is said in one message. A server that refuses says
// why in a challenge of JSON, which is to be answered by as good as nothing before it ends the exchange.
#pragma once

#include <memory>

#include "transport/sasl.h"

namespace interimap::sasl {

inline constexpr std::size_t kMostReason = 1024;  // octets of JSON that are shown

// The password of `credentials` is the token. Throws Failure: noPermission for a token, config for a name,
// that holds what cannot be in one.
std::unique_ptr<Mechanism> makeOauthBearer(const Credentials& credentials);
std::unique_ptr<Mechanism> makeXoauth2(const Credentials& credentials);

}  // namespace interimap::sasl
