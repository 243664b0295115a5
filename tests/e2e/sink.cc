// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "tests/e2e/port.h"
#include "tests/e2e/sink_session.h"

namespace interimap::bed {
namespace {

constexpr int kBacklog = 64;

int listenOn(sockaddr* address, socklen_t length) {
  int s = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(s, address, length) == 0 && listen(s, kBacklog) == 0) return s;
  close(s);
  return -1;
}

int listenAt(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path) return -1;
  std::strcpy(address.sun_path, path.c_str());
  fs::remove(path);
  int s = listenOn(reinterpret_cast<sockaddr*>(&address), sizeof address);
  chmod(path.c_str(), 0777);  // for the mail user
  return s;
}

int listenAt(std::uint16_t port, bool ipv6) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  v4.sin_port = htons(port);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  v6.sin6_port = htons(port);
  return ipv6 ? listenOn(reinterpret_cast<sockaddr*>(&v6), sizeof v6)
              : listenOn(reinterpret_cast<sockaddr*>(&v4), sizeof v4);
}

}  // namespace

Sink::Sink(SinkOptions options) : options_(std::move(options)) {
  constexpr int kAttempts = 5;  // somebody else may have taken the port
  for (int attempt = 1; listener_ < 0; ++attempt) {
    if (options_.socket.empty()) port_ = freePort();
    try {
      start();
    } catch (const std::runtime_error&) {
      if (attempt == kAttempts) throw;
    }
  }
}

Sink::~Sink() { stop(); }

std::string Sink::method() const {
  std::string protocol = options_.lmtp ? "lmtp:" : "smtp:";
  if (!options_.socket.empty()) return protocol + options_.socket.string();
  return protocol + (options_.ipv6 ? "[::1]:" : "[127.0.0.1]:") + std::to_string(port_);
}

void Sink::start() {
  listener_ = options_.socket.empty() ? listenAt(port_, options_.ipv6) : listenAt(options_.socket);
  if (listener_ < 0) throw std::runtime_error("sink: cannot listen");
  stopping_ = false;
  acceptor_ = std::thread([this] { serve(); });
}

void Sink::stop() {
  if (listener_ < 0) return;
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(std::exchange(listener_, -1));
  if (!options_.socket.empty()) fs::remove(options_.socket);
  release();
  {
    std::lock_guard lock(mutex_);
    for (Connection& connection : connections_) shutdown(connection.socket, SHUT_RDWR);
  }
  reap(true);
}

void Sink::serve() {
  while (!stopping_) {
    int s = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (s < 0) return;
    int on = 1;
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    reap(false);
    std::lock_guard lock(mutex_);
    Connection& connection = connections_.emplace_back(Connection{s});
    unsigned number = ++connectionCount_;
    connection.thread = std::thread([this, &connection, number] {
      Session(*this, connection.socket, number).serve();
      shutdown(connection.socket, SHUT_RDWR);
      std::lock_guard over(mutex_);
      connection.over = true;
    });
  }
}

// Joins the threads that have ended, or all of them.
void Sink::reap(bool all) {
  std::list<Connection> ended;
  {
    std::lock_guard lock(mutex_);
    for (auto it = connections_.begin(); it != connections_.end();) {
      auto next = std::next(it);
      if (all || it->over) ended.splice(ended.end(), connections_, it);
      it = next;
    }
  }
  for (Connection& connection : ended) {
    connection.thread.join();
    close(connection.socket);
  }
}

void Sink::on(const std::string& pattern, unsigned nth, SinkReply reply) {
  std::lock_guard lock(mutex_);
  hooks_.push_back({std::regex(pattern, std::regex::icase), nth, 0, std::move(reply)});
}

void Sink::judge(std::function<std::optional<SinkReply>(const SinkEvent&)> judge) {
  std::lock_guard lock(mutex_);
  judge_ = std::move(judge);
}

void Sink::forget() {
  std::lock_guard lock(mutex_);
  hooks_.clear();
  judge_ = {};
}

void Sink::release() {
  std::lock_guard lock(mutex_);
  ++releases_;
}

std::optional<SinkReply> Sink::intervene(const SinkEvent& event) {
  std::lock_guard lock(mutex_);
  if (judge_) {
    if (auto reply = judge_(event)) return reply;
  }
  for (Hook& hook : hooks_) {
    if (!std::regex_search(event.command, hook.pattern, std::regex_constants::match_continuous)) continue;
    ++hook.seen;
    if (hook.nth == 0 || hook.nth == hook.seen) return hook.reply;
  }
  return std::nullopt;
}

std::vector<SinkMessage> Sink::messages() const {
  std::lock_guard lock(mutex_);
  return messages_;
}

std::vector<std::string> Sink::commands() const {
  std::lock_guard lock(mutex_);
  return commands_;
}

std::size_t Sink::count(const std::string& pattern) const {
  std::regex wanted(pattern, std::regex::icase);
  std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(commands_, [&](const std::string& command) {
    return std::regex_search(command, wanted, std::regex_constants::match_continuous);
  }));
}

unsigned Sink::connections() const {
  std::lock_guard lock(mutex_);
  return connectionCount_;
}

bool Sink::hangs() const {
  std::lock_guard lock(mutex_);
  return hanging_ != 0;
}

std::vector<std::string> Sink::violations() const {
  std::lock_guard lock(mutex_);
  return violations_;
}

void Sink::clear() {
  std::lock_guard lock(mutex_);
  messages_.clear();
  commands_.clear();
  violations_.clear();
}

std::string withCrLf(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t end = text.find_first_not_of('\r', i);
    if (end != std::string::npos && text[end] == '\n') i = end;  // CR in a row before LF are one line end
    if (text[i] == '\r' || text[i] == '\n') {
      result += "\r\n";
    } else {
      result += text[i] == '\0' ? '\x80' : text[i];
    }
  }
  if (!result.ends_with("\r\n")) result += "\r\n";
  return result;
}

}  // namespace interimap::bed
