// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/run_settings.h"

#include <unistd.h>

#include <utility>

#include "launch/config/account.h"
#include "launch/config/ancestor.h"
#include "launch/config/paths.h"
#include "launch/run/own_directory.h"
#include "launch/run/stop_at_write.h"

namespace interimap {

namespace {

settings::Errand errand(const Arguments& arguments) {
  switch (arguments.command) {
    case Command::repair: return settings::Errand::repair;
    case Command::remove: return settings::Errand::remove;
    case Command::rename: return settings::Errand::rename;
    case Command::status: return settings::Errand::status;
    case Command::check: return settings::Errand::check;
    case Command::adopt:
    case Command::synchronise: break;
  }
  if (arguments.notify) return settings::Errand::notify;
  return arguments.watch ? settings::Errand::watch : settings::Errand::synchronise;
}

// The ancestor's database is used where it is.
std::string databasePath(const std::string& name, bool ofAncestor) {
  std::string old = baseDirectory(kDataHome) + "/" + ancestor::kProgram + "/" + name;
  bool there = ofAncestor && !name.starts_with('/') && access(old.c_str(), F_OK) == 0;
  return resolvePath(kDataHome, there ? ancestor::kProgram : "interimap", name);
}

settings::Sync syncSettings(const Arguments& arguments, Configuration& configuration, bool ofAncestor) {
  settings::Sync sync = std::move(configuration.sync);
  SplitPath database = splitPath(databasePath(configuration.database, ofAncestor));
  if (arguments.command == Command::check && !isDirectory(database.directory)) {
    database = {"", database.directory + "/" + database.name};  // nothing is made for it
  } else {
    requireDirectory(database.directory);
    database = ownDirectory(database, !arguments.dryRun && arguments.command != Command::status &&
                                          arguments.command != Command::check);
  }
  sync.databaseDirectory = database.directory;
  sync.databaseName = database.name;
  sync.errand = errand(arguments);
  sync.interval = arguments.watch.value_or(0);
  sync.onLocal = arguments.onLocal;
  sync.onRemote = arguments.onRemote;
  sync.inDatabase = arguments.inDatabase;
  sync.dryRun = arguments.dryRun;
  sync.tellsMailboxes = arguments.progress == ShowProgress::mailboxes;
  sync.forceDeletions = arguments.forceDeletions;
  sync.adopt = arguments.command == Command::adopt;
  sync.byMessageId = arguments.adoptByMessageId;
  sync.mailboxes = arguments.mailboxes;
  sync.of.local.name = accountName(configuration.local.net);
  sync.of.remote.name = accountName(configuration.remote.net);
  setStopAtWrite(sync);
  return sync;
}

}  // namespace

SplitPath databasePlace(const std::string& name, bool ofAncestor) {
  return ownDirectory(splitPath(databasePath(name, ofAncestor)), false);
}

RunSettings runSettings(const Arguments& arguments, Configuration& configuration, bool ofAncestor) {
  RunSettings run;
  run.workers = workerDirectory();
  run.sync = syncSettings(arguments, configuration, ofAncestor);
  for (settings::Net* net : {&configuration.local.net, &configuration.remote.net}) {
    net->debug = arguments.debug;
    if (arguments.debug > 0) net->nullStderr = false;
    net->keepAlive = arguments.watch.has_value();
    net->check = arguments.command == Command::check;
  }
  run.local = std::move(configuration.local.net);
  run.remote = std::move(configuration.remote.net);
  return run;
}

}  // namespace interimap
