// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/worker.h"

#include <signal.h>

#include <exception>
#include <new>
#include <string>

namespace interimap {

namespace {

ExitStatus report(Reporter& launch, ExitStatus status, const std::string& why) {
  bool expected = status == ExitStatus::ok || status == kStale;
  launch.log(expected ? LogLevel::info : LogLevel::error, why);
  return status;
}

ExitStatus outcome(Reporter& launch, const std::function<void(Reporter&)>& live) {
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
  } catch (const std::bad_alloc&) {
    return report(launch, ExitStatus::tryAgain, kOutOfMemory);  // there may be more of it next time
  } catch (const std::exception& error) {
    return report(launch, ExitStatus::internal, error.what());
  }
}

}  // namespace

bool awaitGo(Reporter& launch) {
  Order order = launch.await();
  if (std::holds_alternative<Go>(order.what)) return true;
  if (std::holds_alternative<Stop>(order.what)) return false;
  throw PeerViolation("launch sent something else than Go");
}

int runWorker(const std::function<void(Reporter& launch)>& live) {
  signal(SIGINT, SIG_IGN);   // Ctrl-C reaches the whole group; launch decides
  signal(SIGPIPE, SIG_IGN);  // a peer that is gone is an error of write(2), which says why we end
  Reporter launch{Channel(Descriptor(Channel::kToLaunch))};
  try {
    ExitStatus status = outcome(launch, live);
    launch.end(status);
    return static_cast<int>(status);
  } catch (const PeerGone&) {
    return 0;  // launch is gone
  }
}

}  // namespace interimap
