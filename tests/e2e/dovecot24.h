// A private Dovecot 2.4 on a free loopback port: UTF8=ACCEPT, REPLACE, INPROGRESS, and an eye for what 2.3
// let pass.
#pragma once

#include <cstdint>
#include <string>

#include "tests/e2e/debian13.h"
#include "tests/e2e/imap_client.h"
#include "tests/e2e/process.h"

namespace interimap::bed {

class Dovecot24 {
 public:
  // Users alice and bob, kPassword. Delimiter "/". `directory` is in debian.servers().
  Dovecot24(const Debian13& debian, const fs::path& directory);

  std::uint16_t imap() const { return imap_; }  // cleartext
  ImapClient client(const std::string& user) const;

 private:
  void writeConfiguration() const;

  Debian13 debian_;
  fs::path directory_;
  std::uint16_t imap_ = 0;
  BackgroundProcess master_;
};

}  // namespace interimap::bed
