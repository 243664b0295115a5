#include "launch/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "ipc/failure.h"

namespace interimap {

Signals::Signals(std::function<void()> hangUp) : hangUp_(std::move(hangUp)) {
  sigset_t caught;
  sigemptyset(&caught);
  for (int each : {SIGTERM, SIGINT, SIGCHLD, SIGHUP}) {
    if (each == SIGHUP && !hangUp_) continue;
    sigaddset(&caught, each);
    signal(each, SIG_DFL);  // what is ignored would not be caught: a shell's "command &" ignores SIGINT
  }
  signal(SIGPIPE, SIG_IGN);
  sigprocmask(SIG_BLOCK, &caught, nullptr);
  fd_ = Descriptor(signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw Failure(ExitStatus::internal, "signalfd");
}

std::optional<Asked> Signals::next() {
  signalfd_siginfo each;
  while (read(fd_.get(), &each, sizeof each) == sizeof each) {
    switch (each.ssi_signo) {
      case SIGTERM: return Asked::terminate;
      case SIGINT: return Asked::interrupt;
      case SIGCHLD: return Asked::nothing;
      case SIGHUP: hangUp_(); break;
    }
  }
  return std::nullopt;
}

}  // namespace interimap
