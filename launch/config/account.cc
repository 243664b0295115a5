// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/account.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "ipc/failure.h"
#include "launch/config/password.h"
#include "launch/config/port.h"
#include "launch/config/tls_keys.h"

namespace interimap {

namespace {

// Octets. Larger than any server we know of lets anyone append, small enough for the memory of most machines.
constexpr std::uint64_t kMaxMessageSize = 512ULL << 20;

bool isType(std::string_view value) { return value == "imap" || value == "imaps" || value == "tunnel"; }

bool isOctets(std::string_view value) { return octets(value).has_value(); }

// What net can do.
constexpr std::string_view kMechanisms[] = {
    "PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"};
bool isMechanism(std::string_view value) {
  std::string name = upperCase(std::string(value));
  return std::find(std::begin(kMechanisms), std::end(kMechanisms), name) != std::end(kMechanisms);
}
bool areMechanisms(std::string_view value) { return areItems(value, isMechanism); }

constexpr const char *kPort = "1 to 65535, or the name of a service",
                     *kWhich = "PLAIN, LOGIN, SCRAM-SHA-1, SCRAM-SHA-256 or the latter two with -PLUS";

constexpr Key kKeys[] = {
    {"type", isType},
    {"host", isText},
    {"port", isPort, false, kPort},
    {"proxy", isText, true},  // may name a password
    {"command", isText},
    {"null-stderr", isYesNo},
    {"STARTTLS", isYesNo},
    {"auth", areMechanisms, false, kWhich},
    {"compress", isYesNo},
    {"max-message-size", isOctets},
    {"user", isText},
};

bool talksTls(const settings::Net& net) {
  return net.transport == settings::Transport::imaps ||
         (net.transport == settings::Transport::imap && net.startTls);
}

}  // namespace

const std::span<const Key> kAccountKeys(kKeys);

settings::Net readAccount(const Keys& keys, settings::Compress compressByDefault) {
  using settings::Compress, settings::Transport;
  settings::Net net;
  std::string type = keys.get("type", "imaps");
  net.transport = type == "imap" ? Transport::imap : type == "imaps" ? Transport::imaps : Transport::tunnel;
  net.host = keys.get("host", "localhost");
  net.port = keys.get("port", net.transport == Transport::imap ? "143" : "993");
  net.proxy = keys.get("proxy", "");
  net.command = keys.get("command", "");
  if (net.transport == Transport::tunnel && net.command.empty()) keys.refuse("Missing tunnel command");
  net.nullStderr = keys.yes("null-stderr", false);
  net.startTls = keys.yes("STARTTLS", true);
  net.compress = compressByDefault;
  if (keys.has("compress")) net.compress = keys.yes("compress", false) ? Compress::yes : Compress::no;
  net.tls = readTls(keys, "", talksTls(net));
  net.auth = splitAtBlanks(upperCase(keys.get("auth", "")));
  net.username = keys.get("username", "");
  net.password = configuredPassword(keys);
  net.maxMessageSize = octets(keys.get("max-message-size", "")).value_or(kMaxMessageSize);
  net.user = keys.get("user", "nobody");
  return net;
}

void requireLogin(const settings::Net& net, const std::string& file, const std::string& section) {
  if (!talksTls(net)) return;
  for (auto [key, missing] :
       {std::pair("username", net.username.empty()), std::pair("password", net.password.empty())})
    if (missing) throw Failure(ExitStatus::config, file + ": [" + section + "]: Missing option " + key);
}

settings::Net copyOf(const settings::Net& net) {
  settings::Net copy;
  copy.transport = net.transport;
  copy.host = net.host;
  copy.port = net.port;
  copy.proxy = net.proxy;
  copy.command = net.command;
  copy.nullStderr = net.nullStderr;
  copy.startTls = net.startTls;
  copy.compress = net.compress;
  copy.tls = net.tls;
  copy.auth = net.auth;
  copy.username = net.username;
  copy.password = Secret(std::string(net.password.reveal()));
  copy.keepAlive = net.keepAlive;
  copy.maxMessageSize = net.maxMessageSize;
  copy.debug = net.debug;
  copy.user = net.user;
  return copy;
}

std::string accountName(const settings::Net& net) {
  if (net.transport == settings::Transport::tunnel) return "tunnel:" + net.command;
  return net.username + "@" + net.host;
}

}  // namespace interimap
