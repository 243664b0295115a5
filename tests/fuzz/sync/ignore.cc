// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// ignore-mailbox is the user's, the name is a server's.
#include "sync/mailboxes/ignore.h"

#include "ipc/failure.h"
#include "tests/fuzz/target.h"

using namespace interimap;

FUZZ(ignore) {
  std::string pattern(fuzz::takeLine(octets));
  auto name = MailboxName::of(std::string(octets));
  try {
    Ignore ignore(pattern);
    if (name) ignore.matches(*name);
  } catch (const Failure& failure) {
    fuzz::require(failure.status == ExitStatus::config, "a bad pattern is a bad configuration");
  }
}
