// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/tls_keys.h"

#include <algorithm>
#include <string_view>

namespace interimap {

namespace {

bool isProtocolVersion(std::string_view value) {
  for (std::string_view known : {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"})
    if (value == known) return true;
  return false;
}

bool isProtocol(std::string_view value) {
  if (value.starts_with('!')) value.remove_prefix(1);
  return value == "SSLv2" || value == "TLSv1.0" || isProtocolVersion(value);
}
bool areProtocols(std::string_view value) { return areItems(value, isProtocol); }

// [ALGO$]HEX
bool isFingerprint(std::string_view value) {
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  auto hex = [&](char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  auto alnum = [&](char c) { return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (auto dollar = value.find('$'); dollar != value.npos) {
    std::string_view algorithm = value.substr(0, dollar);
    if (algorithm.empty() || !std::ranges::all_of(algorithm, alnum)) return false;
    value.remove_prefix(dollar + 1);
  }
  return !value.empty() && std::ranges::all_of(value, hex);
}
bool areFingerprints(std::string_view value) { return areItems(value, isFingerprint); }

constexpr Key kKeys[] = {
    {"SSL_protocols", areProtocols},
    {"SSL_protocol_min", isText},
    {"SSL_protocol_max", isText},
    {"SSL_cipherlist", isText},
    {"SSL_ciphersuites", isTextOrEmpty},
    {"SSL_fingerprint", areFingerprints},
    {"SSL_verify", isYesNo},
    {"SSL_CAfile", isText},
    {"SSL_CApath", isText},
    {"SSL_hostname", isTextOrEmpty},
};

std::string protocolBound(const Keys& keys, std::string_view key) {
  std::string version = keys.get(key, "");
  if (!version.empty() && !isProtocolVersion(version))
    keys.refuse(key, "Unknown protocol version " + version);
  return version;
}

}  // namespace

const std::span<const Key> kTlsKeys(kKeys);

settings::Tls readTls(const Keys& keys, const std::string& prefix) {
  auto key = [&](const char* name) { return prefix + name; };
  settings::Tls tls;
  tls.verify = keys.yes(key("SSL_verify"), true);
  tls.caFile = keys.get(key("SSL_CAfile"), "");
  tls.caPath = keys.get(key("SSL_CApath"), "");
  for (const std::string& pin : splitAtBlanks(keys.get(key("SSL_fingerprint"), "")))
    tls.fingerprints.push_back(pin.find('$') == pin.npos ? "sha256$" + pin : pin);
  tls.hostname = keys.get(key("SSL_hostname"));
  tls.protocolMin = protocolBound(keys, key("SSL_protocol_min"));
  tls.protocolMax = protocolBound(keys, key("SSL_protocol_max"));
  tls.protocols = splitAtBlanks(keys.get(key("SSL_protocols"), ""));
  tls.cipherList = keys.get(key("SSL_cipherlist"), "");
  tls.cipherSuites = keys.get(key("SSL_ciphersuites"));
  return tls;
}

}  // namespace interimap
