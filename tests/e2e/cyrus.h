// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A private Cyrus on a free loopback port: 3.6 of Debian 12, or 3.10 of Debian 13. Debian's packages of it
// and of Dovecot conflict, so those of 3.6 are downloaded once and unpacked into a cache.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/e2e/debian13.h"
#include "tests/e2e/directory.h"
#include "tests/e2e/imap_client.h"
#include "tests/e2e/process.h"

namespace interimap::bed {

struct CyrusOptions {
  fs::path certificate = {}, key = {};  // empty: no TLS
  fs::path authority = {};              // whose certificates of clients it takes, by EXTERNAL
  std::string mechanisms = "PLAIN LOGIN";
};

class Cyrus {
 public:
  // Where the unpacked programs of 3.6 are; none, and why on stderr, if they cannot be had.
  static std::optional<fs::path> programs();

  // Users alice and bob, kPassword. Delimiter "/", INBOX beside the others.
  Cyrus(const fs::path& programs, const fs::path& directory, CyrusOptions options = {});  // 3.6
  // 3.10; in debian.servers()
  Cyrus(const Debian13& debian, const fs::path& directory, CyrusOptions options = {});

  std::uint16_t imap() const { return imap_; }    // cleartext, with STARTTLS if there is a certificate
  std::uint16_t imaps() const { return imaps_; }  // only with a certificate
  std::uint16_t lmtp() const { return lmtp_; }    // alice and bob may log in, and deliver
  ImapClient client(const std::string& user) const;

 private:
  void prepareAndStart();
  std::string tlsConfiguration() const;
  std::string seen(const fs::path& path) const;  // by Cyrus
  Outcome execute(std::vector<std::string> arguments, const std::string& input = "") const;
  Command command(std::vector<std::string> arguments) const;
  void writeConfiguration() const;

  std::optional<Debian13> debian_;
  fs::path programs_, directory_;  // its programs are in programs_/usr, as Cyrus sees that
  CyrusOptions options_;
  std::uint16_t imap_ = 0, imaps_ = 0, lmtp_ = 0;
  BackgroundProcess master_;
};

}  // namespace interimap::bed
