// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/fast_sink.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace interimap::bench {
namespace {

constexpr std::size_t kReadSize = 256 << 10;
constexpr std::string_view kEndOfData = "\r\n.\r\n";

bool isVerb(std::string_view line, std::string_view verb) {
  return line.size() >= verb.size() && strncasecmp(line.data(), verb.data(), verb.size()) == 0;
}

}  // namespace

class FastSink::Session {
 public:
  Session(FastSink& sink, int socket) : sink_(sink), socket_(socket) {
    reply_ = "220 sink.example.test ready\r\n";
  }
  ~Session() { close(socket_); }

  int socket() const { return socket_; }
  bool flush() {  // false: the client is gone, or has said QUIT
    if (!reply_.empty() && send(socket_, reply_.data(), reply_.size(), MSG_NOSIGNAL) < 0) return false;
    reply_.clear();
    return !over_;
  }

  // False once the client is gone.
  bool take() {
    const std::size_t held = input_.size();
    input_.resize(held + kReadSize);
    ssize_t n = recv(socket_, input_.data() + held, kReadSize, MSG_DONTWAIT);
    input_.resize(held + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (n <= 0) return false;
    std::string_view rest = input_;
    while (!over_ && (chunk_ > 0 ? chunk(rest) : inData_ ? data(rest) : command(rest))) {
    }
    input_.erase(0, input_.size() - rest.size());
    return true;
  }

 private:
  // These three take off what they have understood; false: more has to come.
  bool data(std::string_view& rest) {
    // The line end of DATA itself may be the first octets of the end of an empty message.
    std::size_t end = atBegin_ && rest.starts_with(".\r\n") ? 0 : rest.find(kEndOfData);
    if (end == std::string_view::npos) {
      const std::size_t kept = std::min(rest.size(), kEndOfData.size() - 1);
      sink_.octets_ += rest.size() - kept;
      if (rest.size() > kept) atBegin_ = false;
      rest.remove_prefix(rest.size() - kept);
      return false;
    }
    const std::size_t size = rest.starts_with(".\r\n") && atBegin_ ? 3 : end + kEndOfData.size();
    sink_.octets_ += size;
    rest.remove_prefix(size);
    takeOver();
    inData_ = false;
    return true;
  }

  bool chunk(std::string_view& rest) {
    const std::size_t size = std::min(chunk_, rest.size());
    sink_.octets_ += size;
    chunk_ -= size;
    rest.remove_prefix(size);
    if (chunk_ == 0) endOfChunk();
    return size > 0;
  }

  void endOfChunk() {
    if (lastChunk_) {
      takeOver();
    } else {
      reply_ += "250 2.0.0 go on\r\n";
    }
  }

  void bdat(std::string_view line) {
    const std::size_t number = std::min(line.find(' '), line.size() - 1) + 1;
    auto [end, error] = std::from_chars(line.data() + number, line.data() + line.size(), chunk_);
    over_ = error != std::errc() || recipients_ == 0;  // where the next command begins is not known
    if (over_) return;
    lastChunk_ = std::string_view(end, line.data() + line.size()).find("LAST") != std::string_view::npos;
    if (chunk_ == 0) endOfChunk();
  }

  void takeOver() {
    ++sink_.messages_;
    for (std::size_t i = 0; i < (sink_.options_.lmtp ? recipients_ : 1); ++i)
      reply_ += "250 2.0.0 taken over\r\n";
  }

  bool command(std::string_view& rest) {
    std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return false;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (isVerb(line, "EHLO") || isVerb(line, "LHLO")) {
      reply_ += "250-sink.example.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n";
      reply_ += sink_.options_.chunking ? "250-CHUNKING\r\n250 ENHANCEDSTATUSCODES\r\n"
                                        : "250 ENHANCEDSTATUSCODES\r\n";
    } else if (isVerb(line, "HELO") || isVerb(line, "RSET") || isVerb(line, "NOOP")) {
      reply_ += "250 2.0.0 ok\r\n";
    } else if (isVerb(line, "MAIL")) {
      recipients_ = 0;
      reply_ += "250 2.1.0 ok\r\n";
    } else if (isVerb(line, "RCPT")) {
      ++recipients_;
      reply_ += "250 2.1.5 ok\r\n";
    } else if (isVerb(line, "BDAT")) {
      bdat(line);
    } else if (isVerb(line, "DATA")) {
      inData_ = atBegin_ = recipients_ > 0;
      reply_ += inData_ ? "354 go on\r\n" : "503 5.5.1 no recipients\r\n";
    } else if (isVerb(line, "QUIT")) {
      over_ = true;
      reply_ += "221 2.0.0 bye\r\n";
    } else {
      reply_ += "500 5.5.2 unknown\r\n";
    }
    return true;
  }

  FastSink& sink_;
  int socket_;
  std::string input_, reply_;
  std::size_t recipients_ = 0;
  std::size_t chunk_ = 0;  // octets of it that are still to come
  bool lastChunk_ = false;
  bool inData_ = false, atBegin_ = false, over_ = false;
};

FastSink::FastSink(FastSinkOptions options) : options_(options) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("sink: cannot listen");
  }
  port_ = ntohs(address.sin_port);
  wake_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { serve(); });
}

FastSink::~FastSink() {
  eventfd_write(wake_, 1);
  thread_.join();
  close(wake_);
  close(listener_);
}

void FastSink::serve() {
  std::vector<std::unique_ptr<Session>> sessions;
  for (;;) {
    std::vector<pollfd> fds{{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& session : sessions) fds.push_back({session->socket(), POLLIN, 0});
    poll(fds.data(), fds.size(), -1);
    if (fds[0].revents != 0) return;
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      if (fds[i + 2].revents != 0 && !(sessions[i]->take() && sessions[i]->flush())) sessions[i].reset();
    }
    std::erase(sessions, nullptr);
    if (fds[1].revents == 0) continue;
    int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sessions.push_back(std::make_unique<Session>(*this, client));
    sessions.back()->flush();
  }
}

}  // namespace interimap::bench
