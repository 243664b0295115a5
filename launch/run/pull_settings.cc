// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/pull_settings.h"

#include <algorithm>
#include <utility>

#include "ipc/path.h"
#include "launch/config/account.h"
#include "launch/config/paths.h"
#include "launch/config/pull_values.h"
#include "launch/run/own_directory.h"
#include "launch/run/stop_at_write.h"

namespace interimap {

namespace {

settings::Pull::Errand errand(const PullArguments& arguments) {
  if (arguments.exportStatefile) return settings::Pull::Errand::exportState;
  if (arguments.status) return settings::Pull::Errand::status;
  if (arguments.check) return settings::Pull::Errand::check;
  return arguments.idle ? settings::Pull::Errand::idle : settings::Pull::Errand::once;
}

settings::Pull syncSettings(const PullArguments& arguments, PullSection& section) {
  settings::Pull sync = std::move(section.sync);
  SplitPath state = splitPath(resolvePath(kDataHome, "pullimap", section.statefile));
  const bool looks = arguments.exportStatefile || arguments.status || arguments.check;
  if (arguments.check && !isDirectory(state.directory)) {
    state = {"", state.directory + "/" + state.name};  // nothing is made for it
  } else {
    requireDirectory(state.directory);
    state = ownDirectory(state, !looks);
  }
  sync.stateDirectory = state.directory;
  sync.stateName = state.name;
  sync.createState = !arguments.idle && !looks;
  sync.errand = errand(arguments);
  sync.interval = arguments.idle.value_or(0);
  sync.deliver = arguments.deliver;
  sync.retryRefused = arguments.retryRefused;
  sync.forgetRefused = arguments.forgetRefused;
  sync.account = accountName(section.net);
  setStopAtWrite(sync);
  return sync;
}

// Which mailboxes a pattern matches only the server knows.
std::vector<std::string> askedFor(const settings::Pull& pull) {
  std::vector<std::string> all;
  for (const std::string& text : pull.forwardPaths)
    for (const std::string& mailbox : pull.mailboxes) {
      if (isMailboxPattern(mailbox) && ForwardPath::namesMailbox(text)) continue;
      auto path = ForwardPath::ofMailbox(text, mailbox);
      if (path && std::ranges::find(all, path->text()) == all.end()) all.push_back(path->text());
    }
  return all;
}

}  // namespace

PullSettings pullSettings(const PullArguments& arguments, PullSection& section) {
  PullSettings pull;
  pull.workers = workerDirectory();
  pull.sync = syncSettings(arguments, section);
  pull.net = std::move(section.net);
  pull.net.debug = arguments.debug;
  if (arguments.debug > 0) pull.net.nullStderr = false;
  pull.net.keepAlive = arguments.idle.has_value();
  pull.delivery = std::move(section.delivery);
  pull.delivery.debug = arguments.debug;
  pull.net.check = pull.delivery.check = arguments.check;
  if (arguments.check) {
    pull.delivery.askedFor = askedFor(pull.sync);
    pull.delivery.askedFrom = pull.sync.sender.value_or("");
  }
  return pull;
}

}  // namespace interimap
