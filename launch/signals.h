// The signals that launch acts on, as a descriptor to be polled.
#pragma once

#include <functional>
#include <optional>

#include "ipc/body.h"

namespace interimap {

// What the user asked for while the program ran.
enum class Asked { nothing, terminate, interrupt };

class Signals {
 public:
  // From here on SIGTERM, SIGINT and SIGCHLD come through the descriptor; SIGPIPE is ignored. SIGHUP calls
  // `hangUp` from within next(); without one it does what it always does: ends the program.
  explicit Signals(std::function<void()> hangUp = {});

  int fd() const { return fd_.get(); }
  // What each of the signals that have come asks for; Asked::nothing for a child that ended. std::nullopt:
  // no more.
  std::optional<Asked> next();

 private:
  std::function<void()> hangUp_;
  Descriptor fd_;
};

}  // namespace interimap
