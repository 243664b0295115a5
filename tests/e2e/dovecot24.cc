// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/dovecot24.h"

#include <poll.h>
#include <signal.h>

#include <chrono>
#include <stdexcept>

#include "tests/e2e/dovecot.h"
#include "tests/e2e/port.h"

namespace interimap::bed {
namespace {

constexpr auto kStartTimeout = std::chrono::seconds(20);

}  // namespace

void Dovecot24::writeConfiguration() const {
  const MailUser& user = mailUser();
  const std::string d = debian_.inside(directory_), uid = std::to_string(user.uid),
                    gid = std::to_string(user.gid);
  std::string users;
  for (const std::string name : {"alice", "bob"}) {
    users += name + ":{PLAIN}" + kPassword + ":" + uid + ":" + gid + "::" + d + "/home/" + name + "::\n";
  }
  writeFile(directory_ / "users", users);
  writeFile(directory_ / "dovecot.conf",
            "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.0\nbase_dir = " + d +
                "/run\nstate_dir = " + d + "/state\nlog_path = " + d +
                "/log\nprotocols = imap\nlisten = 127.0.0.1\nssl = no\nauth_allow_cleartext = yes\n"
                "default_internal_user = " +
                user.name + "\ndefault_internal_group = " + user.group +
                "\ndefault_login_user = " + user.name +
                "\nfirst_valid_uid = 0\nfirst_valid_gid = 0\nmail_driver = " + options_.mailDriver +
                "\nmail_path = ~/" + options_.mailDriver +
                "\n"
                "mail_fsync = never\nmail_max_userip_connections = 0\nmail_utf8_extensions = yes\n"
                "auth_mechanisms = plain login scram-sha-256\nauth_failure_delay = 0\n"
                "namespace inbox {\n inbox = yes\n separator = \"" +
                options_.delimiter +
                "\"\n}\n"
                "passdb passwd-file {\n passwd_file_path = " +
                d + "/users\n}\nuserdb passwd-file {\n passwd_file_path = " + d +
                "/users\n}\nservice anvil {\n chroot =\n}\nservice stats {\n chroot =\n}\n"
                "service imap-login {\n chroot =\n inet_listener imap {\n port = " +
                std::to_string(imap_) + "\n }\n inet_listener imaps {\n port = 0\n }\n}\n");
}

Dovecot24::Dovecot24(const Debian13& debian, const fs::path& directory, Dovecot24Options options)
    : debian_(debian), directory_(makeDirectory(directory)), options_(std::move(options)), imap_(freePort()) {
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
