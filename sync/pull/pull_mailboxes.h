// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The mailboxes that are pulled from: those that are named, and those that match patterns, which is asked of
// the server anew for each round.
#pragma once

#include <string>
#include <vector>

#include "ipc/imap.h"
#include "ipc/launch.h"
#include "sync/peers/server.h"

namespace interimap {

struct PullMailboxes {
  std::vector<WireName>
      names;  // each once, in the order of the settings; of a pattern, INBOX and then by name
  std::vector<std::string> unmatched;  // patterns without any
  std::string refusal;                 // the server's words, where it did not answer: then names lacks some
};

// As the user may have written it.
std::string shownPattern(const std::string& pattern);

bool hasPatterns(const settings::Pull& settings);

// Not those of \All, \Flagged and \Important, which show messages of others; nor the one that delivered
// messages are moved to. Where the server is lost meanwhile, and that is bearable: those that are named.
// Throws Failure.
PullMailboxes listMailboxes(const settings::Pull& settings, Server& server, Exchange& exchange);

// The first that has a name of its own: what an imported state is about.
WireName firstMailbox(const settings::Pull& settings);

}  // namespace interimap
