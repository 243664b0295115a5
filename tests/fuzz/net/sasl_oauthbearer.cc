// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// OAUTHBEARER: what a server may say to it.
#include "tests/fuzz/net/sasl_talk.h"
#include "transport/bearer.h"

using namespace interimap;

FUZZ(sasl_oauthbearer) { fuzz::talk(sasl::makeOauthBearer(fuzz::saslCredentials()), octets); }
