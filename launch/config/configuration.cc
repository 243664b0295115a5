// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/configuration.h"

#include "launch/config/account.h"
#include "launch/config/key.h"
#include "launch/config/known_keys.h"
#include "launch/config/mailbox_sections.h"
#include "launch/config/name_map_lines.h"

namespace interimap {

namespace {

// All of them may be in any section.
KnownKeys knownKeys() {
  KnownKeys all;
  addKeys<settings::Net>(all);
  addKeys<settings::Sync>(all);
  addKeys<Configuration>(all);
  all.push_back({std::string(Ini::kMap), isMapLine, false, "LOCAL <-> REMOTE"});
  addPasswordKeys(all);
  addPasswordKeys(all, kOfKey);
  return all;
}

}  // namespace

Configuration Configuration::parse(std::string_view text, const std::string& file) {
  return parse(Ini::parse(text, file), file);
}

Configuration Configuration::parse(const Ini& ini, const std::string& file) {
  const KnownKeys known = knownKeys();
  Keys defaults(ini, Ini::kDefault, known, file), local(ini, "local", known, file),
      remote(ini, "remote", known, file);

  Configuration all;
  all.remote.net.compress = settings::Compress::ifItPays;
  readAccount(local, all.local.net);
  all.local.password = PasswordSource::of(local);
  all.local.keyPassword = PasswordSource::of(local, kOfKey);
  readKeys(local, all.sync.of.local);
  readAccount(remote, all.remote.net);
  all.remote.password = PasswordSource::of(remote);
  all.remote.keyPassword = PasswordSource::of(remote, kOfKey);
  readKeys(remote, all.sync.of.remote);
  readKeys(defaults, all.sync);
  readKeys(defaults, all);
  all.sync.map = readMap(ini, file);
  all.sync.ofMailboxes = readMailboxSections(ini, file);
  if (all.database.empty()) all.database = all.remote.net.host + ".db";
  return all;
}

}  // namespace interimap
