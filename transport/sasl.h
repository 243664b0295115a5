// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SASL (RFC 4422), in whichever protocol carries it: the mechanisms as steps, octets in and octets out. The
// protocol encodes them, and says when it is whose turn. What comes out holds a password: it is wiped with
// its owner, and nothing of it stays behind.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/secret.h"

namespace interimap::sasl {

// RFC 4648 section 4.
Secret base64(std::string_view octets);
std::optional<std::string> unbase64(std::string_view text);

struct Credentials {
  std::string_view username, password;  // outlive the mechanism
};

class Mechanism {
 public:
  virtual ~Mechanism() = default;
  virtual std::string_view name() const = 0;
  // What the client says first; nothing where the server begins. Once, before any step().
  virtual std::optional<Secret> initial() { return std::nullopt; }
  // The response to the server's next challenge; nothing if all has been said that there is to say.
  virtual std::optional<Secret> step(std::string_view challenge) = 0;
};

// The first of `wanted` that is among `offered` (both in upper case) and that we can do; nullptr if there is
// none.
std::unique_ptr<Mechanism> choose(const std::vector<std::string>& offered,
                                  const std::vector<std::string>& wanted, const Credentials& credentials);

// A mechanism under way in a protocol whose challenges and responses are lines of base64.
class Conversation {
 public:
  explicit Conversation(std::unique_ptr<Mechanism> mechanism) : mechanism_(std::move(mechanism)) {}

  std::string_view name() const { return mechanism_->name(); }
  // What may stand behind the mechanism's name, encoded; nothing where the server begins. If it is not sent
  // there, the first challenge asks for it: tell so with hold().
  const std::optional<Secret>& initial();
  void hold() { held_ = true; }
  // The response to a line of the server; nothing if it asks for more than there is to say.
  std::optional<Secret> respond(std::string_view challenge);

 private:
  std::unique_ptr<Mechanism> mechanism_;
  std::optional<Secret> initial_;
  bool begun_ = false, held_ = false;
};

}  // namespace interimap::sasl
