#include "tests/bench/floor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "tests/bench/mail.h"
#include "tests/e2e/dovecot.h"

namespace interimap::bench {
namespace {

constexpr std::size_t kReadSize = 256 << 10;
constexpr int kTimeoutMilliseconds = 120'000;
constexpr Floor::Half kHalves[] = {Floor::Half::fetch, Floor::Half::append, Floor::Half::both,
                                   Floor::Half::look};
constexpr const char* kHalfNames[] = {"fetch", "append", "both", "look"};

// Follows the lines and literals of a server's answers, without keeping them.
class Answers {
 public:
  // False once the tagged response `lastTag` has come. Throws at a NO or BAD.
  bool take(std::string_view octets, std::string_view lastTag) {
    while (!octets.empty()) {
      if (literal_ > 0) {
        std::size_t n = std::min(literal_, octets.size());
        literal_ -= n;
        octets.remove_prefix(n);
        continue;
      }
      std::size_t end = octets.find('\n');
      std::string_view part = octets.substr(0, end);
      line_.append(part.substr(0, kLongestLine - std::min(kLongestLine, line_.size())));
      tail_ += part;
      tail_.erase(0, std::max(tail_.size(), kTail) - kTail);
      if (end == std::string_view::npos) return true;
      octets.remove_prefix(end + 1);
      if (!endOfLine(lastTag)) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t kLongestLine = 256, kTail = 24;

  bool endOfLine(std::string_view lastTag) {
    bool inside = inside_;
    literal_ = announced();
    inside_ = literal_ > 0;
    bool last = false;
    if (!inside && !inside_ && !line_.starts_with("*") && !line_.starts_with("+")) {
      std::size_t blank = line_.find(' ');
      if (line_.compare(std::min(blank, line_.size()), 4, " OK ") != 0)
        throw std::runtime_error("floor: " + line_);
      last = line_.substr(0, blank) == lastTag;
    }
    line_.clear();
    tail_.clear();
    return !last;
  }

  // The n of {n} at the end of the line.
  std::size_t announced() const {
    if (!tail_.ends_with("}\r")) return 0;
    std::size_t open = tail_.rfind('{'), n = 0;
    if (open != std::string::npos) std::from_chars(tail_.data() + open + 1, tail_.data() + tail_.size(), n);
    return n;
  }

  std::string line_, tail_;  // the beginning and the end of the line
  std::size_t literal_ = 0;  // octets of it that are still to come
  bool inside_ = false;      // the line goes on after a literal
};

class Connection {
 public:
  explicit Connection(std::uint16_t port)
      : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), buffer_(kReadSize, '\0') {
    int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("floor: cannot connect");
    fcntl(socket_, F_SETFL, O_NONBLOCK);
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends `text`, then what `file` holds (-1: none), and reads until the response tagged `lastTag`.
  void converse(std::string_view text, int file, std::string_view lastTag) {
    Answers answers;
    for (bool more = true, sending = true; more;) {
      pollfd fd{socket_, static_cast<short>(sending ? POLLIN | POLLOUT : POLLIN), 0};
      if (poll(&fd, 1, kTimeoutMilliseconds) <= 0) throw std::runtime_error("floor: the server is silent");
      if ((fd.revents & POLLIN) != 0) more = answers.take(receive(), lastTag);
      if ((fd.revents & POLLOUT) != 0) sending = send(text, file);
    }
  }

 private:
  std::string_view receive() {
    ssize_t n = recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (n <= 0) throw std::runtime_error("floor: the server has gone");
    return {buffer_.data(), static_cast<std::size_t>(n)};
  }

  // False when nothing is left to send.
  bool send(std::string_view& text, int file) {
    ssize_t n = text.empty() ? 0 : ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
    if (n == 0 && file >= 0) {
      n = sendfile(socket_, file, nullptr, 1 << 20);
      if (n == 0) return false;
    }
    if (n < 0 && errno != EAGAIN) throw std::runtime_error("floor: the server takes nothing");
    return !text.empty() || file >= 0;
  }

  int socket_;
  std::string buffer_;
};

// RFC 4616, as an initial response (RFC 4959).
std::string authenticate(const std::string& user) {
  const std::string plain = std::string(1, '\0') + user + std::string(1, '\0') + bed::kPassword;
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t i = 0; i < plain.size(); i += 3) {
    auto octet = [&](std::size_t k) { return k < plain.size() ? static_cast<unsigned char>(plain[k]) : 0u; };
    unsigned bits = octet(i) << 16 | octet(i + 1) << 8 | octet(i + 2);
    for (std::size_t k = 0; k < 4; ++k)
      encoded += i + k > plain.size() ? '=' : kAlphabet[bits >> (18 - 6 * k) & 63];
  }
  return std::string(kTag) + " AUTHENTICATE PLAIN " + encoded + "\r\n";
}

void fetchEverything(std::uint16_t port, const std::string& user, std::size_t mailboxes) {
  std::string commands;
  for (const std::string& name : mailboxNames(mailboxes)) {
    commands += std::string(kTag) + " EXAMINE " + bed::ImapClient::quoted(name) + "\r\n" + kTag +
                " UID FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])\r\n";
  }
  Connection connection(port);
  connection.converse(authenticate(user), -1, kTag);
  connection.converse(commands + kLastTag + " LOGOUT\r\n", -1, kLastTag);
}

void appendEverything(std::uint16_t port, const std::string& user, const fs::path& script) {
  int file = open(script.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw std::runtime_error("floor: no " + script.string());
  Connection connection(port);
  connection.converse(authenticate(user), -1, kTag);
  connection.converse("", file, kLastTag);
  close(file);
}

// All that it takes to see that nothing has changed, in one flight.
void lookAround(std::uint16_t port, const std::string& user) {
  Connection(port).converse(
      authenticate(user) + kTag + " ENABLE QRESYNC\r\n" + kLastTag +
          " LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (UIDVALIDITY UIDNEXT HIGHESTMODSEQ))\r\n",
      -1, kLastTag);
}

template <typename First, typename Second>
void atOnce(First first, Second second) {
  std::exception_ptr failed;
  std::thread other([&] {
    try {
      second();
    } catch (...) {
      failed = std::current_exception();
    }
  });
  try {
    first();
  } catch (...) {
    other.join();
    throw;
  }
  other.join();
  if (failed) std::rethrow_exception(failed);
}

}  // namespace

std::vector<std::string> Floor::arguments() const {
  return {kFloorArgument,
          kHalfNames[static_cast<std::size_t>(half)],
          std::to_string(local),
          std::to_string(remote),
          user,
          std::to_string(mailboxes),
          script.string()};
}

Floor Floor::parse(const std::vector<std::string>& arguments) {
  auto name = std::find(std::begin(kHalfNames), std::end(kHalfNames), arguments.at(1));
  if (name == std::end(kHalfNames)) throw std::runtime_error("floor: " + arguments[1]);
  return {kHalves[name - std::begin(kHalfNames)],
          static_cast<std::uint16_t>(std::stoul(arguments.at(2))),
          static_cast<std::uint16_t>(std::stoul(arguments.at(3))),
          arguments.at(4),
          std::stoul(arguments.at(5)),
          arguments.at(6)};
}

void Floor::run() const {
  switch (half) {
    case Half::fetch: return fetchEverything(local, user, mailboxes);
    case Half::append: return appendEverything(remote, user, script);
    case Half::both:
      return atOnce([this] { fetchEverything(local, user, mailboxes); },
                    [this] { appendEverything(remote, user, script); });
    case Half::look: return atOnce([this] { lookAround(local, user); }, [this] { lookAround(remote, user); });
  }
}

}  // namespace interimap::bench
