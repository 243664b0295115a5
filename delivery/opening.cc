// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Before the first MAIL: the greeting, EHLO, STARTTLS (RFC 3207) and EHLO again, AUTH (RFC 4954). One command
// at a time.
#include <algorithm>
#include <utility>

#include "delivery/dialogue.h"
#include "delivery/limits.h"
#include "ipc/failure.h"

namespace interimap {

namespace {

using Security = settings::Delivery::Security;

bool fitsOnLine(std::string_view name) {
  if (name.empty() || name.size() > limits::kLongestEhlo) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

[[noreturn]] void refused(const Reply& reply, const std::string& text) {
  throw Failure(reply.transient() ? ExitStatus::unavailable : ExitStatus::noPermission, text);
}

}  // namespace

Dialogue::Dialogue(settings::Delivery& settings, Log log, Settled settled)
    : settings_(settings),
      log_(std::move(log)),
      settled_(std::move(settled)),
      encrypted_(settings.security == Security::implicit) {
  if (!fitsOnLine(settings.ehlo))
    throw Failure(ExitStatus::config, "deliver-ehlo is no host name: " + settings.ehlo);
  expect({Command::greeting});
}

bool Dialogue::opening(Command command) const {
  return command == Command::ehlo || command == Command::helo || command == Command::startTls ||
         command == Command::auth;
}

void Dialogue::greeted(const Reply& reply) {
  if (!reply.positive())
    throw Failure(ExitStatus::unavailable, "The server refuses the connection: " + reply.withCode());
  sayHello();
}

void Dialogue::sayHello() { say(Command::ehlo, (lmtp() ? "LHLO " : "EHLO ") + settings_.ehlo); }

// A server of RFC 821 does not know EHLO: RFC 5321 section 4.1.1.1, last paragraph but one.
void Dialogue::hello(const Reply& reply, Command command) {
  if (command == Command::ehlo && reply.permanent() && !lmtp())
    return say(Command::helo, "HELO " + settings_.ehlo);
  if (!reply.positive())
    throw Failure(ExitStatus::unavailable, "The server refuses the session: " + reply.withCode());
  if (command == Command::ehlo) extensions_ = Extensions::parse(reply);
  if (!encrypt()) logIn();
}

// Says STARTTLS if it is due.
bool Dialogue::encrypt() {
  if (encrypted_ || settings_.security == Security::none) return false;
  if (extensions_.startTls) {
    say(Command::startTls, "STARTTLS");
    return true;
  }
  if (settings_.security == Security::required)
    throw Failure(ExitStatus::noPermission,
                  "The server does not offer STARTTLS, which deliver-tls = required asks for");
  log_(LogLevel::debug, "The server does not offer STARTTLS: going on in clear");
  return false;
}

// What offered STARTTLS and does not do it is never spoken to in clear: somebody in between may be the cause.
void Dialogue::agreed(const Reply& reply) {
  if (!reply.positive()) refused(reply, "The server refuses STARTTLS: " + reply.withCode());
  handshakeDue_ = true;
}

// RFC 3207 section 4.2: what was learnt before MUST be discarded.
void Dialogue::secured() {
  handshakeDue_ = false;
  encrypted_ = true;
  extensions_ = {};
  sayHello();
}

void Dialogue::logIn() {
  ready_ = settings_.username.empty();
  if (ready_) return;
  if (!encrypted_)
    throw Failure(ExitStatus::noPermission,
                  "The server does not offer STARTTLS, and the password is not sent in clear");
  authentication_.emplace(settings_, extensions_.auth, bindings_);
  sayHidden(authentication_->command());
}

// The buffer is empty, and does not grow with a secret in it: that would leave a copy behind.
void Dialogue::sayHidden(const Authentication::Line& line) {
  std::string_view hidden = line.hidden.reveal();
  if (settings_.debug > 1 || hidden.empty())
    logCommand(line.shown + std::string(hidden));
  else
    logCommand(line.shown + "[REDACTED]");
  out_.reserve(line.shown.size() + hidden.size() + 2);
  out_.append(line.shown).append(hidden).append("\r\n");
  secrets_ = true;
  expect({Command::auth});
}

void Dialogue::authenticated(const Reply& reply) {
  if (reply.intermediate()) {
    auto line = authentication_->respond(reply.text());
    if (!line)
      throw Failure(ExitStatus::protocol, "The server asks on although AUTH has been answered in full");
    return sayHidden(*line);
  }
  if (!reply.positive())
    refused(reply, authentication_->censored("The server refuses the login of " + settings_.username + ": " +
                                             reply.withCode()));
  authentication_->accepted();
  authentication_.reset();
  ready_ = true;
}

}  // namespace interimap
