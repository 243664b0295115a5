// net: one connection to one IMAP server.
//
// Sees    every byte the server sends; the account's password, until login is done.
// Holds   descriptor 3, the channel to launch, 4, the channel to sync, and the server's socket.
// May     first: resolve, connect or start the tunnel command, load CA certificates;
//         then:  read, write and poll those three descriptors, create memfds.
//         It locks itself in between, before any byte of SOCKS, TLS or IMAP is read.
// Never   sees the other account; decides what to synchronise.
// Ends    with its connection, or when sync ends. Reconnecting is a new process.
#include <signal.h>

#include <memory>
#include <string>
#include <variant>

#include "ipc/failure.h"
#include "ipc/reporter.h"
#include "net/endpoint.h"
#include "net/session.h"
#include "sandbox/sandbox.h"

using namespace interimap;

namespace {

settings::Net awaitSettings(Reporter& launch) {
  Order order = launch.await();
  if (auto* settings = std::get_if<settings::Net>(&order.what)) return std::move(*settings);
  throw PeerViolation("launch sent something else than settings");
}

// False: launch says Stop instead.
bool awaitGo(Reporter& launch) {
  Order order = launch.await();
  if (std::holds_alternative<Go>(order.what)) return true;
  if (std::holds_alternative<Stop>(order.what)) return false;
  throw PeerViolation("launch sent something else than Go");
}

void live(Reporter& launch) {
  Channel sync{Descriptor(Channel::kFirstPeer)};
  settings::Net settings = awaitSettings(launch);
  if (!awaitGo(launch)) return;

  Log log = [&launch](LogLevel level, const std::string& text) { launch.log(level, text); };
  Endpoint endpoint = Endpoint::open(settings, log);
  MessageHeader header;
  log(LogLevel::debug,
      "net: " + sandbox::lockIn({sandbox::Role::net, settings.user, {}, sandbox::kObituary}).text);

  auto startTls = [&](std::unique_ptr<Stream> stream) { return endpoint.startTls(std::move(stream)); };
  Session session(settings, endpoint.greet(), startTls, launch, sync, header);
  session.serve();
}

ExitStatus report(Reporter& launch, ExitStatus status, const std::string& why) {
  launch.log(LogLevel::error, why);
  return status;
}

ExitStatus outcome(Reporter& launch) {
  try {
    live(launch);
    return ExitStatus::ok;
  } catch (const PeerGone&) {
    return ExitStatus::ok;  // sync ended, or launch did: either knows why
  } catch (const Failure& failure) {
    return report(launch, failure.status, failure.what());
  } catch (const PeerViolation& violation) {
    return report(launch, ExitStatus::internal,
                  std::string("protocol between processes: ") + violation.what());
  } catch (const std::exception& error) {
    return report(launch, ExitStatus::internal, error.what());
  }
}

}  // namespace

int main() {
  signal(SIGINT, SIG_IGN);  // Ctrl-C reaches the whole group; launch decides
  signal(SIGPIPE, SIG_IGN);
  Reporter launch{Channel(Descriptor(Channel::kToLaunch))};
  try {
    ExitStatus status = outcome(launch);
    launch.end(status);
    return static_cast<int>(status);
  } catch (const PeerGone&) {
    return 0;  // launch is gone
  }
}
