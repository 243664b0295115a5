// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A private Dovecot, the one that is installed, on free loopback ports, in the foreground of a process group
// of its own. Any user name exists, with the password kPassword and the home directory `home(user)`; nothing
// is shared between users.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/e2e/directory.h"
#include "tests/e2e/dovecot_configuration.h"
#include "tests/e2e/imap_client.h"
#include "tests/e2e/process.h"

namespace interimap::bed {

class Dovecot {
 public:
  Dovecot(const fs::path& directory, DovecotOptions options = {});  // up and listening

  std::uint16_t imap() const { return imap_; }    // cleartext, with STARTTLS if there is a certificate
  std::uint16_t imaps() const { return imaps_; }  // only with a certificate

  void stop() { master_.end(); }  // SIGKILL, to every process of it
  void shutDown();                // as an administrator does
  void start();                   // again, after one of these
  void restart();

  ImapClient client(const std::string& user) const { return ImapClient(imap_, user, kPassword); }
  std::string tunnelCommand(const std::string& user) const;  // PREAUTH on stdio, for type=tunnel
  Outcome doveadm(std::vector<std::string> arguments, const std::string& input = "") const;
  fs::path home(const std::string& user) const { return directory_ / "home" / user; }
  fs::path configuration() const { return directory_ / "dovecot.conf"; }

  // `to` begins as a copy of `from`. Nobody may be logged in as either.
  void copyUser(const std::string& from, const std::string& to) const;
  void removeUser(const std::string& user) const { fs::remove_all(home(user)); }

  // Until no session is left: a client that died may have one that is still writing.
  void waitUntilIdle() const;

  std::string log() const { return readFile(directory_ / "log"); }

 private:
  void writeConfiguration() const;

  fs::path directory_;
  DovecotOptions options_;
  std::uint16_t imap_ = 0, imaps_ = 0;
  BackgroundProcess master_;
};

}  // namespace interimap::bed
