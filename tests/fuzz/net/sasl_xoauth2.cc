// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// XOAUTH2: what a server may say to it.
#include "tests/fuzz/net/sasl_talk.h"
#include "transport/bearer.h"

using namespace interimap;

FUZZ(sasl_xoauth2) { fuzz::talk(sasl::makeXoauth2(fuzz::saslCredentials()), octets); }
