// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/tunnel.h"

#include "ipc/failure.h"
#include "tests/fuzz/target.h"

using namespace interimap;

FUZZ(tunnel) {
  try {
    auto command = TunnelCommand::parse(std::string(octets));
    fuzz::require(!command.arguments.empty(), "a command has a program");
  } catch (const Failure&) {
  }
}
