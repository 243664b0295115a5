// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The configuration of a private Dovecot: 2.4, of Debian 13, has other words for it than 2.3, of Debian 12.
#pragma once

#include <cstdint>
#include <string>

#include "tests/e2e/directory.h"

namespace interimap::bed {

inline constexpr const char* kPassword = "sekrit";

struct DovecotOptions {
  char delimiter = '/';
  std::string mailLocation = "maildir:~/Maildir";  // sdbox:~/sdbox, mdbox:~/mdbox
  fs::path certificate = {}, key = {};             // empty: no TLS
  bool compress = false;                           // COMPRESS=DEFLATE
  bool acl = false;                                // files "dovecot-acl" say what who may
  std::string capabilities = {};                   // imap_capability; hidden ones still work
  std::string extra = {};                          // more configuration
  std::string extra24 = {};                        // in place of `extra` for 2.4, where its words differ
};

struct DovecotPlace {
  std::string directory;              // as the server sees it
  std::uint16_t imap = 0, imaps = 0;  // 0: not listened on
};

bool dovecotIs24();  // the one that is installed
std::string dovecot23Configuration(const DovecotOptions& options, const DovecotPlace& place);
std::string dovecot24Configuration(const DovecotOptions& options, const DovecotPlace& place);

}  // namespace interimap::bed
