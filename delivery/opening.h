// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Before the first MAIL: the greeting, EHLO, STARTTLS (RFC 3207) and EHLO again, AUTH (RFC 4954). One command
// at a time.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "delivery/authentication.h"
#include "delivery/conversation.h"
#include "delivery/extensions.h"
#include "ipc/checked.h"

namespace interimap {

class Opening {
 public:
  // Both outlive it; the password is wiped when the login is done. Throws Failure(config) for an EHLO name
  // that does not fit on a line.
  Opening(settings::Delivery& settings, Conversation& conversation);

  static bool isOf(Conversation::Command command);  // its replies are for take()
  // Throws Failure: protocol, unavailable, noPermission when the server refuses what the settings ask for.
  void take(Conversation::Command command, const Reply& reply);

  bool handshakeDue() const { return handshakeDue_; }
  void secured();
  void bind(std::vector<ChannelBinding> bindings) { bindings_ = std::move(bindings); }  // of the TLS session

  void tell(const Passed& passed) { passed_ = passed; }  // of each step
  bool done() const { return done_; }                    // messages may follow
  const Extensions& extensions() const { return extensions_; }
  // A line of a reply, as the log may show it.
  std::string censored(const Reply& reply, std::string line) const;

 private:
  void greeted(const Reply& reply);
  void hello(const Reply& reply, Conversation::Command command);
  void sayHello();
  bool encrypt();
  void agreed(const Reply& reply);
  void logIn();
  void say(const Authentication::Line& line);
  void authenticated(const Reply& reply);

  settings::Delivery& settings_;
  Conversation& conversation_;
  Extensions extensions_;
  bool encrypted_, handshakeDue_ = false, done_ = false;
  std::optional<Authentication> authentication_;  // while it goes on
  std::vector<ChannelBinding> bindings_;
  Passed passed_;
};

}  // namespace interimap
