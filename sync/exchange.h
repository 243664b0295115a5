// Waiting: one poll over the channels to launch and to the nets. Whoever waits for one reply serves them all,
// so nobody blocks on a full channel while its peer does the same.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "ipc/reporter.h"

namespace interimap {

class Server;

// launch asked us to stop (SIGTERM). Whatever was on its way is left to the journal.
struct Stopped {};

class Exchange {
 public:
  explicit Exchange(Reporter& launch) : launch_(launch) {}
  virtual ~Exchange() = default;
  void add(Server& server) { servers_.push_back(&server); }

  // Waits until something moves, and handles it. Throws Stopped, PeerGone, PeerViolation.
  virtual void turn();
  // Serves everybody for so long. Ends early when `until` holds, if given.
  virtual void pause(std::chrono::milliseconds duration, const std::function<bool()>& until = {});

 private:
  void wait(int milliseconds);  // -1: until something moves

  Reporter& launch_;
  std::vector<Server*> servers_;
};

}  // namespace interimap
