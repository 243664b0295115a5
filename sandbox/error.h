// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What lockIn throws when the kernel refuses a step: "sandbox: chroot: Operation not permitted".
#pragma once

#include <errno.h>
#include <string.h>

#include <stdexcept>
#include <string>

namespace interimap::sandbox {

inline std::runtime_error systemError(const std::string& step, int error = errno) {
  return std::runtime_error("sandbox: " + step + ": " + strerror(error));
}

}  // namespace interimap::sandbox
