// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/tokens.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#include "tests/e2e/dovecot_configuration.h"

namespace interimap::bed {
namespace {

constexpr std::string_view kKey = "a key that signs the tokens";

std::string base64Url(const std::string& octets) {
  std::string text = base64(octets);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text.substr(0, text.find('='));
}

const unsigned char* octetsOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string base64(const std::string& octets) {
  std::string text((octets.size() + 2) / 3 * 4 + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), octetsOf(octets),
                             static_cast<int>(octets.size()));
  return text.substr(0, static_cast<std::size_t>(size));
}

TokenIssuer::TokenIssuer(const fs::path& directory) : directory_(makeDirectory(directory)) {
  const fs::path keys = directory_ / "keys";
  for (const char* part : {"", "default", "default/HS256"}) makeDirectory(keys / part);
  writeFile(keys / "default/HS256/default", base64(std::string(kKey)));
  writeFile(directory_ / "oauth2.conf",
            "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=" + keys.string() +
                "/\nusername_attribute = sub\n");
}

std::string TokenIssuer::passdb() const {
  if (dovecotIs24())  // for which a token is no password
    return "oauth2_introspection_mode = local\noauth2_username_attribute = sub\n"
           "oauth2_local_validation {\n dict fs {\n  fs posix {\n   prefix = " +
           (directory_ / "keys").string() + "/\n  }\n }\n}\n";
  return "passdb {\n driver = oauth2\n mechanisms = oauthbearer xoauth2\n args = " +
         (directory_ / "oauth2.conf").string() + "\n}\n";
}

std::string TokenIssuer::token(const std::string& user, long validFor) const {
  const long now = time(nullptr);
  std::string text = base64Url(R"({"typ":"JWT","alg":"HS256"})") + "." +
                     base64Url(R"({"sub":")" + user + R"(","iat":)" + std::to_string(now - 3600) +
                               R"(,"exp":)" + std::to_string(now + validFor) + "}");
  unsigned char digest[32];
  HMAC(EVP_sha256(), kKey.data(), static_cast<int>(kKey.size()), octetsOf(text), text.size(), digest,
       nullptr);
  return text + "." + base64Url({reinterpret_cast<char*>(digest), sizeof digest});
}

}  // namespace interimap::bed
