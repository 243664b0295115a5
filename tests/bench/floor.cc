// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/floor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <exception>
#include <memory>
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
                                   Floor::Half::look, Floor::Half::lookAtAll};
constexpr const char* kHalfNames[] = {"fetch", "append", "both", "look", "lookAtAll"};

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

// One TLS context for both halves: the certificate is the servers' own, made for this run.
SSL_CTX* tlsContext() {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return made;
  }();
  return context;
}

class Connection {
 public:
  Connection(std::uint16_t port, bool tls)
      : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), buffer_(kReadSize, '\0') {
    int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("floor: cannot connect");
    if (tls) {
      tls_.reset(SSL_new(tlsContext()));
      SSL_set_fd(tls_.get(), socket_);
      if (SSL_connect(tls_.get()) != 1) throw std::runtime_error("floor: no TLS");
    }
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
      if ((fd.revents & POLLIN) != 0) {
        for (std::string_view got = receive(); more && !got.empty(); got = tls_ && more ? receive() : "")
          more = answers.take(got, lastTag);
      }
      if (more && (fd.revents & POLLOUT) != 0) sending = tls_ ? sendTls(text, file) : send(text, file);
    }
  }

 private:
  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };

  // Empty: nothing is there.
  std::string_view receive() {
    ssize_t n = tls_ ? SSL_read(tls_.get(), buffer_.data(), static_cast<int>(buffer_.size()))
                     : recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (n <= 0 && tls_ && SSL_get_error(tls_.get(), static_cast<int>(n)) == SSL_ERROR_WANT_READ) return {};
    if (n <= 0) throw std::runtime_error("floor: the server has gone");
    return {buffer_.data(), static_cast<std::size_t>(n)};
  }

  // These two: false when nothing is left to send.
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

  bool sendTls(std::string_view& text, int file) {
    while (true) {
      if (text.empty() && unsent_.empty() && file >= 0) {
        read_.resize(kReadSize);
        read_.resize(static_cast<std::size_t>(std::max<ssize_t>(0, read(file, read_.data(), read_.size()))));
        unsent_ = read_;
      }
      std::string_view& next = text.empty() ? unsent_ : text;
      if (next.empty()) return false;
      int n = SSL_write(tls_.get(), next.data(), static_cast<int>(next.size()));
      if (n <= 0 && SSL_get_error(tls_.get(), n) != SSL_ERROR_WANT_WRITE)
        throw std::runtime_error("floor: the server takes nothing");
      if (n <= 0) return true;
      next.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  int socket_;
  std::unique_ptr<SSL, Free> tls_;
  std::string buffer_, read_;
  std::string_view unsent_;  // of read_
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

void fetchEverything(const Floor& floor) {
  std::string commands;
  for (const std::string& name : mailboxNames(floor.mailboxes)) {
    commands += std::string(kTag) + " EXAMINE " + bed::ImapClient::quoted(name) + "\r\n" + kTag +
                " UID FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])\r\n";
  }
  Connection connection(floor.local, floor.tls);
  connection.converse(authenticate(floor.user), -1, kTag);
  // No LOGOUT: Dovecot's TLS proxy has been seen to drop what a slow client had not taken by then.
  connection.converse(commands + kLastTag + " NOOP\r\n", -1, kLastTag);
}

void appendEverything(const Floor& floor) {
  int file = open(floor.script.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw std::runtime_error("floor: no " + floor.script.string());
  Connection connection(floor.remote, floor.tls);
  connection.converse(authenticate(floor.user), -1, kTag);
  connection.converse("", file, kLastTag);
  close(file);
}

// All that it takes to see that nothing has changed, in one flight.
void lookAround(std::uint16_t port, const Floor& floor) {
  Connection(port, floor.tls)
      .converse(authenticate(floor.user) + kTag + " ENABLE QRESYNC\r\n" + kLastTag +
                    " LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (UIDVALIDITY UIDNEXT HIGHESTMODSEQ))\r\n",
                -1, kLastTag);
}

// The same where there are no mod-sequences.
void lookAtAllFlags(std::uint16_t port, const Floor& floor) {
  std::string commands =
      std::string(kTag) + " LOGIN " + bed::ImapClient::quoted(floor.user) + " " + bed::kPassword + "\r\n";
  const std::string tag = std::string(kTag) + " ";
  commands += tag + "LIST \"\" \"*\"\r\n" + tag + "LSUB \"\" \"*\"\r\n";
  for (const std::string& name : mailboxNames(floor.mailboxes)) {
    const std::string mailbox = bed::ImapClient::quoted(name);
    commands += tag + "STATUS " + mailbox + " (UIDVALIDITY UIDNEXT MESSAGES)\r\n" + tag + "EXAMINE " +
                mailbox + "\r\n" + tag + "UID FETCH 1:* (FLAGS)\r\n";
  }
  Connection(port, floor.tls).converse(commands + kLastTag + " NOOP\r\n", -1, kLastTag);
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
          script.string(),
          tls ? "tls" : "clear"};
}

Floor Floor::parse(const std::vector<std::string>& arguments) {
  auto name = std::find(std::begin(kHalfNames), std::end(kHalfNames), arguments.at(1));
  if (name == std::end(kHalfNames)) throw std::runtime_error("floor: " + arguments[1]);
  return {kHalves[name - std::begin(kHalfNames)],
          static_cast<std::uint16_t>(std::stoul(arguments.at(2))),
          static_cast<std::uint16_t>(std::stoul(arguments.at(3))),
          arguments.at(4),
          std::stoul(arguments.at(5)),
          arguments.at(6),
          arguments.at(7) == "tls"};
}

void Floor::run() const {
  switch (half) {
    case Half::fetch: return fetchEverything(*this);
    case Half::append: return appendEverything(*this);
    case Half::both: return atOnce([this] { fetchEverything(*this); }, [this] { appendEverything(*this); });
    case Half::look:
      return atOnce([this] { lookAround(local, *this); }, [this] { lookAround(remote, *this); });
    case Half::lookAtAll:
      return atOnce([this] { lookAtAllFlags(local, *this); }, [this] { lookAtAllFlags(remote, *this); });
  }
}

}  // namespace interimap::bench
