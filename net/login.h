// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// From the greeting to the authenticated state (RFC 3501 sections 6.1, 6.2 and 7.1.4, RFC 4959).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ipc/checked.h"
#include "ipc/launch.h"
#include "net/response/capability.h"
#include "net/response/resp_text.h"
#include "net/wire/command.h"
#include "transport/sasl.h"

namespace interimap {

// What the login needs of the session: commands one after the other, as straight-line code.
class Dialogue {
 public:
  enum class Manner : std::uint8_t {
    plain,
    lastInClear,   // STARTTLS: octets behind the tagged OK are an attack (Failure)
    alone,         // carries secrets, and nothing may be sent before its tagged response
    andRequests,   // carries secrets; requests that need no capability may be sent behind it
    thenRequests,  // the same, but not before the conversation is concluded
  };
  virtual ~Dialogue() = default;
  virtual StatusResponse greeting() = 0;
  // The greeting of the last time, if sync hands it on before there is one.
  virtual std::optional<StatusResponse> foreseen() { return std::nullopt; }
  // The login went ahead of the greeting, and it was for that that it came to nothing.
  virtual void wentAheadInVain(const std::string& /*why*/) {}
  // Sends a command and waits for its tagged response. What the server asks for meanwhile is the
  // conversation's to answer.
  virtual StatusResponse run(Command command, Manner manner, sasl::Conversation* conversation = nullptr) = 0;
  // What the server said it can do since the last forget(); not known() if it did not.
  virtual const Capabilities& capabilities() const = 0;
  virtual void forgetCapabilities() = 0;
  virtual void startTls() = 0;
  virtual std::vector<ChannelBinding> channelBindings() const = 0;
  virtual void log(LogLevel level, const std::string& text) = 0;
  // For --check.
  virtual void passed(const char* step, std::string text, std::vector<Finding::Fact> facts = {}) = 0;
};

// On return the session is authenticated, the capabilities are known, and the password is wiped. Throws
// Failure: noPermission if the credentials are refused or may not be sent, tryAgain if the server says that
// it is for now, protocol if it lacks what a login needs. The text of the greeting, if the next login may go
// ahead of it (answer::Ready).
std::string logIn(Dialogue& server, settings::Net& settings);

}  // namespace interimap
