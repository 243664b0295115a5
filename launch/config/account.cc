// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/account.h"

#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "launch/config/known_keys.h"
#include "launch/config/password.h"
#include "launch/config/tls_trust.h"

namespace interimap {

namespace {

bool talksTls(const settings::Net& net) {
  return net.transport == settings::Transport::imaps ||
         (net.transport == settings::Transport::imap && net.startTls);
}

}  // namespace

void readAccount(const Keys& keys, settings::Net& net) {
  using settings::Transport;
  readKeys(keys, net);
  if (net.port.empty()) net.port = net.transport == Transport::imap ? "143" : "993";
  if (net.transport == Transport::tunnel && net.command.empty()) keys.refuse("Missing tunnel command");
  net.password = configuredPassword(keys);
  net.keyPassword = configuredPassword(keys, kOfKey);
  if (talksTls(net)) checkTrust(net.tls, keys);
  requireStrong(net.auth, net.least, keys);
}

void requireStrong(const std::vector<std::string>& auth, settings::Least least, const Keys& keys,
                   const std::string& prefix) {
  auto hides = [](const std::string& name) { return name.starts_with("SCRAM-") || name == "EXTERNAL"; };
  if (least == settings::Least::scram && !auth.empty() && std::ranges::none_of(auth, hides))
    keys.refuse(prefix + "auth-min = scram leaves none of the mechanisms of " + prefix + "auth");
}

void requireLogin(const settings::Net& net, const std::string& file, const std::string& section) {
  if (!talksTls(net)) return;
  bool shown = !net.tls.certificate.empty();  // which may do without a password
  for (auto [key, missing] :
       {std::pair("username", net.username.empty()), std::pair("password", net.password.empty() && !shown)})
    if (missing) throw Failure(ExitStatus::config, file + ": [" + section + "]: Missing option " + key);
}

bool takeToken(const std::vector<std::string>& auth) {
  return std::ranges::any_of(
      auth, [](const std::string& name) { return name == "OAUTHBEARER" || name == "XOAUTH2"; });
}

std::string accountName(const settings::Net& net) {
  if (net.transport == settings::Transport::tunnel) return "tunnel:" + net.command;
  return (net.authzid.empty() ? net.username : net.authzid) + "@" + net.host;
}

}  // namespace interimap
