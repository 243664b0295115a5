// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the workers of one section of pullimap are told, from command line and configuration.
#pragma once

#include <string>

#include "ipc/launch.h"
#include "launch/config/pull_arguments.h"
#include "launch/config/pull_section.h"
#include "launch/run/obtained_password.h"

namespace interimap {

struct PullSettings {
  std::string workers;  // the directory of their programs
  settings::Pull sync;
  settings::Net net;
  settings::Delivery delivery;
  Renewal renewDelivery = {};
};

// `section` gives its settings away. Passwords that are not in it are to be added. Throws Failure where the
// state's directory is not to be had.
PullSettings pullSettings(const PullArguments& arguments, PullSection& section);

}  // namespace interimap
