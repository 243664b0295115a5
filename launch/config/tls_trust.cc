// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/tls_trust.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

namespace interimap {

namespace {

// Of the digests that a pin is likely to be made with; whether OpenSSL knows any other, net will tell.
constexpr struct {
  std::string_view name;
  std::size_t octets;
} kDigests[] = {{"md5", 16},    {"sha1", 20},   {"sha224", 28},   {"sha256", 32},
                {"sha384", 48}, {"sha512", 64}, {"sha3-256", 32}, {"sha3-512", 64}};

}  // namespace

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
  readable("SSL_cert", tls.certificate, false);
  readable("SSL_key", tls.key, false);
  if (!tls.key.empty() && tls.certificate.empty())
    refuse("SSL_key", " = " + tls.key + ": SSL_cert is missing");
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

}  // namespace interimap
