// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SCRAM with a channel binding: what a server may say to it.
#include "tests/fuzz/net/sasl_talk.h"
#include "transport/scram.h"

using namespace interimap;

FUZZ(sasl_scram_sha256_plus) {
  fuzz::talk(sasl::makeScram(sasl::Digest::sha256, sasl::BindingFlag::bound, {"tls-exporter", "12345"},
                             fuzz::saslCredentials(), "rOprNGfwEbeRWgbNEkqO"),
             octets);
}
