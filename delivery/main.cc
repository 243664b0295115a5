// delivery: one connection to one SMTP or LMTP server.
//
// Sees    every octet the server sends; envelopes, and messages on their way to it.
// Holds   descriptor 3, the channel to launch; 4, the channel to sync; the server's socket.
// May     first: resolve and connect, once sync has something to deliver;
//         then:  read, write and poll those three descriptors, read sealed memfds.
//         It locks itself in between, before any byte of the server is read or one of sync's looked into.
// Never   sees the IMAP account or the state; decides what is delivered, or whether again.
// Ends    with its connection. Reconnecting is a new process.
#include <signal.h>

#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "delivery/endpoint.h"
#include "delivery/service.h"
#include "delivery/socket.h"
#include "ipc/failure.h"
#include "ipc/reporter.h"
#include "sandbox/sandbox.h"

using namespace interimap;

namespace {

settings::Delivery awaitSettings(Reporter& launch) {
  Order order = launch.await();
  if (auto* settings = std::get_if<settings::Delivery>(&order.what)) return std::move(*settings);
  throw PeerViolation("launch sent something else than settings");
}

// False: launch says Stop instead.
bool awaitGo(Reporter& launch) {
  Order order = launch.await();
  if (std::holds_alternative<Go>(order.what)) return true;
  if (std::holds_alternative<Stop>(order.what)) return false;
  throw PeerViolation("launch sent something else than Go");
}

void deliver(Service& service, const settings::Delivery& settings, Reporter& launch) {
  if (!service.awaitRequest()) return;
  auto stream = std::make_unique<SocketStream>(connectTo(settings));
  auto confinement = sandbox::lockIn({sandbox::Role::delivery, settings.user, "", sandbox::kObituary});
  launch.log(LogLevel::debug, "Connected to " + endpointText(settings) + "; " + confinement.text);
  service.serve(std::move(stream));
}

void live(Reporter& launch) {
  Channel sync{Descriptor(Channel::kFirstPeer)};
  settings::Delivery settings = awaitSettings(launch);
  if (!awaitGo(launch)) return;
  Service service(settings, launch, std::move(sync));
  try {
    deliver(service, settings, launch);
  } catch (const PeerGone&) {
    throw;
  } catch (const PeerViolation&) {
    throw;
  } catch (const std::exception& failure) {
    service.abandon(failure.what());  // sync shall know what came of its messages, whatever went wrong
    throw;
  }
}

ExitStatus report(Reporter& launch, ExitStatus status, const std::string& why) {
  launch.log(status == ExitStatus::ok ? LogLevel::info : LogLevel::error, why);
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
