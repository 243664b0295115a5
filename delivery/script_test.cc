// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/script_test.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace interimap::test {

namespace {

// `read` and `write` as SSL_read and SSL_write.
template <class Read, class Write>
bool play(const Script& script, Read read, Write write) {
  std::array<char, 4096> buffer;
  for (const Turn& turn : script) {
    if (!turn.says.empty()) write(turn.says.data(), static_cast<int>(turn.says.size()));
    std::string heard;
    while (heard.size() < turn.hears.size()) {
      auto size = read(buffer.data(), static_cast<int>(buffer.size()));
      if (size <= 0) return false;
      heard.append(buffer.data(), static_cast<std::size_t>(size));
    }
    if (heard != turn.hears) return false;
  }
  return true;
}

}  // namespace

bool follow(const Script& script, int socket) {
  return play(
      script, [&](char* at, int most) { return ::read(socket, at, static_cast<std::size_t>(most)); },
      [&](const char* from, int size) { send(socket, from, static_cast<std::size_t>(size), MSG_NOSIGNAL); });
}

bool follow(const Script& script, SSL* ssl) {
  return play(
      script, [&](char* at, int most) { return SSL_read(ssl, at, most); },
      [&](const char* from, int size) { SSL_write(ssl, from, size); });
}

}  // namespace interimap::test
