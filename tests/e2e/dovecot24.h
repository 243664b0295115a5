// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A private Dovecot 2.4 on a free loopback port: UTF8=ACCEPT, REPLACE, INPROGRESS, and an eye for what 2.3
// let pass.
#pragma once

#include <cstdint>
#include <string>

#include "tests/e2e/debian13.h"
#include "tests/e2e/imap_client.h"
#include "tests/e2e/process.h"

namespace interimap::bed {

struct Dovecot24Options {
  char delimiter = '/';
  std::string mailDriver = "maildir";   // sdbox
  fs::path certificate = {}, key = {};  // copied into the tree; empty: no TLS
  std::string mechanisms = "plain login scram-sha-256";
};

class Dovecot24 {
 public:
  // Users alice and bob, kPassword. `directory` is in debian.servers().
  Dovecot24(const Debian13& debian, const fs::path& directory, Dovecot24Options options = {});

  std::uint16_t imap() const { return imap_; }  // cleartext
  std::uint16_t imaps() const { return imaps_; }
  void stop() { master_.end(); }  // SIGKILL, to every process of it
  void shutDown();                // as an administrator does
  void start();                   // again, after one of these
  std::string log() const { return readFile(directory_ / "log"); }
  ImapClient client(const std::string& user) const;

 private:
  void writeConfiguration() const;

  Debian13 debian_;
  fs::path directory_;
  Dovecot24Options options_;
  std::uint16_t imap_ = 0, imaps_ = 0;
  BackgroundProcess master_;
};

}  // namespace interimap::bed
