// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: a server of few words.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

namespace interimap::test {

// The server says, and then hears until the client has said that.
struct Turn {
  std::string says, hears;
};
using Script = std::vector<Turn>;

// Plays the server, in clear or through TLS. False if the client left, or said something else.
bool follow(const Script& script, int socket);
bool follow(const Script& script, SSL* ssl);

inline Script operator+(Script a, const Script& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline const Script kGreeting = {{"220 hi\r\n", "EHLO me.example\r\n"}};
inline const Script kMailAndQuit = {{"250 mx\r\n", "MAIL FROM:<alice@example>\r\n"},
                                    {"250 ok\r\n", "RCPT TO:<bob>\r\n"},
                                    {"250 ok\r\n", "DATA\r\n"},
                                    {"354 go\r\n", "secret body\r\n.\r\n"},
                                    {"250 ok\r\n", "QUIT\r\n"},
                                    {"221 bye\r\n", ""}};
// CHUNKING has to be forgotten.
inline const Script kStartTls =
    kGreeting + Script{{"250-mx\r\n250-CHUNKING\r\n250 STARTTLS\r\n", "STARTTLS\r\n"}};
inline const Script kGo = kStartTls + Script{{"220 go\r\n", ""}};
inline const Script kHelloAgain = {{"", "EHLO me.example\r\n"}};

}  // namespace interimap::test
