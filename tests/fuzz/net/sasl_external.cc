// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// EXTERNAL: what a server may say to it.
#include "tests/fuzz/net/sasl_talk.h"

using namespace interimap;

FUZZ(sasl_external) { fuzz::talk(sasl::choose({"EXTERNAL"}, {"EXTERNAL"}, fuzz::saslCredentials()), octets); }
