// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/dovecot24.h"

#include <poll.h>
#include <signal.h>

#include <chrono>
#include <stdexcept>

#include "tests/e2e/dovecot_configuration.h"
#include "tests/e2e/port.h"

namespace interimap::bed {
namespace {

constexpr auto kStartTimeout = std::chrono::seconds(20);

}  // namespace

void Dovecot24::writeConfiguration() const {
  DovecotOptions options{
      .delimiter = options_.delimiter,
      .mailLocation = options_.mailDriver + ":~/" + options_.mailDriver,
      .compress = true,
      .extra = "mail_utf8_extensions = yes\nauth_mechanisms = " + options_.mechanisms + "\n"};
  if (!options_.certificate.empty()) {
    writeFile(directory_ / "srv.pem", readFile(options_.certificate));
    writeFile(directory_ / "srv.key", readFile(options_.key));
    options.certificate = debian_.inside(directory_ / "srv.pem");
    options.key = debian_.inside(directory_ / "srv.key");
  }
  writeFile(directory_ / "dovecot.conf",
            dovecot24Configuration(options, {debian_.inside(directory_), imap_, imaps_}));
}

Dovecot24::Dovecot24(const Debian13& debian, const fs::path& directory, Dovecot24Options options)
    : debian_(debian),
      directory_(makeDirectory(directory)),
      options_(std::move(options)),
      imap_(freePort()),
      imaps_(options_.certificate.empty() ? 0 : freePort()) {
  makeDirectory(directory_ / "home");
  writeConfiguration();
  start();
}

void Dovecot24::shutDown() {
  master_.signal(SIGTERM);
  master_.wait(kStartTimeout);
}

void Dovecot24::start() {
  auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  // Login processes of an old instance may accept for a moment after their master has gone.
  while (accepts(imap_) && std::chrono::steady_clock::now() < deadline) poll(nullptr, 0, 5);
  master_ = BackgroundProcess(
      debian_.command({"/usr/sbin/dovecot", "-F", "-c", debian_.inside(directory_ / "dovecot.conf")}),
      directory_ / "stderr");
  while (!accepts(imap_)) {
    if (!master_.running() || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("Dovecot 2.4 does not start: " + readFile(directory_ / "stderr") + log());
    }
    poll(nullptr, 0, 10);
  }
}

ImapClient Dovecot24::client(const std::string& user) const { return ImapClient(imap_, user, kPassword); }

}  // namespace interimap::bed
