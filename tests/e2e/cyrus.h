// A private Cyrus 3.6 on free loopback ports. Its packages conflict with Dovecot's, so they are downloaded
// once and unpacked into a cache: $XDG_CACHE_HOME/interimap-tests, ~/.cache/interimap-tests, or for root
// /var/cache/interimap-tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/e2e/directory.h"
#include "tests/e2e/imap_client.h"
#include "tests/e2e/process.h"

namespace interimap::bed {

class Cyrus {
 public:
  // Where the unpacked programs are; none, and why on stderr, if they cannot be had.
  static std::optional<fs::path> programs();

  // Users alice and bob, kPassword. Delimiter "/", INBOX beside the others.
  Cyrus(const fs::path& programs, const fs::path& directory);

  std::uint16_t imap() const { return imap_; }  // cleartext
  ImapClient client(const std::string& user) const;

 private:
  Outcome execute(std::vector<std::string> arguments, const std::string& input = "") const;
  Command command(std::vector<std::string> arguments) const;
  void writeConfiguration() const;

  fs::path programs_, directory_;
  std::uint16_t imap_ = 0;
  BackgroundProcess master_;
};

}  // namespace interimap::bed
