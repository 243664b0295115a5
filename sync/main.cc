// sync: owns the state; decides what is to be done on both servers.
//
// Sees    what the nets say of mailboxes and messages: names, UIDs, flags, dates, sizes. Never a body.
// Holds   descriptor 3, the channel to launch; 4 and 5, those to the local and the remote net; the database.
// May     read and write in the database's directory, use those descriptors, pass bodies on from one to the
// other.
//         It locks itself in before it opens the database.
// Never   opens a socket, starts a program, maps a message body.
// Ends    when the run is done, or with launch or one of the nets.
#include <unistd.h>

#include <exception>
#include <memory>

#include "ipc/failure.h"
#include "sandbox/sandbox.h"
#include "store/store.h"
#include "sync/rounds.h"

namespace interimap {
namespace {

constexpr int kLocal = Channel::kFirstPeer, kRemote = Channel::kFirstPeer + 1;

void synchronise(Reporter& launch, Log& log) {
  Order order = launch.await();
  auto* settings = std::get_if<settings::Sync>(&order.what);
  if (settings == nullptr) throw PeerViolation("launch sent an order that is not due");

  store::Store::prime();
  sandbox::Cell cell{sandbox::Role::sync, settings->user, settings->databaseDirectory, sandbox::kObituary};
  sandbox::Confinement confinement = sandbox::lockIn(cell);
  log.debug(About::run(), "sync: " + confinement.text);

  Seam seam(settings->stopAtWrite, settings->stopAfterWrite);
  Exchange exchange(launch);
  Server local(Side::local, Channel(Descriptor(kLocal)), exchange, seam),
      remote(Side::remote, Channel(Descriptor(kRemote)), exchange, seam);
  bool create = settings->createDatabase;
  Rounds(*settings, {&local, &remote}, exchange, launch, log, [&] {
    std::string path = confinement.directory + "/" + settings->databaseName;
    // --dry-run without a database looks at an empty one, which is gone before anything is done.
    bool borrowed = settings->dryRun && access(path.c_str(), F_OK) != 0;
    std::string name = settings->databaseName + (borrowed ? ".dry-run" : "");
    auto store = std::make_unique<store::Store>(
        confinement.directory, name, create || borrowed,
        [&](const char*, bool after) { after ? seam.after() : seam.before(); });
    if (borrowed) unlink((path + ".dry-run").c_str());
    create = false;
    return store;
  }).run();
}

// Says what ended the run, if it was not its natural end.
ExitStatus synchroniseOrSayWhyNot(Reporter& launch, Log& log) {
  try {
    synchronise(launch, log);
    return log.status();
  } catch (const Stopped&) {
    return ExitStatus::ok;
  } catch (const PeerGone&) {
    throw;
  } catch (const AboutFailure& failure) {
    log.error(failure.of, failure.what(), failure.status);
    return failure.status;
  } catch (const Failure& failure) {
    log.error(About::run(), failure.what(), failure.status);
    return failure.status;
  } catch (const PeerViolation& violation) {
    log.error(About::run(), std::string("a worker broke the protocol: ") + violation.what(),
              ExitStatus::internal);
  } catch (const std::exception& error) {  // the sandbox cannot be put in force, memory is short, a bug
    log.error(About::run(), std::string("sync: ") + error.what(), ExitStatus::internal);
  }
  return ExitStatus::internal;
}

int run() {
  try {
    Reporter launch{Channel(Descriptor(Channel::kToLaunch))};
    Log log(launch);
    ExitStatus status = synchroniseOrSayWhyNot(launch, log);
    launch.end(status);
    return static_cast<int>(status);
  } catch (const PeerGone&) {
    return static_cast<int>(ExitStatus::unavailable);  // launch knows why
  }
}

}  // namespace
}  // namespace interimap

int main() { return interimap::run(); }
