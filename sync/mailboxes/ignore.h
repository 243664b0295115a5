// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// ignore-mailbox: a Perl regular expression over internal names. Bounded: no JIT, and match limits.
#pragma once

#include <memory>
#include <string>

#include "ipc/mailbox_name.h"

namespace interimap {

class Ignore {
 public:
  explicit Ignore(const std::string& pattern);  // Failure(config) if it does not compile
  bool matches(const MailboxName& name) const;  // Failure(config) if matching exceeds its limits

 private:
  std::shared_ptr<void> code_;
};

}  // namespace interimap
