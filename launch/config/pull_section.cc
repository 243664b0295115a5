// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/pull_section.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "ipc/delivery.h"
#include "ipc/failure.h"
#include "ipc/path.h"
#include "launch/config/account.h"
#include "launch/config/arguments.h"
#include "launch/config/destination.h"
#include "launch/config/list_patterns.h"
#include "launch/config/tls_keys.h"

namespace interimap {

namespace {

using Security = settings::Delivery::Security;

constexpr std::string_view kMethod = "smtp:[127.0.0.1]:25", kEhlo = "localhost.localdomain";
constexpr std::string_view kDeliver = "deliver-";
constexpr std::size_t kMostFieldName = 76, kMostFieldNames = 32;  // of deliver-drop

std::optional<std::uint32_t> days(std::string_view value) {
  std::uint32_t number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  return number;
}

std::optional<Security> security(std::string_view value) {
  if (value == "no") return Security::none;
  if (value == "starttls") return Security::startTls;
  if (value == "required") return Security::required;
  if (value == "implicit") return Security::implicit;
  return std::nullopt;
}

bool isMethod(std::string_view value) { return Destination::parse(value).has_value(); }
bool isSecurity(std::string_view value) { return security(value).has_value(); }
bool areMailboxes(std::string_view value) { return parseMailboxes(value).has_value(); }
bool isSender(std::string_view value) { return parseSender(value).has_value(); }
bool areFieldNames(std::string_view value) { return parseFieldNames(value).has_value(); }
bool areForwardPaths(std::string_view value) { return parseForwardPaths(value).has_value(); }
bool areDays(std::string_view value) { return value.empty() || days(value).has_value(); }

// One word of an SMTP command line.
bool isEhlo(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7F; });
}

constexpr Key kKeys[] = {
    {"statefile", isText},     {"mailbox", areMailboxes},         {"deliver-method", isMethod},
    {"deliver-ehlo", isEhlo},  {"deliver-rcpt", areForwardPaths}, {"deliver-tls", isSecurity},
    {"purge-after", areDays},  {"deliver-sender", isSender},      {"deliver-drop", areFieldNames},
    {"deliver-seen", isYesNo},
};

// The login name of who runs this, as a recipient of the server's own.
std::string ownName() {
  const passwd* entry = getpwuid(geteuid());
  return entry ? entry->pw_name : "";
}

settings::Delivery readDelivery(const Keys& keys) {
  settings::Delivery delivery;
  auto destination = Destination::parse(keys.get("deliver-method", kMethod));
  delivery.lmtp = destination->lmtp;
  delivery.host = std::move(destination->host);
  delivery.port = std::move(destination->port);
  delivery.ehlo = keys.get("deliver-ehlo", kEhlo);
  delivery.security = *security(keys.get("deliver-tls", "no"));
  delivery.tls = readTls(keys, std::string(kDeliver), delivery.security != Security::none);
  delivery.username = keys.get("deliver-username", "");
  delivery.password = configuredPassword(keys, std::string(kDeliver));
  delivery.drop = *parseFieldNames(keys.get("deliver-drop", ""));
  delivery.user = keys.get("user", "nobody");
  if (delivery.username.empty() &&
      keys.oneOf({"deliver-password", "deliver-password-file", "deliver-password-command"}))
    keys.refuse("Missing option deliver-username");
  if (!delivery.username.empty() && delivery.security == Security::none)
    keys.refuse("deliver-username",
                "deliver-username needs deliver-tls: a password is not sent in the clear");
  return delivery;
}

// No two of them are equal, and their order stays.
void removeRepeated(std::vector<std::string>& items) {
  std::vector<std::string> seen;
  std::erase_if(items, [&](const std::string& item) {
    if (std::ranges::find(seen, item) != seen.end()) return true;
    seen.push_back(item);
    return false;
  });
}

}  // namespace

std::optional<std::vector<std::string>> parseMailboxes(std::string_view value) {
  std::vector<std::string> names{std::string(value)};
  if (value.starts_with('"')) {
    auto patterns = parsePatterns(value);
    if (!patterns) return std::nullopt;
    names = std::move(*patterns);
  }
  for (std::string& name : names) {
    auto wire = mailboxArgument(name);
    if (!wire || !isWireText(*wire)) return std::nullopt;
    name = std::move(*wire);
  }
  removeRepeated(names);
  return names;
}

std::optional<std::vector<std::string>> parseForwardPaths(std::string_view value) {
  std::vector<std::string> paths(1);
  bool quoted = false;
  for (std::size_t at = 0; at < value.size(); ++at) {
    char c = value[at];
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ' ' || c == '\t' || c == ',')) {
      if (!paths.back().empty()) paths.emplace_back();
      continue;
    }
    paths.back() += c;
    if (quoted && c == '\\' && at + 1 < value.size()) paths.back() += value[++at];
  }
  if (paths.back().empty()) paths.pop_back();
  if (!std::ranges::all_of(paths, [](const auto& path) { return ForwardPath::parse(path).has_value(); }))
    return std::nullopt;
  removeRepeated(paths);
  if (paths.empty() || paths.size() > kMostForwardPaths) return std::nullopt;
  return paths;
}

std::optional<std::string> parseSender(std::string_view value) {
  if (value.empty()) return std::nullopt;
  if (value.starts_with('<') && value.ends_with('>')) value = value.substr(1, value.size() - 2);
  auto path = ReversePath::parse(value);
  if (!path) return std::nullopt;
  return path->text();
}

std::optional<std::vector<std::string>> parseFieldNames(std::string_view value) {
  std::vector<std::string> names;
  auto isBetween = [](char c) { return c == ' ' || c == '\t' || c == ','; };
  // field-name = 1*ftext; RFC 5322 section 3.6.8
  auto isFtext = [](char c) { return c > ' ' && c < 0x7F && c != ':'; };
  for (std::size_t at = 0; at < value.size();) {
    if (isBetween(value[at])) {
      ++at;
      continue;
    }
    auto end = std::find_if(value.begin() + static_cast<std::ptrdiff_t>(at), value.end(), isBetween);
    std::string name(value.begin() + static_cast<std::ptrdiff_t>(at), end);
    at += name.size();
    if (name.ends_with(':')) name.pop_back();
    if (name.empty() || name.size() > kMostFieldName || !std::ranges::all_of(name, isFtext))
      return std::nullopt;
    names.push_back(std::move(name));
  }
  removeRepeated(names);
  if (names.size() > kMostFieldNames) return std::nullopt;
  return names;
}

std::vector<std::string> sectionNames(const Ini& ini) {
  std::vector<std::string> names;
  for (const auto& [name, section] : ini.sections)
    if (name != Ini::kDefault) names.push_back(name);
  return names;
}

PullSection PullSection::parse(const Ini& ini, const std::string& name, const std::string& file) {
  const KeyTable tables[] = {{kAccountKeys}, {kLoginKeys},           {kTlsKeys},          {kLogKeys},
                             {kKeys},        {kLoginKeys, kDeliver}, {kTlsKeys, kDeliver}};
  Keys keys(ini, name, tables, file);
  PullSection section;
  section.name = name;
  section.net = readAccount(keys, settings::Compress::ifItPays);
  section.password = PasswordSource::of(keys);
  section.delivery = readDelivery(keys);
  section.deliverPassword = PasswordSource::of(keys, std::string(kDeliver));
  section.statefile = keys.get("statefile", name);
  section.mailboxes = *parseMailboxes(keys.get("mailbox", "INBOX"));
  auto paths = parseForwardPaths(keys.get("deliver-rcpt", ownName()));
  if (!paths) keys.refuse("deliver-rcpt is missing, and the name of this user is no recipient");
  section.forwardPaths = std::move(*paths);
  section.purgeAfter = days(keys.get("purge-after", ""));
  section.seen = keys.yes("deliver-seen", true);
  if (auto sender = keys.get("deliver-sender", ""); !sender.empty()) section.sender = parseSender(sender);
  section.log = LogKeys::read(keys);
  return section;
}

}  // namespace interimap
