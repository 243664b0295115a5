// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// PLAIN: what a server may say to it.
#include "tests/fuzz/net/sasl_talk.h"

using namespace interimap;

FUZZ(sasl_plain) { fuzz::talk(sasl::choose({"PLAIN"}, {"PLAIN"}, fuzz::saslCredentials()), octets); }
