// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// net: one connection to one IMAP server.
//
// Sees    every byte the server sends; the account's password, until login is done.
// Holds   descriptor 3, the channel to launch, 4, the channel to sync, and the server's socket.
// May     first: load CA certificates; resolve, connect or start the tunnel command;
//         then:  read, write and poll those three descriptors, create pipes and memfds, and ask how
//         the command of a tunnel has ended.
//         It locks itself in between, before any byte of SOCKS, TLS or IMAP is read.
// Never   sees the other account; decides what to synchronise.
// Ends    with its connection, or when sync ends. Reconnecting is a new process.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ipc/checked.h"
#include "ipc/failure.h"
#include "ipc/worker.h"
#include "net/session.h"
#include "net/wire/endpoint.h"
#include "sandbox/sandbox.h"

using namespace interimap;

namespace {

// What a command is given to end after its connection.
constexpr std::chrono::milliseconds kUntilItEnds{1000};

// A failure of the connection may be one of the command that made it. It must not have ended because of us:
// the session, and with it the connection, is still there.
void serve(Session& session, std::optional<TunnelProcess>& command) {
  try {
    session.serve();
  } catch (const Failure& failure) {
    bool lost = failure.status == ExitStatus::unavailable || failure.status == ExitStatus::protocol;
    if (!command || !lost) throw;
    throw Failure(failure.status, failure.what() + command->end(kUntilItEnds));
  }
}

void live(Reporter& launch) {
  Channel sync{Descriptor(Channel::kFirstPeer)};
  settings::Net settings = awaitSettings<settings::Net>(launch);
  Log log = [&launch](LogLevel level, const std::string& text) { launch.log(level, text); };
  Passed passed = passedTo(launch, settings.check);
  std::unique_ptr<TlsContext> tls = prepareTls(settings, log, passed);  // while sync opens the database
  settings.keyPassword.wipe();
  if (!awaitGo(launch)) return;

  Opened opened = openEndpoint(settings, std::move(tls), passed);
  Endpoint& endpoint = opened.endpoint;
  MessageHeader header;
  log(LogLevel::debug,
      "net: " + sandbox::lockIn({sandbox::Role::net, settings.user, {}, sandbox::kObituary}).text);

  auto startTls = [&](std::unique_ptr<Stream> stream) { return endpoint.startTls(std::move(stream)); };
  Session session(settings, endpoint.greet(), startTls, launch, sync, header);
  serve(session, opened.command);
}

}  // namespace

int main() { return runWorker(live); }
