// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_addressees.h"

#include <algorithm>
#include <utility>

#include "ipc/ascii.h"
#include "ipc/delivery.h"
#include "ipc/failure.h"

namespace interimap {

bool matchesAddress(std::string_view pattern, std::string_view address) {
  std::size_t p = 0, a = 0, star = pattern.npos, after = 0;  // where to go on if what follows does not fit
  while (a < address.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after = a;
    } else if (p < pattern.size() && asciiUpper(pattern[p]) == asciiUpper(address[a])) {
      ++p;
      ++a;
    } else if (star != pattern.npos) {
      p = star + 1;
      a = ++after;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

namespace {

// To a server that relays for us eve%example.net@example.org may be eve@example.net. Wary of the same is
// Exim's default access control; and "-", which a program may take for an option.
bool isRisky(std::string_view localPart) {
  if (localPart.starts_with('"')) localPart.remove_prefix(1);
  return localPart.starts_with('.') || localPart.starts_with('-') ||
         localPart.find_first_of("@%!/|\\") != localPart.npos;
}

// Who is named in another case as well gets it once: allowed is in any case, too.
void addOnce(PullAddressees::Recipients& to, const ForwardPath& path) {
  auto isSame = [text = asciiUpper(path.text())](const ForwardPath& other) {
    return asciiUpper(other.text()) == text;
  };
  if (std::ranges::none_of(to, isSame)) to.push_back(path);
}

}  // namespace

PullAddressees::PullAddressees(const settings::Pull& settings) : settings_(settings) {
  for (const std::string& text : settings.forwardPaths)
    if (!ForwardPath::parse(text)) throw Failure(ExitStatus::config, "\"" + text + "\" is no recipient");
  if (settings.deliver &&
      ((settings.forwardPaths.empty() && !byHeader()) || settings.forwardPaths.size() > kMostForwardPaths))
    throw Failure(ExitStatus::config,
                  "there have to be between 1 and " + std::to_string(kMostForwardPaths) + " recipients");
  if (fields().size() > kMostFields) throw Failure(ExitStatus::config, "too many header fields");
}

std::string PullAddressees::whyNone(const WireName& mailbox) const {
  for (const std::string& text : settings_.forwardPaths)
    if (!ForwardPath::ofMailbox(text, mailbox.bytes))
      return "The mailbox's name cannot stand in an address. See deliver-rcpt = " + text;
  return {};
}

const PullAddressees::Recipients& PullAddressees::configured(const WireName& mailbox) {
  auto known = configured_.find(mailbox);
  if (known != configured_.end()) return known->second;
  Recipients recipients;
  for (const std::string& text : settings_.forwardPaths) {
    auto path = ForwardPath::ofMailbox(text, mailbox.bytes);
    if (path && std::ranges::find(recipients, *path) == recipients.end())
      recipients.push_back(std::move(*path));
  }
  return configured_.emplace(mailbox, std::move(recipients)).first->second;
}

bool PullAddressees::isAllowed(const ForwardPath& path) const {
  const bool literally = isRisky(path.localPart());
  return std::ranges::any_of(settings_.rcptAllow, [&](const std::string& pattern) {
    return matchesAddress(pattern, path.text()) && !(literally && pattern.find('*') != pattern.npos);
  });
}

PullAddressees::Whom PullAddressees::of(const WireName& mailbox, const std::vector<Recipients>& named) {
  Recipients strangers;
  for (const Recipients& those : named) {
    Whom whom{.recipients = {}, .leftOut = {}, .byHeader = true};
    for (const ForwardPath& path : those) addOnce(isAllowed(path) ? whom.recipients : whom.leftOut, path);
    if (!whom.recipients.empty()) return whom;
    for (const ForwardPath& path : whom.leftOut) addOnce(strangers, path);
  }
  return {configured(mailbox), std::move(strangers)};
}

}  // namespace interimap
