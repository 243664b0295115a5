// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What net says of a list of mailboxes whose subscriptions the server does not tell.
#pragma once

namespace interimap::answer {

// The response code of the OK of such a List, with the server's words. No server's code has a blank.
inline constexpr const char* kSubscriptionsUnknown = "SUBSCRIPTIONS UNKNOWN";

}  // namespace interimap::answer
