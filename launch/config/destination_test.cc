// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/destination.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("destination: addresses, names and sockets") {
  struct {
    const char* text;
    bool lmtp;
    const char *host, *port;
  } table[] = {
      {"smtp:[127.0.0.1]:25", false, "127.0.0.1", "25"},
      {"lmtp:[::1]:24", true, "::1", "24"},
      {"smtp:[fe80::1%lo]:65535", false, "fe80::1%lo", "65535"},
      {"smtp:mail.example.net:587", false, "mail.example.net", "587"},
      {"smtp:localhost:submission", false, "localhost", "submission"},
      {"smtp:127.0.0.1:25", false, "127.0.0.1", "25"},
      {"lmtp:/run/dovecot/lmtp", true, "/run/dovecot/lmtp", ""},
      {"smtp:/a b:25", false, "/a b:25", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    auto destination = Destination::parse(row.text);
    REQUIRE(destination);
    CHECK(destination->lmtp == row.lmtp);
    CHECK(destination->host == row.host);
    CHECK(destination->port == row.port);
  }
}

TEST_CASE("destination: what is none") {
  for (std::string text : {"",
                           "smtp",
                           "smtp:",
                           "smtp:/",
                           "SMTP:[127.0.0.1]:25",
                           "esmtp:[127.0.0.1]:25",
                           "smtp:[127.0.0.1]",
                           "smtp:[127.0.0.1]:",
                           "smtp:[127.0.0.1]:0",
                           "smtp:[127.0.0.1]:65536",
                           "smtp:[127.0.0.1]:-1",
                           "smtp:[127.0.0.1]:2 5",
                           "smtp:[mail.example.net]:25",
                           "smtp:[]:25",
                           "smtp:::1:25",
                           "smtp::25",
                           "smtp:host",
                           "smtp:a b:25",
                           "smtp:run/lmtp:25",
                           "smtp:/run/\x01",
                           "smtp:a\x07:25"}) {
    CAPTURE(text);
    CHECK_FALSE(Destination::parse(text));
  }
}
