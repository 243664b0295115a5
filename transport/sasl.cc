// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/sasl.h"

#include <string.h>

#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "transport/bearer.h"
#include "transport/scram.h"

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
    std::string_view username = credentials_.username, password = credentials_.password,
                     authzid = credentials_.authzid;
    std::string message;
    message.reserve(authzid.size() + username.size() + password.size() + 2);
    message.append(authzid).append(1, '\0').append(username).append(1, '\0').append(password);
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

// RFC 4422 appendix A: TLS has said who we are.
class External final : public Mechanism {
 public:
  explicit External(const Credentials& credentials) : authzid_(credentials.authzid) {}
  std::string_view name() const override { return "EXTERNAL"; }
  std::optional<Secret> initial() override { return Secret(authzid_); }
  std::optional<Secret> step(std::string_view) override { return std::nullopt; }
  // Of a password nothing has been said: another mechanism may do.
  bool heard() const override { return false; }

 private:
  std::string authzid_;
};

bool among(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether a binding would have been possible is for the server to compare with what it offers: RFC 5802
// section 6. Who does not want one does not say so.
BindingFlag flagFor(std::string_view name, const std::vector<std::string>& offered,
                    const std::vector<std::string>& wanted, const Credentials& credentials) {
  if (isPlus(name)) return BindingFlag::bound;
  std::string plus = std::string(name) + "-PLUS";
  bool unheard = !credentials.bindings.empty() && among(wanted, plus) && !among(offered, plus);
  return unheard ? BindingFlag::unheard : BindingFlag::none;
}

std::unique_ptr<Mechanism> make(std::string_view name, const std::vector<std::string>& offered,
                                const std::vector<std::string>& wanted, const Credentials& credentials) {
  if (name == "EXTERNAL") return credentials.certificate ? std::make_unique<External>(credentials) : nullptr;
  if (credentials.certificate && credentials.password.empty()) return nullptr;
  if (name == "PLAIN") return std::make_unique<Plain>(credentials);
  // It has no word for whom to act as.
  if (name == "LOGIN") return credentials.authzid.empty() ? std::make_unique<Login>(credentials) : nullptr;
  if (name == "OAUTHBEARER") return makeOauthBearer(credentials);
  if (name == "XOAUTH2") return makeXoauth2(credentials);
  if (!name.starts_with("SCRAM-") || (isPlus(name) && credentials.bindings.empty())) return nullptr;
  auto flag = flagFor(name, offered, wanted, credentials);
  auto binding = flag == BindingFlag::bound ? credentials.bindings.front() : ChannelBinding{};
  if (name.starts_with("SCRAM-SHA-256")) return makeScram(Digest::sha256, flag, binding, credentials);
  if (name.starts_with("SCRAM-SHA-1")) return makeScram(Digest::sha1, flag, binding, credentials);
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

std::string saslName(std::string_view name) {
  std::string text;
  for (char c : name) text += c == '=' ? "=3D" : c == ',' ? "=2C" : std::string(1, c);
  return text;
}

std::vector<std::string> strongestFirst() {
  return {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"};
}

bool isPlus(std::string_view name) { return name.ends_with("-PLUS"); }

bool givesAway(std::string_view name) { return name == "PLAIN" || name == "LOGIN" || takesToken(name); }

bool takesToken(std::string_view name) { return name == "OAUTHBEARER" || name == "XOAUTH2"; }

std::unique_ptr<Mechanism> choose(const std::vector<std::string>& offered,
                                  const std::vector<std::string>& wanted, const Credentials& credentials) {
  for (const std::string& name : wanted)
    if (among(offered, name))
      if (auto mechanism = make(name, offered, wanted, credentials)) return mechanism;
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
  if (challenge.size() > kLongestChallenge / 3 * 4)
    throw Failure(ExitStatus::protocol, std::string(name()) + ": the server's challenge is longer than " +
                                            std::to_string(kLongestChallenge) + " octets");
  auto response = mechanism_->step(unbase64(challenge).value_or(std::string()));
  if (!response) return std::nullopt;
  return base64(response->reveal());
}

void Conversation::requireProof() const {
  if (!mechanism_->satisfied())
    throw Failure(
        ExitStatus::noPermission,
        std::string(name()) + ": the server ends the login without proof that it knows the password");
}

}  // namespace interimap::sasl
