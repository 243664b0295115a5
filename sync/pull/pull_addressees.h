// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Whom a message is for: deliver-rcpt, or those whom its header names (rcpt-from), as far as they are allowed
// (rcpt-allow).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/imap.h"
#include "ipc/launch.h"
#include "ipc/path.h"

namespace interimap {

class PullAddressees {
 public:
  using Recipients = std::vector<ForwardPath>;

  // Throws Failure if the settings do not hold.
  explicit PullAddressees(const settings::Pull& settings);

  // Header fields that net is to look at.
  const std::vector<std::string>& fields() const { return settings_.rcptFrom; }
  bool byHeader() const { return !fields().empty(); }

  // Why a mailbox has no recipients: its name can stand in no address. Empty: it has.
  std::string whyNone(const WireName& mailbox) const;
  // Those of deliver-rcpt for that mailbox.
  const Recipients& configured(const WireName& mailbox);
  // Those of one message there: of the first field that names somebody who is allowed; else as configured,
  // who may be nobody.
  struct Whom {
    Recipients recipients, leftOut;  // `leftOut`: named where it counts, and not allowed
    bool byHeader = false;
  };
  Whom of(const WireName& mailbox, const std::vector<Recipients>& named);

 private:
  // What some servers take for a route to elsewhere is, where it is spelled out only.
  bool isAllowed(const ForwardPath& path) const;

  const settings::Pull& settings_;
  std::map<WireName, Recipients> configured_;
};

// In any case of US-ASCII; "*" stands for anything.
bool matchesAddress(std::string_view pattern, std::string_view address);

// Stands for those whom a message's header names, as long as that has not been seen.
inline constexpr const char* kByHeader = "rcpt-from";

}  // namespace interimap
