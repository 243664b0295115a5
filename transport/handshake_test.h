// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: one handshake with a server that shows this certificate, and what came of it.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ipc/failure.h"
#include "transport/socket.h"
#include "transport/tls.h"
#include "transport/tls_server_test.h"

namespace interimap::test {

struct Lines {
  std::vector<std::pair<LogLevel, std::string>> all;
  Log log() {
    return [this](LogLevel level, const std::string& text) { all.emplace_back(level, text); };
  }
  bool has(LogLevel level, const std::string& part) const {
    return std::any_of(all.begin(), all.end(), [&](const auto& line) {
      return line.first == level && line.second.find(part) != std::string::npos;
    });
  }
};

// One authority that is trusted, made once.
struct Bed {
  Identified authority = issue({.commonName = "Test CA", .authority = true});
  Identified good =
      issue({.alternativeNames = "DNS:localhost,DNS:*.example.test,IP:127.0.0.1,IP:::1"}, &authority);
  Directory directory;
  std::string caFile = directory.write("ca.pem", pem(authority));
  settings::Tls trusting() const {
    settings::Tls tls;
    tls.caFile = caFile;
    return tls;
  }
};
inline Bed& bed() {
  static Bed made;
  return made;
}

struct Outcome {
  std::optional<ExitStatus> failed;
  std::string text;     // why
  std::string version;  // as logged
  Lines lines;
  bool serverShookHands = false;
  std::string serverName;
};

inline Outcome connect(const settings::Tls& tls, const Identified& server,
                       const std::string& host = "localhost", std::function<void(SSL_CTX*)> setUp = nullptr) {
  Outcome outcome;
  TlsServer peer(server, std::move(setUp), [](SSL* ssl) { SSL_write(ssl, "* OK\r\n", 6); });
  try {
    TlsContext context(tls, host, outcome.lines.log());
    auto stream = context.start(std::make_unique<SocketStream>(peer.client()), std::chrono::seconds(10));
    Patience patience(std::chrono::seconds(10), std::chrono::seconds(10));
    std::array<char, 100> buffer;
    Stream::Result result = stream->read(buffer);
    while (result.state == Stream::State::again && patience.await(*stream)) result = stream->read(buffer);
    CHECK(std::string(buffer.data(), result.size) == "* OK\r\n");
  } catch (const Failure& failure) {
    outcome.failed = failure.status;
    outcome.text = failure.what();
  }
  peer.join();
  outcome.serverShookHands = peer.shookHands();
  outcome.serverName = peer.serverName();
  return outcome;
}

inline void checkRefused(const Outcome& outcome, ExitStatus status, const std::string& part) {
  CAPTURE(outcome.text);
  REQUIRE(outcome.failed);
  CHECK(*outcome.failed == status);
  CHECK(outcome.text.find(part) != std::string::npos);
}

}  // namespace interimap::test
