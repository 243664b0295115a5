// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/socks.h"

#include <string.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "ipc/failure.h"
#include "transport/address.h"

namespace interimap::socks {

namespace {

constexpr char kVersion = 5;
constexpr char kConnect = 1;
constexpr char kAuthVersion = 1;          // RFC 1929 section 2
constexpr std::size_t kMostOctets = 255;  // whatever is preceded by a length octet
enum Method : unsigned char { kNoAuth = 0, kPassword = 2, kNoneAcceptable = 0xff };  // RFC 1928 section 3
constexpr char kIpv4 = 1, kName = 3, kIpv6 = 4;  // address types: section 4

// RFC 1928 section 6.
constexpr const char* kReplies[] = {"succeeded",
                                    "general SOCKS server failure",
                                    "connection not allowed by ruleset",
                                    "network unreachable",
                                    "host unreachable",
                                    "connection refused",
                                    "TTL expired",
                                    "command not supported",
                                    "address type not supported"};

[[noreturn]] void fail(const std::string& reason, ExitStatus status = ExitStatus::unavailable) {
  throw Failure(status, "SOCKSv5 ERROR: " + reason);
}

[[noreturn]] void misconfigured(const std::string& reason) { throw Failure(ExitStatus::config, reason); }

std::string replyText(unsigned char code) {
  if (code < std::size(kReplies)) return kReplies[code];
  return "unknown reply " + std::to_string(code);
}

std::string counted(std::string_view octets) {
  return static_cast<char>(octets.size()) + std::string(octets);
}

// One exchange of the dialogue at a time, never an octet beyond it.
class Peer {
 public:
  Peer(Stream& stream, std::chrono::milliseconds deadline)
      : stream_(stream), patience_(deadline, kHandshakeTotal) {}

  void send(std::string_view octets) {
    while (!octets.empty()) {
      Stream::Result written = stream_.write(octets);
      if (written.state != Stream::State::ok) await();
      octets.remove_prefix(written.size);
    }
    while (!stream_.flush()) await();
  }

  std::string receive(std::size_t size) {
    std::string octets(size, '\0');
    std::span<char> left(octets);
    while (!left.empty()) {
      Stream::Result got = stream_.read(left);
      if (got.state == Stream::State::end) fail("the proxy closed the connection");
      if (got.state == Stream::State::again) await();
      left = left.subspan(got.size);
    }
    return octets;
  }

  unsigned char receiveOctet() { return static_cast<unsigned char>(receive(1)[0]); }

 private:
  void await() {
    if (!patience_.await(stream_)) fail("the proxy does not answer");
  }

  Stream& stream_;
  Patience patience_;
};

void checkVersion(unsigned char version, char expected) {
  if (version != expected)
    fail("the proxy speaks version " + std::to_string(version) + ", which is not " +
         std::to_string(expected));
}

void authenticate(Peer& peer, const Proxy& proxy) {
  // A string that never has to grow leaves no copy of the password behind.
  std::string request;
  request.reserve(3 + proxy.user.size() + proxy.password.reveal().size());
  request += kAuthVersion;
  request += counted(proxy.user);
  request += static_cast<char>(proxy.password.reveal().size());
  request += proxy.password.reveal();
  peer.send(request);
  explicit_bzero(request.data(), request.size());
  std::string reply = peer.receive(2);
  checkVersion(static_cast<unsigned char>(reply[0]), kAuthVersion);
  if (reply[1] != 0) fail("authentication failed", ExitStatus::noPermission);
}

void chooseMethod(Peer& peer, const Proxy& proxy) {
  std::string methods(1, kNoAuth);
  if (!proxy.user.empty()) methods += static_cast<char>(kPassword);
  peer.send(kVersion + counted(methods));
  checkVersion(peer.receiveOctet(), kVersion);
  unsigned char method = peer.receiveOctet();
  if (method == kNoneAcceptable) fail("no acceptable authentication method", ExitStatus::noPermission);
  // A proxy may do without the password that it was offered, and then does not get it.
  if (method == kPassword && !proxy.user.empty()) return authenticate(peer, proxy);
  if (method != kNoAuth) fail("the proxy chose a method that was not offered, " + std::to_string(method));
}

// The reply ends with the address that the proxy has bound, which is of no interest.
void connect(Peer& peer, const std::string& destination) {
  peer.send(std::string{kVersion, kConnect, 0} + destination);
  checkVersion(peer.receiveOctet(), kVersion);
  unsigned char code = peer.receiveOctet();
  if (code != 0) fail(replyText(code));
  peer.receiveOctet();
  unsigned char type = peer.receiveOctet();
  constexpr std::size_t kPort = 2;
  if (type == kIpv4)
    peer.receive(4 + kPort);
  else if (type == kIpv6)
    peer.receive(16 + kPort);
  else if (type == kName)
    peer.receive(peer.receiveOctet() + kPort);
  else
    fail("the proxy is bound to an address of unknown type " + std::to_string(type));
}

std::string encode(const Address& address) {
  return (address.storage.ss_family == AF_INET ? kIpv4 : kIpv6) + address.octets();
}

std::string encode(std::uint16_t port) {
  return {static_cast<char>(port >> 8), static_cast<char>(port & 0xff)};
}

}  // namespace

Proxy Proxy::parse(const std::string& uri) {
  Proxy proxy;
  std::size_t colon = uri.find("://");
  if (colon == std::string::npos) misconfigured("Invalid proxy URI");
  std::string scheme = uri.substr(0, colon);
  if (scheme != "socks5" && scheme != "socks5h") misconfigured("Unsupported proxy protocol: " + scheme);
  proxy.resolvesNames = scheme == "socks5h";
  std::string_view rest = std::string_view(uri).substr(colon + 3);

  // The last one: a password may contain it.
  if (std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    std::string_view user = rest.substr(0, at);
    std::size_t split = user.find(':');
    if (split == std::string_view::npos) misconfigured("Invalid proxy URI: a user without a password");
    proxy.user = user.substr(0, split);
    proxy.password = Secret(std::string(user.substr(split + 1)));
    rest.remove_prefix(at + 1);
    if (proxy.user.empty() || proxy.user.size() > kMostOctets || proxy.password.empty() ||
        proxy.password.reveal().size() > kMostOctets)
      misconfigured("Invalid proxy URI: user and password must have 1 to 255 octets");
  }
  std::size_t end = rest.starts_with('[') ? rest.find(']') + 1 : rest.find(':');
  proxy.host = rest.substr(0, end);
  proxy.port = "1080";
  if (end < rest.size()) {
    if (rest[end] != ':') misconfigured("Invalid proxy URI: " + std::string(rest));
    proxy.port = rest.substr(end + 1);
  }
  if (proxy.host.empty() || proxy.port.empty() ||
      !std::all_of(proxy.port.begin(), proxy.port.end(), [](unsigned char c) { return isalnum(c) != 0; }))
    misconfigured("Invalid proxy URI: " + std::string(rest));
  return proxy;
}

Dialogue::Dialogue(Proxy proxy, const std::string& host, const std::string& port) : proxy_(std::move(proxy)) {
  // Before the process locks itself in: afterwards it cannot resolve anything.
  if (!proxy_.resolvesNames || parseLiteral(host)) {
    Address address = resolve(host, port).front();
    destination_ = encode(address) + encode(address.port());
    return;
  }
  if (host.empty() || host.size() > kMostOctets) misconfigured("A proxy cannot be told the host " + host);
  // Only the port is looked up here; any address would do.
  destination_ = kName + counted(host) + encode(resolve("127.0.0.1", port).front().port());
}

void Dialogue::run(Stream& stream, std::chrono::milliseconds deadline) {
  Peer peer(stream, deadline);
  chooseMethod(peer, proxy_);
  proxy_.password.wipe();
  connect(peer, destination_);
}

}  // namespace interimap::socks
