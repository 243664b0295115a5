// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/ancestor.h"

#include "launch/config/paths.h"

namespace interimap::ancestor {

namespace {

constexpr struct {
  const char *then, *now;
} kRenamed[] = {
    {"SSL_verify_trusted_peer", "SSL_verify"},
    {"SSL_ca_path", "SSL_CApath"},
    {"SSL_cipher_list", "SSL_cipherlist"},
};

}  // namespace

bool isItsConfiguration(const std::string& path) {
  return path.starts_with(baseDirectory(kConfigHome) + "/" + kProgram + "/");
}

std::vector<std::string> renameKeys(Ini& ini) {
  std::vector<std::string> found;
  for (const auto& [then, now] : kRenamed) {
    bool here = false;
    for (auto& [name, section] : ini.sections) {
      auto node = section.extract(then);
      if (node.empty()) continue;
      here = true;
      node.key() = now;
      section.insert(std::move(node));
    }
    if (here) found.push_back(std::string(then) + " is " + now + " now");
  }
  return found;
}

}  // namespace interimap::ancestor
