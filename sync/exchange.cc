#include "sync/exchange.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "ipc/failure.h"
#include "sync/server.h"

namespace interimap {

void Exchange::turn() {
  std::vector<pollfd> waits{
      {launch_.fd(), static_cast<short>(POLLIN | (launch_.sending() ? POLLOUT : 0)), 0}};
  for (Server* server : servers_)
    waits.push_back({server->channel().fd(),
                     static_cast<short>(POLLIN | (server->channel().sending() ? POLLOUT : 0)), 0});
  if (poll(waits.data(), waits.size(), -1) < 0) {
    if (errno == EINTR) return;
    throw Failure(ExitStatus::internal, std::string("poll: ") + strerror(errno));
  }
  if (waits[0].revents & POLLOUT) launch_.flush();
  if (waits[0].revents & ~POLLOUT) {
    while (auto order = launch_.poll()) {
      if (!std::holds_alternative<Stop>(order->what))
        throw PeerViolation("launch sent an order that is not due");
      throw Stopped();
    }
  }
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (waits[i + 1].revents & POLLOUT) servers_[i]->channel().flush();
    if (waits[i + 1].revents & ~POLLOUT) servers_[i]->receive();
  }
}

}  // namespace interimap
