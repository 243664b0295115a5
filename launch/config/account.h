// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One IMAP account of the configuration: the keys that interimap and pullimap share.
#pragma once

#include <string>
#include <vector>

#include "ipc/settings.h"
#include "launch/config/key.h"

namespace interimap {

// Throws Failure(config) for what no single key's check can see. `debug`, what depends on the mode of the
// run, and a password that is not in the configuration itself (password.h) are the caller's to fill in.
void readAccount(const Keys& keys, settings::Net& net);

// What is in front of the keys that tell the passphrase of SSL_key.
inline constexpr const char* kOfKey = "SSL_key-";

// Throws Failure(config) "FILE: [SECTION]: Missing option …" if there is no way in without a name and a
// password, and one of them is missing. Where nothing is encrypted a server may greet with PREAUTH, as most
// do at the end of a tunnel: net will see.
void requireLogin(const settings::Net& net, const std::string& file, const std::string& section);

// Throws Failure(config) if `least` forbids all of `auth`.
void requireStrong(const std::vector<std::string>& auth, settings::Least least, const Keys& keys,
                   const std::string& prefix = {});

// One of these mechanisms takes an access token in place of a password, which gets old.
bool takeToken(const std::vector<std::string>& auth);

// "user@host", or "tunnel:command": which account this is, for people and to compare.
std::string accountName(const settings::Net& net);

}  // namespace interimap
