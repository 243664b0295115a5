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

constexpr std::size_t kMostQueued = 64;  // packets for sync, when it does not read

void await(int fd, short events) {
  pollfd wait{fd, events, 0};
  poll(&wait, 1, -1);
}

}  // namespace

Packet copyOf(const Packet& packet) {
  return {packet.words,
          packet.descriptor ? Descriptor(fcntl(packet.descriptor.get(), F_DUPFD_CLOEXEC, 0)) : Descriptor()};
}

Between::Between(Descriptor sync, Descriptor worker, Lie lie)
    : toSync_(std::move(sync)), toWorker_(std::move(worker)), lie_(std::move(lie)) {}

void Between::serve() {
  while (!over_) {
    pollfd waits[] = {{toSync_.fd(), static_cast<short>(POLLIN | (toSync_.sending() ? POLLOUT : 0)), 0},
                      {toWorker_.fd(), static_cast<short>(POLLIN | (toWorker_.sending() ? POLLOUT : 0)), 0}};
    if (toSync_.queued() > kMostQueued) waits[1].fd = -1;
    if (poll(waits, 2, -1) < 0) continue;
    toSync_.flush();
    toWorker_.flush();
    while (auto packet = toSync_.receive()) toWorker_.send(std::move(*packet));
    while (auto packet = toWorker_.receive()) {
      if (lie_ && lie_(*packet, *this))
        lie_ = {};
      else
        toSync_.send(std::move(*packet));
      if (over_) return;
    }
  }
}

void Between::sendRaw(std::span<const char> octets, const std::vector<int>& descriptors) {
  while (toSync_.sending()) {
    await(toSync_.fd(), POLLOUT);
    toSync_.flush();
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
    n = sendmsg(toSync_.fd(), &message, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) throw PeerGone();
    if (n < 0) await(toSync_.fd(), POLLOUT);
  }
}

void Between::flood(const std::function<Packet()>& packet) {
  while (true) {
    toSync_.send(packet());
    while (toSync_.queued() > kMostQueued) {
      await(toSync_.fd(), POLLOUT | POLLIN);
      toSync_.flush();
      while (toSync_.receive()) {
      }
    }
  }
}

void Between::hangUp() { over_ = true; }

}  // namespace interimap::compromised
