// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/opening.h"

#include <algorithm>
#include <utility>

#include "delivery/limits.h"
#include "ipc/failure.h"

namespace interimap {

namespace {

using Command = Conversation::Command;
using Security = settings::Delivery::Security;

bool fitsOnLine(std::string_view name) {
  if (name.empty() || name.size() > limits::kLongestEhlo) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// All lines but the first, which is a name.
std::string offeredText(const Reply& reply) {
  std::string text;
  for (std::size_t i = 1; i < reply.lines.size(); ++i) text += (text.empty() ? "" : ", ") + reply.lines[i];
  return text.empty() ? "no extensions" : text;
}

[[noreturn]] void refused(const Reply& reply, const std::string& text, bool stale = false) {
  if (stale && !reply.transient())
    throw Failure(kStale, text + ". See deliver-password-command, which is to print an access token");
  throw Failure(reply.transient() ? ExitStatus::unavailable : ExitStatus::noPermission, text);
}

}  // namespace

Opening::Opening(settings::Delivery& settings, Conversation& conversation)
    : settings_(settings), conversation_(conversation), encrypted_(settings.security == Security::implicit) {
  if (!fitsOnLine(settings.ehlo))
    throw Failure(ExitStatus::config, "deliver-ehlo is no host name: " + settings.ehlo);
  conversation_.expect({Command::greeting});
}

bool Opening::isOf(Command command) {
  return command == Command::greeting || command == Command::ehlo || command == Command::helo ||
         command == Command::startTls || command == Command::auth;
}

void Opening::take(Command command, const Reply& reply) {
  switch (command) {
    case Command::greeting: return greeted(reply);
    case Command::ehlo:
    case Command::helo: return hello(reply, command);
    case Command::startTls: return agreed(reply);
    case Command::auth: return authenticated(reply);
    case Command::rset:
    case Command::mail:
    case Command::rcpt:
    case Command::data:
    case Command::end:
    case Command::quit: break;
  }
}

void Opening::greeted(const Reply& reply) {
  if (!reply.positive())
    throw Failure(ExitStatus::unavailable, "The server refuses the connection: " + reply.withCode());
  if (passed_) passed_("greeting", "Greeting: " + reply.withCode(), {});
  sayHello();
}

void Opening::sayHello() {
  conversation_.say(Command::ehlo, (settings_.lmtp ? "LHLO " : "EHLO ") + settings_.ehlo);
}

// A server of RFC 821 does not know EHLO: RFC 5321 section 4.1.1.1, last paragraph but one.
void Opening::hello(const Reply& reply, Command command) {
  if (command == Command::ehlo && reply.permanent() && !settings_.lmtp)
    return conversation_.say(Command::helo, "HELO " + settings_.ehlo);
  if (!reply.positive())
    throw Failure(ExitStatus::unavailable, "The server refuses the session: " + reply.withCode());
  // The reply to HELO lists none.
  if (command == Command::ehlo) extensions_ = Extensions::parse(reply);
  if (passed_) passed_("ehlo", "The server offers " + offeredText(reply), {});
  if (!encrypt()) logIn();
}

// Says STARTTLS if it is due.
bool Opening::encrypt() {
  if (encrypted_ || settings_.security == Security::none) return false;
  if (extensions_.startTls) {
    conversation_.say(Command::startTls, "STARTTLS");
    return true;
  }
  if (settings_.security == Security::required)
    throw Failure(ExitStatus::noPermission,
                  "The server does not offer STARTTLS, which deliver-tls = required asks for");
  conversation_.note("The server does not offer STARTTLS: going on in clear");
  return false;
}

// What offered STARTTLS and does not do it is never spoken to in clear: somebody in between may be the cause.
void Opening::agreed(const Reply& reply) {
  if (!reply.positive()) refused(reply, "The server refuses STARTTLS: " + reply.withCode());
  handshakeDue_ = true;
}

// RFC 3207 section 4.2: what was learnt before MUST be discarded.
void Opening::secured() {
  handshakeDue_ = false;
  encrypted_ = true;
  extensions_ = {};
  sayHello();
}

void Opening::logIn() {
  done_ = settings_.username.empty();
  if (done_) return;
  // Whoever takes STARTTLS out of a reply can put AUTH PLAIN into it.
  if (!encrypted_)
    throw Failure(ExitStatus::noPermission,
                  "The server does not offer STARTTLS, and the password is not sent in clear");
  if (settings_.check && settings_.password.empty() && settings_.tls.certificate.empty())
    throw Failure(ExitStatus::noPermission, "There is no password to log in with");  // launch has told why
  authentication_.emplace(settings_, extensions_.auth, bindings_);
  if (passed_) passed_("mechanisms", "Mechanism used: " + std::string(authentication_->name()), {});
  say(authentication_->command());
}

void Opening::say(const Authentication::Line& line) {
  conversation_.saySecret(line.shown, line.hidden.reveal());
}

void Opening::authenticated(const Reply& reply) {
  if (reply.intermediate()) {
    auto line = authentication_->respond(reply.text());
    if (!line)
      throw Failure(ExitStatus::protocol, "The server asks on although AUTH has been answered in full");
    return say(*line);
  }
  if (!reply.positive())
    refused(reply,
            authentication_->censored("The server refuses the login of " + settings_.username + ": " +
                                      reply.withCode() + authentication_->reason()),
            authentication_->byToken() && settings_.renewable);
  authentication_->accepted();
  if (passed_)
    passed_("login", "Logged in as " + settings_.username + " by " + std::string(authentication_->name()),
            {});
  authentication_.reset();
  done_ = true;
}

// A challenge may tell what the password was mixed with, and some servers repeat what they were sent.
std::string Opening::censored(const Reply& reply, std::string line) const {
  if (!authentication_) return line;
  return reply.intermediate() ? "[REDACTED]" : authentication_->censored(std::move(line));
}

}  // namespace interimap
