// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/authentication.h"

#include <algorithm>
#include <utility>

#include "delivery/limits.h"
#include "ipc/failure.h"
#include "transport/sasl.h"

namespace interimap {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Every occurrence of `secret` in `text` becomes "[REDACTED]".
void redact(std::string& text, std::string_view secret) {
  constexpr std::string_view kInstead = "[REDACTED]";
  if (secret.empty()) return;
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += kInstead.size())
    text.replace(at, secret.size(), kInstead);
}

}  // namespace

Authentication::Authentication(settings::Delivery& settings, const std::vector<std::string>& offered)
    : settings_(settings) {
  auto offers = [&](const char* mechanism) {
    return std::find(offered.begin(), offered.end(), mechanism) != offered.end();
  };
  if (offers("PLAIN"))
    plain();
  else if (offers("LOGIN"))
    login();
  else
    throw Failure(ExitStatus::noPermission,
                  "deliver-username is set, but the server offers " +
                      (offered.empty() ? "no authentication"
                                       : "neither AUTH PLAIN nor LOGIN, only " + joined(offered)));
}

// RFC 4954 section 4: an initial response that would make the command too long MUST NOT be used.
void Authentication::plain() {
  Secret message = sasl::plain(settings_.username, settings_.password.reveal());
  std::string command = "AUTH PLAIN";
  if (command.size() + message.reveal().size() + 3 <= limits::kLongestCommand) {
    lines_.push_back({command + ' ', std::move(message)});
  } else {
    lines_.push_back({command, Secret()});
    lines_.push_back({"", std::move(message)});
  }
}

void Authentication::login() {
  lines_.push_back({"AUTH LOGIN", Secret()});
  lines_.push_back({"", sasl::base64(settings_.username)});
  lines_.push_back({"", sasl::base64(settings_.password.reveal())});
}

std::string Authentication::censored(std::string text) const {
  for (const Line& line : lines_) redact(text, line.hidden.reveal());
  redact(text, settings_.password.reveal());
  return text;
}

}  // namespace interimap
