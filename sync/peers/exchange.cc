// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/exchange.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <algorithm>
#include <iterator>

#include "ipc/failure.h"
#include "sync/peers/connections.h"
#include "sync/peers/server.h"
#include "sync/peers/suspension.h"

namespace interimap {

void Exchange::turn() { wait(-1); }

void Exchange::pause(std::chrono::milliseconds duration, const std::function<bool()>& until) {
  auto end = std::chrono::steady_clock::now() + duration;
  while (!until || !until()) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    wait(static_cast<int>(std::min<std::int64_t>(left.count(), 3'600'000)));
  }
}

void Exchange::takeOrders() {
  while (auto order = launch_.poll()) take(std::move(*order));
}

void Exchange::take(Order order) {
  auto* net = std::get_if<AnotherNet>(&order.what);
  if (std::holds_alternative<Stop>(order.what)) throw Stopped();
  if (std::holds_alternative<Look>(order.what)) {
    looks_ = true;
    return;
  }
  if (std::holds_alternative<Deliverer>(order.what))
    if (auto guest = std::ranges::find_if(guests_, &Guest::isAwaited); guest != guests_.end())
      return (*guest)->admit(std::move(order.peer));
  if (connections_ != nullptr && net != nullptr) return connections_->admit(net->side, std::move(order.peer));
  auto* idle = std::get_if<IdleNet>(&order.what);
  if (connections_ != nullptr && idle != nullptr)
    return connections_->idle().admit(idle->side, std::move(order.peer));
  throw PeerViolation("launch sent an order that is not due");
}

void Exchange::wait(int milliseconds) {
  std::vector<pollfd> waits{{launch_.fd(), static_cast<short>(POLLIN | (launch_.sending() ? POLLOUT : 0)), 0},
                            {awakening_ != nullptr ? awakening_->fd() : -1, POLLIN, 0}};
  const std::size_t channels = waits.size();
  auto await = [&](const Channel& channel) {
    waits.push_back({channel.fd(), static_cast<short>(POLLIN | (channel.sending() ? POLLOUT : 0)), 0});
  };
  std::vector<Server*> servers;  // an order may add to those there are
  std::ranges::copy_if(servers_, std::back_inserter(servers), [](Server* it) { return !it->isLost(); });
  for (Server* server : servers) await(server->channel());
  std::vector<Guest*> guests;
  std::ranges::copy_if(guests_, std::back_inserter(guests),
                       [](Guest* it) { return it->channel() != nullptr; });
  for (Guest* guest : guests) await(*guest->channel());
  if (poll(waits.data(), waits.size(), milliseconds) < 0) {
    if (errno == EINTR) return;
    throw Failure(ExitStatus::internal, std::string("poll: ") + strerror(errno));
  }
  for (std::size_t i = 0; i < guests.size(); ++i)
    if (waits[channels + servers.size() + i].revents != 0) guests[i]->receive();
  if (waits[0].revents & POLLOUT) launch_.flush();
  if (waits[0].revents & ~POLLOUT) takeOrders();
  if (waits[1].revents != 0) awakening_->take();
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (waits[channels + i].revents & POLLOUT) servers[i]->flush();
    if ((waits[channels + i].revents & ~POLLOUT) && !servers[i]->isLost()) servers[i]->receive();
  }
}

}  // namespace interimap
