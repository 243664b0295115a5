// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/ancestor.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include "launch/config/configuration.h"

using namespace interimap;

TEST_CASE("ancestor: whose configuration it is") {
  setenv("XDG_CONFIG_HOME", "/x", 1);
  CHECK(ancestor::isItsConfiguration("/x/imapsync/config"));
  CHECK_FALSE(ancestor::isItsConfiguration("/x/interimap/config"));
  CHECK_FALSE(ancestor::isItsConfiguration("/x/imapsync"));
  CHECK_FALSE(ancestor::isItsConfiguration("/y/imapsync/config"));
  unsetenv("XDG_CONFIG_HOME");
  setenv("HOME", "/h", 1);
  CHECK(ancestor::isItsConfiguration("/h/.config/imapsync/config"));
}

TEST_CASE("ancestor: its keys by their names of today") {
  Ini ini = Ini::parse(
      "SSL_cipher_list = HIGH\n"
      "[local]\nSSL_verify_trusted_peer = NO\n"
      "[remote]\nSSL_ca_path = /etc\nSSL_verify_trusted_peer = NO\nSSL_verify = YES\n",
      "f");
  auto found = ancestor::renameKeys(ini);
  CHECK(found == std::vector<std::string>{"SSL_verify_trusted_peer is SSL_verify now",
                                          "SSL_ca_path is SSL_CApath now",
                                          "SSL_cipher_list is SSL_cipherlist now"});
  CHECK(ancestor::renameKeys(ini).empty());
  Configuration all = Configuration::parse(std::move(ini), "f");
  CHECK(all.remote.net.tls.caPath == "/etc");
  CHECK(all.remote.net.tls.cipherList == "HIGH");
  CHECK(all.remote.net.tls.verify);
  CHECK_FALSE(all.local.net.tls.verify);
}
