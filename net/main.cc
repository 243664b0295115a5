// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// net: one connection to one IMAP server.
//
// Sees    every byte the server sends; the account's password, until login is done.
// Holds   descriptor 3, the channel to launch, 4, the channel to sync, and the server's socket.
// May     first: load CA certificates; resolve, connect or start the tunnel command;
//         then:  read, write and poll those three descriptors, create pipes and memfds.
//         It locks itself in between, before any byte of SOCKS, TLS or IMAP is read.
// Never   sees the other account; decides what to synchronise.
// Ends    with its connection, or when sync ends. Reconnecting is a new process.
#include <memory>
#include <string>
#include <utility>

#include "ipc/worker.h"
#include "net/session.h"
#include "net/wire/endpoint.h"
#include "sandbox/sandbox.h"

using namespace interimap;

namespace {

void live(Reporter& launch) {
  Channel sync{Descriptor(Channel::kFirstPeer)};
  settings::Net settings = awaitSettings<settings::Net>(launch);
  Log log = [&launch](LogLevel level, const std::string& text) { launch.log(level, text); };
  std::unique_ptr<TlsContext> tls = prepareTls(settings, log);  // while sync opens the database
  if (!awaitGo(launch)) return;

  Endpoint endpoint = openEndpoint(settings, std::move(tls));
  MessageHeader header;
  log(LogLevel::debug,
      "net: " + sandbox::lockIn({sandbox::Role::net, settings.user, {}, sandbox::kObituary}).text);

  auto startTls = [&](std::unique_ptr<Stream> stream) { return endpoint.startTls(std::move(stream)); };
  Session session(settings, endpoint.greet(), startTls, launch, sync, header);
  session.serve();
}

}  // namespace

int main() { return runWorker(live); }
