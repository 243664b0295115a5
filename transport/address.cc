// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "ipc/failure.h"

namespace interimap {

namespace {

using Clock = Patience::Clock;

void setOption(const Descriptor& socket, int level, int name, int value) {
  setsockopt(socket.get(), level, name, &value, sizeof value);  // an option that is missing is not missed
}

Descriptor makeSocket(int family, bool keepAlive) {
  Descriptor made(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made || family == AF_UNIX) return made;
  // Commands are written whole; to wait for an acknowledgement of the one before costs a round trip.
  setOption(made, IPPROTO_TCP, TCP_NODELAY, 1);
  if (!keepAlive) return made;
  // One who waits for days learns of a peer that vanished by nothing else.
  setOption(made, SOL_SOCKET, SO_KEEPALIVE, 1);
  setOption(made, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle);
  setOption(made, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
  setOption(made, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveCount);
  setOption(made, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeout);
  return made;
}

Address from(int family, const void* octets) {
  Address address;
  address.storage.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    memcpy(&reinterpret_cast<sockaddr_in&>(address.storage).sin_addr, octets, sizeof(in_addr));
    address.size = sizeof(sockaddr_in);
  } else {
    memcpy(&reinterpret_cast<sockaddr_in6&>(address.storage).sin6_addr, octets, sizeof(in6_addr));
    address.size = sizeof(sockaddr_in6);
  }
  return address;
}

}  // namespace

std::string Address::octets() const {
  if (storage.ss_family == AF_INET)
    return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in&>(storage).sin_addr),
            sizeof(in_addr)};
  return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr),
          sizeof(in6_addr)};
}

std::string Address::text() const {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(storage.ss_family, octets().data(), text, sizeof text);
  return text;
}

std::uint16_t Address::port() const {
  // At the same place in both (RFC 3493 section 3.3).
  return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

std::optional<Address> parseLiteral(const std::string& host) {
  bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 1;
  std::string inner = bracketed ? host.substr(1, host.size() - 2) : host;
  unsigned char octets[sizeof(in6_addr)];
  for (int family : {AF_INET, AF_INET6})
    if (inet_pton(family, inner.c_str(), octets) == 1) return from(family, octets);
  if (bracketed) throw Failure(ExitStatus::config, "Invalid IP literal: " + host);
  return std::nullopt;
}

Address unixAddress(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path)
    throw Failure(ExitStatus::config, "The path of a socket is too long: " + path);
  memcpy(name.sun_path, path.data(), path.size());
  Address address;
  memcpy(&address.storage, &name, sizeof name);
  address.size = sizeof name;
  return address;
}

std::vector<Address> resolve(const std::string& host, const std::string& port) {
  addrinfo hints{};
  // Without these hints every address comes three times, as stream, datagram and raw.
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_protocol = IPPROTO_TCP;
  std::string name = host;
  if (auto literal = parseLiteral(host)) {
    hints.ai_family = literal->storage.ss_family;
    hints.ai_flags = AI_NUMERICHOST;
    name = literal->text();
  }
  addrinfo* found = nullptr;
  int error = getaddrinfo(name.c_str(), port.c_str(), &hints, &found);
  if (error)
    throw Failure(ExitStatus::unavailable, "getaddrinfo(" + host + "): " +
                                               (error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error)) +
                                               (error == EAI_SERVICE ? ": " + port : ""));
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::vector<Address> addresses;
  for (; found && addresses.size() < kMostAddresses; found = found->ai_next) {
    if (found->ai_family != AF_INET && found->ai_family != AF_INET6) continue;
    Address& address = addresses.emplace_back();
    memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
    address.size = found->ai_addrlen;
  }
  if (addresses.empty()) throw Failure(ExitStatus::unavailable, "getaddrinfo(" + host + "): no address");
  return addresses;
}

std::string addressesText(const std::string& host, const std::vector<Address>& addresses) {
  std::string text = host + (addresses.size() == 1 ? " has the address " : " has the addresses ");
  for (const Address& address : addresses)
    text += (&address == &addresses.front() ? "" : ", ") + address.text();
  return text;
}

std::string peerText(const Descriptor& socket) {
  Address peer;
  peer.size = sizeof peer.storage;
  if (getpeername(socket.get(), reinterpret_cast<sockaddr*>(&peer.storage), &peer.size) != 0)
    return "the server";
  if (peer.storage.ss_family == AF_UNIX) return reinterpret_cast<const sockaddr_un&>(peer.storage).sun_path;
  return peer.text() + " port " + std::to_string(peer.port());
}

Dial::Dial(std::string destination, std::vector<Address> addresses, Options options)
    : destination_(std::move(destination)),
      options_(std::move(options)),
      addresses_(std::move(addresses)),
      reasons_(addresses_.size()) {
  startNext();
}

// Starts with the next address that does not fail on the spot. Earlier ones go on trying beside it: a silent
// IPv6 must not cost a whole deadline where IPv4 works (RFC 8305).
void Dial::startNext() {
  while (!connected_ && next_ < addresses_.size()) {
    std::size_t index = next_++;
    const Address& address = addresses_[index];
    Descriptor made = makeSocket(address.storage.ss_family, options_.keepAlive);
    int result = made ? connect(made.get(), address.get(), address.size) : -1;
    if (result == 0) {
      connected_ = std::move(made);
    } else if (made && (errno == EINPROGRESS || errno == EINTR)) {
      attempts_.push_back({std::move(made), index, Clock::now()});
      return;
    } else {
      reasons_[index] = errno;
    }
  }
}

Descriptor Dial::finish() {
  while (!connected_ && !attempts_.empty()) {
    auto until = attempts_.front().started + options_.deadline;
    if (next_ < addresses_.size()) until = std::min(until, attempts_.back().started + options_.nextAfter);
    look(std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()));
    giveUpSilent();
    bool silent = !attempts_.empty() && Clock::now() - attempts_.back().started >= options_.nextAfter;
    if (attempts_.empty() || silent) startNext();
  }
  attempts_.clear();
  if (!connected_)
    throw Failure(ExitStatus::unavailable, "Can't connect to " + destination_ + reason() + options_.advice);
  return std::move(connected_);
}

// Waits for one of the attempts to succeed or fail. One that failed is followed by the next address at once.
void Dial::look(std::chrono::milliseconds patience) {
  std::vector<pollfd> wait;
  for (const Attempt& attempt : attempts_) wait.push_back({attempt.socket.get(), POLLOUT, 0});
  if (poll(wait.data(), wait.size(), static_cast<int>(std::max<long>(patience.count(), 0))) <= 0) return;
  bool failed = false;
  for (std::size_t i = wait.size(); i-- > 0;) {
    if (!wait[i].revents) continue;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(wait[i].fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error == 0) connected_ = std::move(attempts_[i].socket);
    reasons_[attempts_[i].address] = error;
    attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(i));
    failed |= error != 0;
  }
  if (failed) startNext();
}

void Dial::giveUpSilent() {
  std::erase_if(attempts_, [&](const Attempt& attempt) {
    bool over = Clock::now() - attempt.started >= options_.deadline;
    if (over) reasons_[attempt.address] = ETIMEDOUT;
    return over;
  });
}

std::string Dial::reason() const {
  if (std::all_of(reasons_.begin(), reasons_.end(), [&](int error) { return error == reasons_.front(); }))
    return std::string(": ") + strerror(reasons_.front());
  std::string text;
  for (std::size_t i = 0; i < addresses_.size(); ++i)
    text += (i ? "; " : ": ") + addresses_[i].text() + ": " + strerror(reasons_[i]);
  return text;
}

}  // namespace interimap
