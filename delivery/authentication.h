// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// AUTH (RFC 4954) as a sequence of lines: PLAIN (RFC 4616), or LOGIN where there is nothing else.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/launch.h"
#include "ipc/secret.h"

namespace interimap {

class Authentication {
 public:
  // Chooses among the mechanisms offered, in upper case. Throws Failure(noPermission) if there is none of
  // ours. The settings outlive it, their password is wiped with it.
  Authentication(settings::Delivery& settings, const std::vector<std::string>& offered);

  struct Line {
    std::string shown;  // what may be logged
    Secret hidden;      // behind it
  };
  ~Authentication() { settings_.password.wipe(); }
  Authentication(const Authentication&) = delete;

  // The AUTH command, then the responses to the server's challenges; nullptr when all has been said.
  const Line* next() { return said_ < lines_.size() ? &lines_[said_++] : nullptr; }

  // The server's words, without what a server that repeats what it was sent would give away.
  std::string censored(std::string text) const;

 private:
  void plain();
  void login();

  settings::Delivery& settings_;
  std::vector<Line> lines_;
  std::size_t said_ = 0;  // of them
};

}  // namespace interimap
