// net: one connection to one IMAP server.
//
// Sees    every byte the server sends; the account's password, until login is done.
// Holds   descriptor 3, the channel to launch, 4, the channel to sync, and the server's socket.
// May     first: resolve, connect or start the tunnel command, load CA certificates;
//         then:  read, write and poll those three descriptors, create memfds.
//         It locks itself in between, before any byte of SOCKS, TLS or IMAP is read.
// Never   sees the other account; decides what to synchronise.
// Ends    with its connection, or when sync ends. Reconnecting is a new process.
#include <memory>
#include <string>

#include "ipc/worker.h"
#include "net/endpoint.h"
#include "net/session.h"
#include "sandbox/sandbox.h"

using namespace interimap;

namespace {

void live(Reporter& launch) {
  Channel sync{Descriptor(Channel::kFirstPeer)};
  settings::Net settings = awaitSettings<settings::Net>(launch);
  if (!awaitGo(launch)) return;

  Log log = [&launch](LogLevel level, const std::string& text) { launch.log(level, text); };
  Endpoint endpoint = openEndpoint(settings, log);
  MessageHeader header;
  log(LogLevel::debug,
      "net: " + sandbox::lockIn({sandbox::Role::net, settings.user, {}, sandbox::kObituary}).text);

  auto startTls = [&](std::unique_ptr<Stream> stream) { return endpoint.startTls(std::move(stream)); };
  Session session(settings, endpoint.greet(), startTls, launch, sync, header);
  session.serve();
}

}  // namespace

int main() { return runWorker(live); }
