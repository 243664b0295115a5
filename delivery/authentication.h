// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// AUTH (RFC 4954): a SASL mechanism as lines of SMTP.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/launch.h"
#include "ipc/secret.h"
#include "transport/sasl.h"

namespace interimap {

class Authentication {
 public:
  // Chooses one of the mechanisms offered, in upper case. Throws Failure(noPermission) if there is
  // none of ours. The settings outlive it, their password is wiped with it.
  Authentication(settings::Delivery& settings, const std::vector<std::string>& offered,
                 std::vector<ChannelBinding> bindings);
  ~Authentication() { settings_.password.wipe(); }
  Authentication(const Authentication&) = delete;

  struct Line {
    std::string shown;  // what may be logged
    Secret hidden;      // behind it
  };
  // The AUTH command.
  Line command();
  // The response to the server's challenge; nothing when all has been said.
  std::optional<Line> respond(std::string_view challenge);
  // Why it does not let us in, if the mechanism has a way to tell: " (…)", or nothing.
  std::string reason() const {
    std::string reason = conversation_.reason();
    return reason.empty() ? reason : " (" + reason + ")";
  }
  // The server says that we are in: throws Failure(noPermission) if it has not proved itself.
  void accepted() const { conversation_.requireProof(); }

  std::string_view name() const { return conversation_.name(); }
  bool byToken() const { return sasl::takesToken(conversation_.name()); }

  // The server's words, without what a server that repeats what it was sent would give away.
  std::string censored(std::string text) const;

 private:
  Line say(std::string shown, std::string_view hidden);

  settings::Delivery& settings_;
  sasl::Conversation conversation_;
  std::vector<Secret> said_;
};

}  // namespace interimap
