// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a soak needs of a server, whichever it is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tests/e2e/imap_client.h"

namespace interimap::soak {

struct Server {
  std::uint16_t imap = 0;
  std::function<bed::ImapClient(const std::string& user)> client;
  std::function<void()> kill, shutDown, start;
  std::function<std::string()> log;

  template <typename T>
  static Server of(std::shared_ptr<T> server) {
    return {server->imap(),
            [server](const std::string& user) { return server->client(user); },
            [server] { server->stop(); },
            [server] { server->shutDown(); },
            [server] { server->start(); },
            [server] { return server->log(); }};
  }
};

}  // namespace interimap::soak
