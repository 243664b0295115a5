// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "ipc/failure.h"

namespace interimap {

namespace {

[[noreturn]] void fail(const char* call) {
  throw Failure(ExitStatus::unavailable, std::string(call) + ": " + strerror(errno));
}

msghdr messageOf(iovec& part) {
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return message;
}

bool notNow() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

SocketStream::SocketStream(Descriptor socket) : socket_(std::move(socket)) {
  int flags = fcntl(socket_.get(), F_GETFL);
  if (flags < 0 || fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK) != 0) fail("fcntl");
}

Stream::Result SocketStream::read(std::span<char> buffer) {
  while (true) {
    ssize_t size = ::read(socket_.get(), buffer.data(), buffer.size());
    wantsRead_ = size < 0 && notNow();
    if (size > 0) return {State::ok, static_cast<std::size_t>(size)};
    if (size == 0 || (size < 0 && errno == ECONNRESET)) return {State::end, 0};
    if (wantsRead_) return {State::again, 0};
    if (errno != EINTR) fail("read");
  }
}

// sendmsg, because send() is the system call sendto, which can name an address: the sandbox has no need of
// it.
Stream::Result SocketStream::write(std::string_view bytes) {
  if (bytes.empty()) return {State::again, 0};
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message = messageOf(part);
  while (true) {
    ssize_t size = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    wantsWrite_ = size < 0 && notNow();
    if (wantsWrite_) wantsRead_ = false;  // who wants to read as well says so to poll without being told
    if (size > 0) return {State::ok, static_cast<std::size_t>(size)};
    if (wantsWrite_ || size == 0) return {State::again, 0};
    if (errno == EINTR) continue;
    int error = errno;
    wantsRead_ = leftToRead();
    errno = error;
    if (!wantsRead_) fail("write");
    return {State::again, 0};
  }
}

bool SocketStream::leftToRead() const {
  char octet;
  iovec part{&octet, 1};
  msghdr message = messageOf(part);
  return recvmsg(socket_.get(), &message, MSG_PEEK | MSG_DONTWAIT) > 0;
}

}  // namespace interimap
