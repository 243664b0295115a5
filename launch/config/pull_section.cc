// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/pull_section.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "ipc/ascii.h"
#include "ipc/failure.h"
#include "ipc/imap.h"
#include "launch/config/account.h"
#include "launch/config/known_keys.h"
#include "launch/config/pull_values.h"
#include "launch/config/tls_trust.h"

namespace interimap {

namespace {

using Security = settings::Delivery::Security;

const std::string kDeliver = "deliver-";

// The login name of who runs this, as a recipient of the server's own.
std::string ownName() {
  const passwd* entry = getpwuid(geteuid());
  return entry ? entry->pw_name : "";
}

KnownKeys knownKeys() {
  KnownKeys all;
  addKeys<settings::Net>(all);
  addKeys<settings::Pull>(all);
  addKeys<settings::Delivery>(all);
  addKeys<PullSection>(all);
  addPasswordKeys(all);
  addPasswordKeys(all, kDeliver);
  addPasswordKeys(all, kOfKey);
  addPasswordKeys(all, std::string(kDeliver) + kOfKey);
  return all;
}

void readDelivery(const Keys& keys, const Destination& destination, settings::Delivery& delivery) {
  readKeys(keys, delivery);
  delivery.lmtp = destination.lmtp;
  delivery.host = destination.host;
  delivery.port = destination.port;
  delivery.password = configuredPassword(keys, kDeliver);
  delivery.keyPassword = configuredPassword(keys, std::string(kDeliver) + kOfKey);
  if (delivery.security != Security::none) checkTrust(delivery.tls, keys, kDeliver);
  if (delivery.username.empty() &&
      keys.oneOf({"deliver-password", "deliver-password-file", "deliver-password-command"}))
    keys.refuse("Missing option deliver-username");
  if (!delivery.username.empty() && delivery.security == Security::none)
    keys.refuse("deliver-username",
                "deliver-username needs deliver-tls: a password is not sent in the clear");
  requireStrong(delivery.auth, delivery.least, keys, kDeliver);
}

// Whose a message is, where its header is to say that.
void readRecipients(const Keys& keys, settings::Pull& pull) {
  if (pull.rcptFrom.empty()) {
    if (!pull.rcptAllow.empty()) keys.refuse("rcpt-allow", "rcpt-allow says nothing without rcpt-from");
    return;
  }
  if (pull.rcptFrom.size() > kMostFields)
    keys.refuse("rcpt-from", "rcpt-from: more than " + std::to_string(kMostFields) + " header fields");
  if (pull.rcptAllow.empty())
    keys.refuse("rcpt-from", "rcpt-from needs rcpt-allow: anybody may write anything into a header");
  for (std::string& name : pull.rcptFrom) {
    name = asciiUpper(name);
    for (const char* shown : {"TO", "CC", "BCC", "FROM", "SENDER", "REPLY-TO", "RESENT-TO", "RESENT-CC"})
      if (name == shown)
        keys.refuse("rcpt-from", "rcpt-from: " + name +
                                     " is what the sender wrote, not whom the message was sent to: lists and "
                                     "blind copies would go astray");
  }
}

// What becomes of messages that are delivered, and when.
void readAfter(const Keys& keys, settings::Pull& pull) {
  if (pull.after.empty()) return;
  if (pull.after.front() == "keep") {
    if (pull.purgeAfter) keys.refuse("after", "after = keep contradicts purge-after");
    pull.after.clear();
    return;
  }
  if (pull.after.size() == 2 && std::ranges::find(pull.mailboxes, pull.after[1]) != pull.mailboxes.end())
    keys.refuse("after", "after: what is moved to " + pull.after[1] + " would be delivered from there again");
  if (!pull.purgeAfter) pull.purgeAfter = 0;
}

}  // namespace

std::vector<std::string> sectionNames(const Ini& ini) {
  std::vector<std::string> names;
  for (const auto& [name, section] : ini.sections)
    if (name != Ini::kDefault) names.push_back(name);
  return names;
}

PullSection PullSection::parse(const Ini& ini, const std::string& name, const std::string& file) {
  Keys keys(ini, name, knownKeys(), file);
  PullSection section;
  section.name = section.statefile = name;
  readKeys(keys, section);
  section.net.compress = settings::Compress::ifItPays;
  readAccount(keys, section.net);
  section.password = PasswordSource::of(keys);
  readDelivery(keys, section.destination, section.delivery);
  section.deliverPassword = PasswordSource::of(keys, kDeliver);
  section.keyPassword = PasswordSource::of(keys, kOfKey);
  section.deliverKeyPassword = PasswordSource::of(keys, std::string(kDeliver) + kOfKey);
  readKeys(keys, section.sync);
  readAfter(keys, section.sync);
  readRecipients(keys, section.sync);
  if (section.sync.forwardPaths.empty() && section.sync.rcptFrom.empty()) {
    auto own = parseForwardPaths(ownName());
    if (!own) keys.refuse("deliver-rcpt is missing, and the name of this user is no recipient");
    section.sync.forwardPaths = std::move(*own);
  }
  return section;
}

}  // namespace interimap
