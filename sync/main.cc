// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// sync: owns the state; decides what is to be done on both servers, or what is to be delivered.
//
// Sees    what the nets say of mailboxes and messages: names, UIDs, flags, dates, sizes. Never a body.
// Holds   descriptor 3, the channel to launch; 4 and 5, those to the local and the remote net, and to more
//         nets that launch sends; the database; a timer. For pullimap 4 alone, and the channels to delivery
//         that launch sends.
// May     read and write in the database's directory, use those descriptors, pass bodies on from one to the
//         other. It locks itself in before it opens the database.
// Never   opens a socket, starts a program, maps a message body.
// Ends    when the run is done, or with launch or one of the nets.
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "ipc/failure.h"
#include "ipc/last_success.h"
#include "ipc/worker.h"
#include "sandbox/sandbox.h"
#include "store/pull_state.h"
#include "store/store.h"
#include "sync/check.h"
#include "sync/peers/suspension.h"
#include "sync/pull/pull.h"
#include "sync/pull/pull_check.h"
#include "sync/pull/pull_mailboxes.h"
#include "sync/report/status.h"
#include "sync/rounds.h"

namespace interimap {
namespace {

constexpr int kLocal = Channel::kFirstPeer, kRemote = Channel::kFirstPeer + 1;

// Octets. What lists of a million messages took goes back to the system as soon as they are gone; left to
// itself, malloc learns from the first of them to keep it.
constexpr int kLargeBlock = 1 << 20;

constexpr int kTriesToLook = 10;  // a second between them

// Where the directory is to be found from then on.
std::string lockIn(const std::string& user, const std::string& directory, Log& log) {
  store::Store::prime();
  sandbox::Cell cell{sandbox::Role::sync, user, directory, sandbox::kObituary};
  sandbox::Confinement confinement = sandbox::lockIn(cell);
  log.debug(About::run(), "sync: " + confinement.text);
  return confinement.directory;
}

// A commit of the database is a write like any other.
store::Seam throughSeam(Seam& seam) {
  return [&](const char*, bool after) { after ? seam.after() : seam.before(); };
}

bool hasContent(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && status.st_size > 0;
}

// Somebody who is at work on it holds it for a while.
std::unique_ptr<store::Store> look(const std::string& directory, const settings::Sync& settings,
                                   Exchange& exchange) {
  const std::string shown = settings.databaseDirectory + "/" + settings.databaseName;
  for (int tries = 0;; ++tries) {
    try {
      return std::make_unique<store::Store>(store::ToLook{}, directory, settings.databaseName, shown);
    } catch (const Failure& failure) {
      if (failure.status != ExitStatus::tryAgain || tries == kTriesToLook) throw;
    }
    exchange.pause(std::chrono::seconds(1));
  }
}

// Whether there is anything to tell of.
bool tellsNothing(const std::string& directory, const std::string& name, const std::string& shown,
                  Reporter& launch) {
  if (hasContent(directory + "/" + name)) return false;
  launch.report({Locked{}});
  tellNothing(shown + "/" + name, launch);
  return true;
}

void tell(const settings::Sync& settings, Reporter& launch, Log& log) {
  std::string directory = lockIn(settings.user, settings.databaseDirectory, log);
  if (tellsNothing(directory, settings.databaseName, settings.databaseDirectory, launch)) return;
  Exchange exchange(launch);
  auto store = look(directory, settings, exchange);
  launch.report({Locked{}});
  tellStatus(*store, LastSuccess(directory, settings.databaseName).time(), launch);
}

void check(const settings::Sync& settings, Reporter& launch, Log& log) {
  std::string directory = lockIn(settings.user, settings.databaseDirectory, log);
  Seam seam(0, false);
  CheckExchange exchange(launch);
  Server local(Side::local, Channel(Descriptor(kLocal)), exchange, seam, Server::Loss::isBearable),
      remote(Side::remote, Channel(Descriptor(kRemote)), exchange, seam, Server::Loss::isBearable);
  // Where there is no such directory the name is that of the whole path.
  bool anywhere = !settings.databaseDirectory.empty();
  Check::OpenStore open;
  if (anywhere && hasContent(directory + "/" + settings.databaseName))
    open = [&] { return look(directory, settings, exchange); };
  std::string path = (anywhere ? settings.databaseDirectory + "/" : "") + settings.databaseName;
  log.worsen(Check(settings, path, open, {&local, &remote}, exchange, launch, log).run());
}

void synchronise(const settings::Sync& settings, Reporter& launch, Log& log) {
  if (settings.errand == settings::Errand::status) return tell(settings, launch, log);
  if (settings.errand == settings::Errand::check) return check(settings, launch, log);
  Awakening awakening;
  awakening.moveTo(sandbox::kAwakening);
  std::string directory = lockIn(settings.user, settings.databaseDirectory, log);
  Seam seam(settings.stopAtWrite, settings.stopAfterWrite);
  Exchange exchange(launch);
  exchange.add(awakening);
  Server local(Side::local, Channel(Descriptor(kLocal)), exchange, seam),
      remote(Side::remote, Channel(Descriptor(kRemote)), exchange, seam);
  Connections connections({&local, &remote}, {settings.of.local.connections, settings.of.remote.connections},
                          exchange, launch, seam);
  bool create = true;
  LastSuccess lastSuccess(directory, settings.databaseName);
  Rounds(settings, connections, exchange, seam, launch, log, lastSuccess, [&] {
    std::string path = directory + "/" + settings.databaseName;
    // --dry-run without a database looks at an empty one.
    if (settings.dryRun && !hasContent(path)) return std::make_unique<store::Store>(throughSeam(seam));
    return std::make_unique<store::Store>(directory, settings.databaseName, std::exchange(create, false),
                                          throughSeam(seam),
                                          settings.databaseDirectory + "/" + settings.databaseName);
  }).run();
}

void check(const settings::Pull& settings, const std::string& directory, Reporter& launch, Log& log) {
  Seam seam(0, false);
  Exchange exchange(launch);
  Server server(Side::remote, Channel(Descriptor(Channel::kFirstPeer)), exchange, seam,
                Server::Loss::isBearable);
  log.worsen(PullCheck(settings, directory, server, exchange, launch, log).run());
}

void pull(const settings::Pull& settings, Reporter& launch, Log& log) {
  if (settings.mailboxes.empty()) throw PeerViolation("launch names no mailbox to pull from");
  std::string directory = lockIn(settings.user, settings.stateDirectory, log);
  if (settings.errand == settings::Pull::Errand::check) return check(settings, directory, launch, log);
  bool asked = settings.errand == settings::Pull::Errand::status;
  if (asked && tellsNothing(directory, settings.stateName, settings.stateDirectory, launch)) return;
  Seam seam(settings.stopAtWrite, settings.stopAfterWrite);
  store::PullState state(directory, settings.stateName, settings.createState, firstMailbox(settings),
                         throughSeam(seam), settings.stateDirectory + "/" + settings.stateName);
  if (state.importNotice()) log.notice(About::run(), *state.importNotice());
  launch.report({Locked{}});
  if (settings.errand == settings::Pull::Errand::exportState)
    return Pull::exportState(settings, state, launch);
  if (asked) return tellStatus(state, hasPatterns(settings) ? state.mailboxes() : settings.mailboxes, launch);
  Exchange exchange(launch);
  Server server(Side::remote, Channel(Descriptor(Channel::kFirstPeer)), exchange, seam);
  Pull(settings, server, exchange, launch, log, seam, state, [] { return std::time(nullptr); }).run();
}

void work(Reporter& launch, Log& log) {
  Order order = launch.await();
  if (auto* two = std::get_if<settings::Sync>(&order.what)) return synchronise(*two, launch, log);
  if (auto* one = std::get_if<settings::Pull>(&order.what)) return pull(*one, launch, log);
  throw PeerViolation("launch sent an order that is not due");
}

// Says what ended the run, if it was not its natural end.
ExitStatus workOrSayWhyNot(Reporter& launch, Log& log) {
  try {
    work(launch, log);
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
  } catch (const std::bad_alloc&) {
    log.error(About::run(), std::string("sync: ") + kOutOfMemory, ExitStatus::tryAgain);
    return ExitStatus::tryAgain;
  } catch (const std::exception& error) {  // the sandbox cannot be put in force, a bug
    log.error(About::run(), std::string("sync: ") + error.what(), ExitStatus::internal);
  }
  return ExitStatus::internal;
}

int run() {
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  try {
    Reporter launch{Channel(Descriptor(Channel::kToLaunch))};
    Log log(launch);
    ExitStatus status = workOrSayWhyNot(launch, log);
    launch.end(status);
    return static_cast<int>(status);
  } catch (const PeerGone&) {
    return static_cast<int>(ExitStatus::unavailable);  // launch knows why
  }
}

}  // namespace
}  // namespace interimap

int main() { return interimap::run(); }
