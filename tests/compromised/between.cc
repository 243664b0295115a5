// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/compromised/between.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "ipc/failure.h"

namespace interimap::compromised {
namespace {

constexpr std::size_t kMostQueued = 64;  // packets for the victim, when it does not read

void await(int fd, short events) {
  pollfd wait{fd, events, 0};
  poll(&wait, 1, -1);
}

}  // namespace

Packet copyOf(const Packet& packet) {
  return {packet.words,
          packet.descriptor ? Descriptor(fcntl(packet.descriptor.get(), F_DUPFD_CLOEXEC, 0)) : Descriptor()};
}

Between::Between(Descriptor victim, Descriptor honest, Lie lie, Passing passing)
    : toVictim_(std::move(victim)),
      toHonest_(std::move(honest)),
      lie_(std::move(lie)),
      passing_(std::move(passing)) {}

void Between::serve() {
  while (!over_) {
    pollfd waits[] = {{toVictim_.fd(), static_cast<short>(POLLIN | (toVictim_.sending() ? POLLOUT : 0)), 0},
                      {toHonest_.fd(), static_cast<short>(POLLIN | (toHonest_.sending() ? POLLOUT : 0)), 0}};
    if (toVictim_.queued() > kMostQueued) waits[1].fd = -1;
    if (poll(waits, 2, -1) < 0) continue;
    toVictim_.flush();
    toHonest_.flush();
    while (auto packet = toVictim_.receive()) {
      if (passing_) passing_(*packet);
      toHonest_.send(std::move(*packet));
    }
    while (auto packet = toHonest_.receive()) {
      if (lie_ && lie_(*packet, *this))
        lie_ = {};
      else
        toVictim_.send(std::move(*packet));
      if (over_) return;
    }
  }
}

void Between::sendRaw(std::span<const char> octets, const std::vector<int>& descriptors) {
  while (toVictim_.sending()) {
    await(toVictim_.fd(), POLLOUT);
    toVictim_.flush();
  }
  iovec bytes{const_cast<char*>(octets.data()), octets.size()};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  std::vector<char> control(CMSG_SPACE(sizeof(int) * descriptors.size()));
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
    memcpy(CMSG_DATA(header), descriptors.data(), sizeof(int) * descriptors.size());
  }
  for (ssize_t n = -1; n < 0;) {
    n = sendmsg(toVictim_.fd(), &message, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) throw PeerGone();
    if (n < 0) await(toVictim_.fd(), POLLOUT);
  }
}

void Between::flood(const std::function<Packet()>& packet) {
  while (true) {
    toVictim_.send(packet());
    while (toVictim_.queued() > kMostQueued) {
      await(toVictim_.fd(), POLLOUT | POLLIN);
      toVictim_.flush();
      while (toVictim_.receive()) {
      }
    }
  }
}

void Between::hangUp() { over_ = true; }

}  // namespace interimap::compromised
