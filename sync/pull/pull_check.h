// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// --check of pullimap: what the state and the IMAP server have to say about a run to come. Nothing is
// written, and no mailbox is selected.
#pragma once

#include <string>
#include <vector>

#include "ipc/checked.h"
#include "store/pull_state.h"
#include "sync/peers/exchange.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

class PullCheck {
 public:
  // `directory`: where that of the settings is found now.
  PullCheck(const settings::Pull& settings, std::string directory, Server& server, Exchange& exchange,
            Reporter& launch, Log& log);

  // The status that a run would end with, as far as that can be told.
  ExitStatus run();

 private:
  void passed(const std::string& mailbox, const char* step, std::string text,
              std::vector<Finding::Fact> facts = {});
  void lookAtState();
  void tellState();
  std::vector<std::string> mailboxes();
  void lookAt(const std::string& mailbox);
  void tellUses();
  bool await(const std::function<bool()>& ready);  // false: the server is lost before that

  const settings::Pull& settings_;
  std::string directory_, path_;
  Server& server_;
  Exchange& exchange_;
  Reporter& launch_;
  Log& log_;
  std::unique_ptr<store::PullState> state_;
};

// What is said of a state that was begun for another account; empty: it was not.
std::string whoseElse(const settings::Pull& settings, const store::PullState& state);

}  // namespace interimap
