#include "delivery/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <memory>
#include <vector>

#include "delivery/deadlines.h"
#include "delivery/limits.h"
#include "ipc/failure.h"

namespace interimap {

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

bool isPath(const std::string& host) { return host.starts_with('/'); }

std::string numeric(const Address& address) {
  char host[NI_MAXHOST];
  if (getnameinfo(address.get(), address.size, host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0)
    return "?";
  return host;
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
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  in6_addr literal;  // AI_ADDRCONFIG would refuse ::1 where no other IPv6 address is configured
  if (inet_pton(AF_INET, host.c_str(), &literal) == 1 || inet_pton(AF_INET6, host.c_str(), &literal) == 1)
    hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (error != 0)
    throw Failure(ExitStatus::unavailable, "getaddrinfo(" + host + "): " +
                                               (error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error)));
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::vector<Address> addresses;
  for (; found != nullptr && addresses.size() < limits::kMostAddresses; found = found->ai_next) {
    if (found->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Address& address = addresses.emplace_back();
    memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
    address.size = found->ai_addrlen;
  }
  return addresses;
}

// What became of a connect() that could not be finished at once; an errno.
int awaitConnection(int socket) {
  pollfd wait{socket, POLLOUT, 0};
  int ready;
  do ready = poll(&wait, 1, static_cast<int>(deadlines::kConnect.count()));
  while (ready < 0 && errno == EINTR);
  if (ready < 0) return errno;
  if (ready == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

// An errno, and with 0 a connected socket.
int tryAddress(const Address& address, Descriptor& socket) {
  socket = Descriptor(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno;
  if (address.storage.ss_family != AF_UNIX) {
    int on = 1;  // each small write would wait for the delayed ACK of the one before: 40 ms a message
    if (setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) return errno;
  }
  if (connect(socket.get(), address.get(), address.size) == 0) return 0;
  return errno == EINPROGRESS || errno == EINTR ? awaitConnection(socket.get()) : errno;
}

}  // namespace

std::string endpointText(const settings::Delivery& settings) {
  if (isPath(settings.host)) return settings.host;
  bool colons = settings.host.find(':') != std::string::npos;
  return (colons ? "[" + settings.host + "]" : settings.host) + ":" + settings.port;
}

Descriptor connectTo(const settings::Delivery& settings) {
  bool path = isPath(settings.host);
  auto addresses = path ? std::vector{unixAddress(settings.host)} : resolve(settings.host, settings.port);
  std::string reasons;
  for (const Address& address : addresses) {
    Descriptor socket;
    int error = tryAddress(address, socket);
    if (error == 0) return socket;
    if (!reasons.empty()) reasons += "; ";
    if (addresses.size() > 1) reasons += numeric(address) + ": ";
    reasons += strerror(error);
  }
  throw Failure(ExitStatus::unavailable, "Can't connect to " + endpointText(settings) + ": " + reasons);
}

}  // namespace interimap
