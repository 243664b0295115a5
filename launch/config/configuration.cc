// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/configuration.h"

#include <algorithm>
#include <charconv>

#include "ipc/failure.h"
#include "launch/config/account.h"
#include "launch/config/key.h"
#include "launch/config/list_patterns.h"
#include "launch/config/log_keys.h"
#include "launch/config/tls_keys.h"

namespace interimap {

namespace {

bool areSelectionOptions(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return c == ' ' || isAtomCharacter(c); });
}

struct Deletions {
  std::uint64_t most;
  bool percent;
};

// "100", "25%" or "25 %".
std::optional<Deletions> deletions(std::string_view value) {
  Deletions limit{};
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), limit.most);
  value.remove_prefix(static_cast<std::size_t>(end - value.data()));
  if (error != std::errc()) return std::nullopt;
  limit.percent = value == "%" || value == " %";
  if (limit.percent ? limit.most > 100 : !value.empty()) return std::nullopt;
  return limit;
}
bool isDeletions(std::string_view value) { return deletions(value).has_value(); }

constexpr std::uint8_t kMostConnections = 8;  // of one account

bool isConnections(std::string_view value) {
  return value.size() == 1 && value[0] >= '1' && value[0] <= '0' + kMostConnections;
}
std::uint8_t connections(const Keys& keys) {
  return static_cast<std::uint8_t>(keys.get("connections", "1")[0] - '0');
}

constexpr Key kKeys[] = {
    {"database", isText},           {"list-reference", isWireTextOrEmpty},
    {"list-mailbox", isWireText},   {"list-select-opts", areSelectionOptions},
    {"ignore-mailbox", isWireText}, {"max-deletions", isDeletions},
    {"connections", isConnections},
};

}  // namespace

Configuration Configuration::parse(std::string_view text, const std::string& file) {
  return parse(Ini::parse(text, file), file);
}

Configuration Configuration::parse(const Ini& ini, const std::string& file) {
  const KeyTable tables[] = {{kAccountKeys}, {kLoginKeys}, {kTlsKeys}, {kLogKeys}, {kKeys}};
  Keys defaults(ini, Ini::kDefault, tables, file), local(ini, "local", tables, file),
      remote(ini, "remote", tables, file);

  Configuration all;
  all.local = {readAccount(local, settings::Compress::no), PasswordSource::of(local),
               local.get("list-reference", ""), connections(local)};
  all.remote = {readAccount(remote, settings::Compress::ifItPays), PasswordSource::of(remote),
                remote.get("list-reference", ""), connections(remote)};
  all.database = defaults.get("database", all.remote.net.host + ".db");
  LogKeys log = LogKeys::read(defaults);
  all.logfile = std::move(log.logfile);
  all.logPrefix = std::move(log.prefix);
  all.user = defaults.get("user", "nobody");
  if (auto value = defaults.get("list-mailbox")) {
    auto patterns = parsePatterns(*value);
    if (!patterns) defaults.refuse("list-mailbox", "Invalid value for list-mailbox: " + *value);
    all.patterns = std::move(*patterns);
  }
  all.selectionOptions = splitAtBlanks(upperCase(defaults.get("list-select-opts", "")));
  all.ignore = defaults.get("ignore-mailbox");
  if (auto limit = deletions(defaults.get("max-deletions", ""))) {
    all.maxDeletions = limit->most;
    all.maxDeletionsPercent = limit->percent;
  }
  return all;
}

}  // namespace interimap
