// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "ipc/failure.h"
#include "ipc/shortage.h"

namespace interimap {

namespace {

// How long others may take to fetch descriptors of this user that are on their way. The kernel counts them
// for all its processes together, and does not say when there is room again.
constexpr int kPatienceMs = 5000, kPauseMs = 10;

[[noreturn]] void fail(const char* what, int error) {
  for (int gone : {EPIPE, ECONNRESET, ENOTCONN, ECONNREFUSED})
    if (error == gone) throw PeerGone();
  throw systemFailure(what, error);
}

// 0 or an errno.
int sendNow(const Descriptor& socket, const msghdr& message) {
  for (int waited = 0;;) {
    if (sendmsg(socket.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return 0;
    if (errno == EINTR) continue;
    if (errno != ETOOMANYREFS || waited >= kPatienceMs) return errno;
    waited += kPauseMs;
    poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace

Channel::Channel(Descriptor socket) : socket_(std::move(socket)) {
  // Both ends send whenever they have something: whoever waited in sendmsg(2) for the other to read would
  // wait for ever if that one did the same.
  int flags = fcntl(socket_.get(), F_GETFL);
  if (flags < 0 || fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    throw systemFailure("channel", errno);
}

std::pair<Descriptor, Descriptor> Channel::pair() {
  // SOCK_SEQPACKET keeps packets apart and a descriptor with its packet, and tells the end of the peer, which
  // SOCK_DGRAM does not.
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw systemFailure("socketpair", errno);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void Channel::send(Packet packet) {
  if (packet.words.empty() || packet.words.size() * 8 > kMostBytes)
    throw std::logic_error("packet of a size that cannot be sent");
  queue_.push_back(std::move(packet));
  flush();
}

void Channel::flush() {
  for (; !queue_.empty(); queue_.pop_front()) {
    Packet& packet = queue_.front();
    iovec bytes{packet.words.data(), packet.words.size() * 8};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    // The kernel takes a reference of its own; ours is closed with the packet, when that leaves the queue.
    if (packet.descriptor) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int));
      int fd = packet.descriptor.get();
      memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    // A packet goes whole or not at all, so there is no rest to remember.
    int error = sendNow(socket_, message);
    if (error == EAGAIN || error == EWOULDBLOCK) return;
    if (error != 0) fail("send to another process", error);
  }
}

std::optional<Packet> Channel::receive() {
  static_assert(kMostBytes % 8 == 0);
  alignas(8) std::uint64_t buffer[kMostBytes / 8];
  iovec bytes{buffer, sizeof buffer};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  // Room for more descriptors than one: a surplus shall be seen and closed, not left over.
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 8)];
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n;
  // A peer that went without reading everything makes the kernel report a reset, once and before what it
  // had sent: its last words, which say why it went.
  do n = recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  while (n < 0 && (errno == EINTR || errno == ECONNRESET));
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
  if (n < 0) fail("receive from another process", errno);

  // All are owned before anything is refused: what a peer smuggles in is closed.
  std::vector<Descriptor> descriptors;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; at + sizeof(int) <= header->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + at, sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
  if (n == 0 && descriptors.empty()) throw PeerGone();
  if (message.msg_flags & MSG_TRUNC) throw PeerViolation("a packet that is too long");
  if (n == 0 || n % 8 != 0) throw PeerViolation("a packet that is no message");
  if (descriptors.size() > 1) throw PeerViolation("a surplus descriptor");
  // There was room for more than one: this process has reached its limit.
  if (message.msg_flags & MSG_CTRUNC) fail("take a descriptor from another process", EMFILE);
  Packet packet;
  packet.words.assign(buffer, buffer + n / 8);
  explicit_bzero(buffer, static_cast<std::size_t>(n));  // it may have held the password
  if (!descriptors.empty()) packet.descriptor = std::move(descriptors.front());
  return packet;
}

void Channel::drain(int milliseconds) {
  using namespace std::chrono;
  auto end = steady_clock::now() + std::chrono::milliseconds(milliseconds);
  while (sending()) {
    auto left = ceil<std::chrono::milliseconds>(end - steady_clock::now()).count();
    if (left <= 0) return;
    pollfd wait{fd(), POLLOUT, 0};
    if (poll(&wait, 1, static_cast<int>(left)) > 0) flush();
  }
}

}  // namespace interimap
