// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/tls_keys.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

// Of the digests that a pin is likely to be made with; whether OpenSSL knows any other, net will tell.
constexpr struct {
  std::string_view name;
  std::size_t octets;
} kDigests[] = {{"md5", 16},    {"sha1", 20},   {"sha224", 28},   {"sha256", 32},
                {"sha384", 48}, {"sha512", 64}, {"sha3-256", 32}, {"sha3-512", 64}};

// What can be seen at once had better not wait for a connection.
void checkTrust(const settings::Tls& tls, const Keys& keys, const std::string& prefix) {
  auto refuse = [&](const char* name, const std::string& why) {
    keys.refuse(prefix + name, "Invalid option " + prefix + name + why);
  };
  auto readable = [&](const char* name, const std::string& path, bool directory) {
    if (path.empty()) return;
    struct stat status {};
    if (stat(path.c_str(), &status) != 0 || access(path.c_str(), R_OK) != 0)
      refuse(name, " = " + path + ": " + strerror(errno));
    if (directory != static_cast<bool>(S_ISDIR(status.st_mode)))
      refuse(name, " = " + path + (directory ? ": not a directory" : ": a directory, not a file"));
  };
  readable("SSL_CAfile", tls.caFile, false);
  readable("SSL_CApath", tls.caPath, true);
  for (const std::string& pin : tls.fingerprints) {
    auto dollar = pin.find('$');
    std::string name = pin.substr(0, dollar);
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    auto digits = pin.size() - dollar - 1;
    for (const auto& digest : kDigests)
      if (digest.name == name && digits != 2 * digest.octets)
        refuse("SSL_fingerprint", " = " + pin + ": " + name + " has " + std::to_string(2 * digest.octets) +
                                      " digits, this " + std::to_string(digits));
  }
}

}  // namespace

const std::span<const Key> kTlsKeys(kKeys);

settings::Tls readTls(const Keys& keys, const std::string& prefix, bool spoken) {
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
  if (spoken) checkTrust(tls, keys, prefix);
  return tls;
}

}  // namespace interimap
