// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/bearer.h"

#include <string.h>

#include <algorithm>
#include <initializer_list>

#include "ipc/failure.h"

namespace interimap::sasl {

namespace {

constexpr std::string_view kSeparator = "\x01";

// b64token: RFC 6750 section 2.1
bool isToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/=").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

Secret joined(std::initializer_list<std::string_view> pieces) {
  std::size_t size = 0;
  for (std::string_view piece : pieces) size += piece.size();
  std::string text;
  text.reserve(size);  // growing would leave a copy behind
  for (std::string_view piece : pieces) text += piece;
  Secret secret(text);
  explicit_bzero(text.data(), text.size());
  return secret;
}

class Bearer final : public Mechanism {
 public:
  Bearer(bool standard, const Credentials& credentials) : standard_(standard), credentials_(credentials) {
    if (!isToken(credentials.password))
      throw Failure(ExitStatus::noPermission,
                    std::string(name()) +
                        ": what is to be the access token holds something that cannot be in one; "
                        "see password-command");
    for (std::string_view identity : {credentials.username, credentials.authzid})
      if (identity.find(kSeparator) != std::string_view::npos)
        throw Failure(ExitStatus::config,
                      std::string(name()) + ": the user's name holds a control character");
  }
  std::string_view name() const override { return standard_ ? "OAUTHBEARER" : "XOAUTH2"; }
  std::optional<Secret> initial() override {
    const Credentials& c = credentials_;
    if (!standard_)
      return joined({"user=", c.username, kSeparator, "auth=Bearer ", c.password, kSeparator, kSeparator});
    std::string identity = saslName(c.authzid.empty() ? c.username : c.authzid);
    return joined({"n,a=", identity, ",", kSeparator, "host=", c.host, kSeparator, "port=", c.port,
                   kSeparator, "auth=Bearer ", c.password, kSeparator, kSeparator});
  }
  // RFC 7628 section 3.2.3; XOAUTH2 wants it empty.
  std::optional<Secret> step(std::string_view challenge) override {
    if (answered_) return std::nullopt;
    answered_ = true;
    reason_ = challenge.substr(0, kMostReason);
    auto at = reason_.find(credentials_.password);
    if (at != std::string::npos) reason_.replace(at, credentials_.password.size(), "[REDACTED]");
    return standard_ ? Secret(std::string(kSeparator)) : Secret();
  }
  std::string reason() const override { return reason_; }

 private:
  bool standard_;
  Credentials credentials_;
  bool answered_ = false;
  std::string reason_;
};

}  // namespace

std::unique_ptr<Mechanism> makeOauthBearer(const Credentials& credentials) {
  return std::make_unique<Bearer>(true, credentials);
}
std::unique_ptr<Mechanism> makeXoauth2(const Credentials& credentials) {
  return std::make_unique<Bearer>(false, credentials);
}

}  // namespace interimap::sasl
