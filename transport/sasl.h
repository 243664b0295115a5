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
#include "transport/stream.h"

namespace interimap::sasl {

// RFC 4648 section 4.
Secret base64(std::string_view octets);
std::optional<std::string> unbase64(std::string_view text);

// Nothing that a server makes us compute on may be longer.
inline constexpr std::size_t kLongestChallenge = 16384;  // octets, decoded

// "=" and "," are the syntax's: RFC 5801 section 4.
std::string saslName(std::string_view name);

// What is in it outlives the mechanism.
struct Credentials {
  std::string_view username, password;
  std::string_view authzid{};              // who to act as; empty: who logs in
  std::vector<ChannelBinding> bindings{};  // of the connection, the one to be used first; none: no TLS
  std::string_view host{}, port{};         // as configured
  bool certificate = false;                // TLS has shown ours
};

class Mechanism {
 public:
  virtual ~Mechanism() = default;
  virtual std::string_view name() const = 0;
  // What the client says first; nothing where the server begins. Once, before any step().
  virtual std::optional<Secret> initial() { return std::nullopt; }
  // The response to the server's next challenge; nothing if all has been said that there is to say.
  // Throws Failure: protocol for a challenge that makes no sense, noPermission for a server that is not who
  // it should be.
  virtual std::optional<Secret> step(std::string_view challenge) = 0;
  // Nothing is owed to us by a server that says it is done.
  virtual bool satisfied() const { return true; }
  // The server has answered to the mechanism itself, so that a refusal is about the credentials.
  virtual bool heard() const { return true; }
  // Why the server refuses, in its own words, if it told by way of the mechanism.
  virtual std::string reason() const { return {}; }
};

// What is wanted if nobody said: the strongest first. Where there is a certificate, EXTERNAL before them.
std::vector<std::string> strongestFirst();
bool isPlus(std::string_view name);  // binds to the channel
// The password itself goes to the server.
bool givesAway(std::string_view name);
bool takesToken(std::string_view name);  // in its place

// The first of `wanted` that is among `offered` (both in upper case) and that we can do; nullptr if there is
// none.
std::unique_ptr<Mechanism> choose(const std::vector<std::string>& offered,
                                  const std::vector<std::string>& wanted, const Credentials& credentials);

// A mechanism under way in a protocol whose challenges and responses are lines of base64.
class Conversation {
 public:
  explicit Conversation(std::unique_ptr<Mechanism> mechanism)
      : mechanism_(std::move(mechanism)), proves_(!mechanism_->satisfied()) {}

  std::string_view name() const { return mechanism_->name(); }
  // What may stand behind the mechanism's name, encoded; nothing where the server begins. If it is not sent
  // there, the first challenge asks for it: tell so with hold().
  const std::optional<Secret>& initial();
  void hold() { held_ = true; }
  // The response to a line of the server; nothing if it asks for more than there is to say.
  std::optional<Secret> respond(std::string_view challenge);
  // All is said, and the server has proved itself: its last word is all that is missing.
  bool concluded() const { return proves_ && mechanism_->satisfied(); }
  // To be called when the server says that we are in: throws Failure(noPermission) if it has not proved that
  // it knows the password, which is what somebody else would leave out.
  void requireProof() const;
  bool heard() const { return mechanism_->heard(); }
  std::string reason() const { return mechanism_->reason(); }

 private:
  std::unique_ptr<Mechanism> mechanism_;
  bool proves_;  // the server has to
  std::optional<Secret> initial_;
  bool begun_ = false, held_ = false;
};

}  // namespace interimap::sasl
