// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One section of pullimap's configuration: an account, and where its mail goes.
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "ipc/settings.h"
#include "launch/config/destination.h"
#include "launch/config/log_keys.h"
#include "launch/config/password.h"
#include "launch/config/values.h"

namespace interimap {

struct PullSection {
  std::string name;
  settings::Net net;                     // with the password, if the configuration says it
  PasswordSource password, keyPassword;  // of the account, and of SSL_key
  settings::Delivery delivery;           // likewise
  PasswordSource deliverPassword, deliverKeyPassword;
  settings::Pull sync;    // as far as the configuration says it
  std::string statefile;  // as written, or the section's name; paths.h resolves it
  Destination destination{false, "127.0.0.1", "25"};
  LogKeys log;
  std::optional<std::string> metrics, onChange;

  static constexpr auto rows() {
    return std::tuple{
        settings::Key("statefile", &PullSection::statefile, settings::as::Text{}),
        settings::Key("deliver-method", &PullSection::destination, settings::as::Method{}),
        settings::Key("metrics", &PullSection::metrics, settings::as::Path{}),
        settings::Key("on-change", &PullSection::onChange, settings::as::Text{}),
        settings::Part("", &PullSection::log),
    };
  }

  // Throws Failure(config) naming the file and, where there is one, the line.
  static PullSection parse(const Ini& ini, const std::string& name, const std::string& file);

  bool holdsPassword() const {
    return !net.password.empty() || !delivery.password.empty() || !net.keyPassword.empty() ||
           !delivery.keyPassword.empty();
  }
};

// All sections but the default one, in the order of their names.
std::vector<std::string> sectionNames(const Ini& ini);

}  // namespace interimap
