// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/sasl.h"

#include <string.h>

#include <algorithm>

namespace interimap::sasl {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// RFC 4616: one message, which the client sends unasked.
class Plain final : public Mechanism {
 public:
  explicit Plain(const Credentials& credentials) : credentials_(credentials) {}
  std::string_view name() const override { return "PLAIN"; }
  // message = [authzid] NUL authcid NUL passwd
  std::optional<Secret> initial() override {
    std::string message;
    message.reserve(credentials_.username.size() + credentials_.password.size() + 2);
    message.append(1, '\0').append(credentials_.username).append(1, '\0').append(credentials_.password);
    Secret secret(message);
    explicit_bzero(message.data(), message.size());
    return secret;
  }
  std::optional<Secret> step(std::string_view) override { return std::nullopt; }

 private:
  Credentials credentials_;
};

// draft-murchison-sasl-login: the server asks for the one, then for the other, in whatever words.
class Login final : public Mechanism {
 public:
  explicit Login(const Credentials& credentials) : credentials_(credentials) {}
  std::string_view name() const override { return "LOGIN"; }
  std::optional<Secret> step(std::string_view) override {
    switch (asked_++) {
      case 0: return Secret(std::string(credentials_.username));
      case 1: return Secret(std::string(credentials_.password));
      default: return std::nullopt;
    }
  }

 private:
  Credentials credentials_;
  int asked_ = 0;
};

std::unique_ptr<Mechanism> make(std::string_view name, const Credentials& credentials) {
  if (name == "PLAIN") return std::make_unique<Plain>(credentials);
  if (name == "LOGIN") return std::make_unique<Login>(credentials);
  return nullptr;
}

}  // namespace

Secret base64(std::string_view octets) {
  std::string text;
  text.reserve((octets.size() + 2) / 3 * 4);  // growing would leave a copy behind
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    auto at = [&](std::size_t j) {
      return i + j < octets.size() ? static_cast<unsigned char>(octets[i + j]) : 0U;
    };
    unsigned bits = at(0) << 16 | at(1) << 8 | at(2);
    for (std::size_t j = 0; j < 4; ++j)
      text += i + j > octets.size() ? '=' : kAlphabet[bits >> (18 - 6 * j) & 63];
  }
  Secret secret(text);
  explicit_bzero(text.data(), text.size());
  return secret;
}

std::optional<std::string> unbase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string octets;
  unsigned bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool padded = i >= text.size() - padding;
    auto value = padded ? 0 : kAlphabet.find(text[i]);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffffff;
    if (i % 4 == 3)
      for (int shift : {16, 8, 0}) octets += static_cast<char>(bits >> shift & 0xff);
  }
  octets.resize(octets.size() - padding);
  return octets;
}

std::unique_ptr<Mechanism> choose(const std::vector<std::string>& offered,
                                  const std::vector<std::string>& wanted, const Credentials& credentials) {
  for (const std::string& name : wanted)
    if (std::find(offered.begin(), offered.end(), name) != offered.end())
      if (auto mechanism = make(name, credentials)) return mechanism;
  return nullptr;
}

const std::optional<Secret>& Conversation::initial() {
  if (begun_) return initial_;
  begun_ = true;
  if (auto response = mechanism_->initial()) initial_ = base64(response->reveal());
  return initial_;
}

// A challenge that is not base64 is of no use to any mechanism; those that do not look at it are not kept
// from going on.
std::optional<Secret> Conversation::respond(std::string_view challenge) {
  bool asksForInitial = held_ && initial().has_value();
  held_ = false;
  if (asksForInitial) return std::move(initial_);
  auto response = mechanism_->step(unbase64(challenge).value_or(std::string()));
  if (!response) return std::nullopt;
  return base64(response->reveal());
}

}  // namespace interimap::sasl
