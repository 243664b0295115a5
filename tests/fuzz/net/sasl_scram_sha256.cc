// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SCRAM: what a server may say to it.
#include "tests/fuzz/net/sasl_talk.h"
#include "transport/scram.h"

using namespace interimap;

FUZZ(sasl_scram_sha256) {
  fuzz::talk(sasl::makeScram(sasl::Digest::sha256, sasl::BindingFlag::none, {}, fuzz::saslCredentials(),
                             "rOprNGfwEbeRWgbNEkqO"),
             octets);
}
