// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// delivery: one connection to one SMTP or LMTP server.
//
// Sees    every octet the server sends; envelopes, and messages on their way to it; the password for it,
//         until login is done.
// Holds   descriptor 3, the channel to launch; 4, the channel to sync; the server's socket.
// May     first: resolve, connect, load CA certificates, once sync has something to deliver;
//         then:  read, write and poll those three descriptors, read sealed memfds.
//         It locks itself in between, before any byte of the server is read or one of sync's looked into.
// Never   sees the IMAP account or the state; decides what is delivered, or whether again.
// Ends    with its connection. Reconnecting is a new process.
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "delivery/endpoint.h"
#include "delivery/service.h"
#include "ipc/checked.h"
#include "ipc/worker.h"
#include "sandbox/sandbox.h"

using namespace interimap;

namespace {

void deliver(Service& service, settings::Delivery& settings, Reporter& launch) {
  Passed passed = passedTo(launch, settings.check, "delivery: ");
  if (settings.check)
    service.ask(settings, passed);
  else if (!service.awaitRequest())
    return;
  Log log = [&launch](LogLevel level, const std::string& text) { launch.log(level, text); };
  Endpoint endpoint = openEndpoint(settings, log, passed);
  settings.keyPassword.wipe();
  auto confinement = sandbox::lockIn({sandbox::Role::delivery, settings.user, "", sandbox::kObituary});
  log(LogLevel::debug, "Connected to " + endpointText(settings) + "; " + confinement.text);
  service.serve(endpoint.greet(),
                [&endpoint](std::unique_ptr<Stream> stream) { return endpoint.startTls(std::move(stream)); });
  service.requireAccepted();
}

void live(Reporter& launch) {
  Channel sync{Descriptor(Channel::kFirstPeer)};
  auto settings = awaitSettings<settings::Delivery>(launch);
  if (!awaitGo(launch)) return;
  Service service(settings, launch, std::move(sync));
  try {
    deliver(service, settings, launch);
  } catch (const PeerGone&) {
    throw;
  } catch (const PeerViolation&) {
    throw;
  } catch (const Failure& failure) {
    service.abandon(failure.what(), failure.status);  // sync shall know what came of its messages,
    throw;
  } catch (const std::exception& error) {
    service.abandon(error.what(), ExitStatus::internal);  // whatever went wrong
    throw;
  }
}

}  // namespace

int main() { return runWorker(live); }
