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

// The connection is as safe as it was asked to be (Opening), so what every server can do that offers it comes
// first. SCRAM is offered, too, by servers that have passwords as hashes only, and cannot do it.
std::vector<std::string> surestFirst(bool certificate) {
  std::vector<std::string> names = sasl::strongestFirst();
  std::stable_partition(names.begin(), names.end(), sasl::givesAway);
  if (certificate) names.insert(names.begin(), "EXTERNAL");
  return names;
}

std::unique_ptr<sasl::Mechanism> choose(const settings::Delivery& settings,
                                        const std::vector<std::string>& offered,
                                        std::vector<ChannelBinding> bindings) {
  auto wanted = settings.auth.empty() ? surestFirst(!settings.tls.certificate.empty()) : settings.auth;
  bool strong = settings.least == settings::Least::scram;
  if (strong) std::erase_if(wanted, sasl::givesAway);
  if (!settings.authzid.empty()) std::erase(wanted, "LOGIN");  // has no word for it
  auto mechanism = sasl::choose(offered, wanted,
                                {.username = settings.username,
                                 .password = settings.password.reveal(),
                                 .authzid = settings.authzid,
                                 .bindings = std::move(bindings),
                                 .host = settings.host,
                                 .port = settings.port,
                                 .certificate = !settings.tls.certificate.empty()});
  if (mechanism) return mechanism;
  throw Failure(ExitStatus::noPermission,
                "deliver-username is set, but the server offers " +
                    (offered.empty() ? "no authentication"
                                     : "none of " + joined(wanted) + ", only " + joined(offered)) +
                    (strong ? ", and deliver-auth-min = scram allows nothing else" : ". See deliver-auth"));
}

}  // namespace

Authentication::Authentication(settings::Delivery& settings, const std::vector<std::string>& offered,
                               std::vector<ChannelBinding> bindings)
    : settings_(settings), conversation_(choose(settings, offered, std::move(bindings))) {}

// RFC 4954 section 4: an initial response that would make the command too long MUST NOT be used.
Authentication::Line Authentication::command() {
  std::string command = "AUTH " + std::string(conversation_.name());
  const std::optional<Secret>& initial = conversation_.initial();
  if (initial && command.size() + initial->reveal().size() + 3 <= limits::kLongestCommand)
    return say(command + ' ', initial->reveal().empty() ? "=" : initial->reveal());  // RFC 4954 section 4
  conversation_.hold();
  return say(command, {});
}

std::optional<Authentication::Line> Authentication::respond(std::string_view challenge) {
  auto response = conversation_.respond(challenge);
  if (!response) return std::nullopt;
  return say("", response->reveal());
}

Authentication::Line Authentication::say(std::string shown, std::string_view hidden) {
  said_.emplace_back(std::string(hidden));
  return {std::move(shown), Secret(std::string(hidden))};
}

std::string Authentication::censored(std::string text) const {
  for (const Secret& secret : said_) redact(text, secret.reveal());
  redact(text, settings_.password.reveal());
  return text;
}

}  // namespace interimap
