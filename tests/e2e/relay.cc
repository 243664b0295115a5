// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/relay.h"
#include "tests/e2e/port.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <stdexcept>
#include <string>

namespace interimap::bed {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostQueued = 4u << 20;  // octets held per direction; then its sender has to wait
constexpr auto kNarrowBuffer = std::chrono::milliseconds(20);  // of a narrow link, beside what is on its way
constexpr std::size_t kReadSize = 64 << 10, kNarrowReadSize = 4 << 10;

struct Chunk {
  Clock::time_point due;
  std::string octets;
};

void prepare(int socket) {
  int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(socket, F_SETFL, O_NONBLOCK);
}

}  // namespace

// From one socket, through a queue, to the other.
struct Relay::Stream {
  int from = -1, to = -1;
  std::deque<Chunk> queue;
  std::size_t mostQueued = kMostQueued, queued = 0;
  Clock::time_point sent{};  // when the link has taken all that is queued
  bool ended = false;        // `from` said so
  bool closed = false;       // and `to` has been told
  std::size_t untilCut = std::numeric_limits<std::size_t>::max();
  bool stalled = false, discards = false;  // since then

  bool cutIsDue() const { return untilCut == 0 && !stalled && !discards; }

  bool wantsToRead() const { return !ended && queued < mostQueued; }
  bool isDue(Clock::time_point now) const { return !stalled && !queue.empty() && queue.front().due <= now; }
};

struct Relay::Pair {
  int client, server;
  std::size_t index;  // into counts_
  Stream up{client, server, {}}, down{server, client, {}};
  Clock::time_point flight{};  // when the current one began
  bool waiting = false;        // a flight is out and nothing has come back yet
  bool answered = true;        // something has come back since the flight began
  bool dead = false;

  Pair(int c, int s, std::size_t i, const RelayOptions& options) : client(c), server(s), index(i) {
    down.untilCut = options.cutAfter;
    up.untilCut = options.cutToServerAfter;
    if (options.octetsPerSecond == 0) return;
    const std::chrono::duration<double> held = 2 * options.delay + kNarrowBuffer;
    up.mostQueued = down.mostQueued =
        std::max(kNarrowReadSize,
                 static_cast<std::size_t>(static_cast<double>(options.octetsPerSecond) * held.count()));
    if (options.deep) up.mostQueued = 64u << 20;
  }
  ~Pair() {
    close(client);
    close(server);
  }
};

Relay::Relay(std::uint16_t serverPort, RelayOptions options) : serverPort_(serverPort), options_(options) {
  listener_ = listenOnLoopback(port_, SOCK_NONBLOCK);
  wake_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { serve(); });
}

Relay::~Relay() {
  stopping_ = true;
  eventfd_write(wake_, 1);
  thread_.join();
  close(wake_);
  close(listener_);
}

std::vector<RelayedConnection> Relay::connections() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

void Relay::accept() {
  int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(serverPort_);
  if (connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(client);
    close(server);
    return;
  }
  prepare(client);
  prepare(server);
  if (options_.heldForClient > 0)
    setsockopt(client, SOL_SOCKET, SO_SNDBUF, &options_.heldForClient, sizeof options_.heldForClient);
  std::lock_guard lock(mutex_);
  pairs_.push_back(std::make_unique<Pair>(client, server, counts_.size(), options_));
  counts_.emplace_back();
}

// Takes what either end has to say.
void Relay::pump(Pair& pair) {
  Clock::time_point now = Clock::now();
  std::array<char, kReadSize> buffer;
  const bool narrow = options_.octetsPerSecond > 0;
  for (Stream* stream : {&pair.up, &pair.down}) {
    if (!stream->wantsToRead()) continue;
    ssize_t n = recv(stream->from, buffer.data(), narrow ? kNarrowReadSize : buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n <= 0) {
      stream->ended = true;
      continue;
    }
    stream->sent = std::max(stream->sent, now);
    if (narrow) {
      stream->sent +=
          std::chrono::nanoseconds(static_cast<std::uint64_t>(n) * 1'000'000'000 / options_.octetsPerSecond);
    }
    stream->queue.push_back({stream->sent + options_.delay, {buffer.data(), static_cast<std::size_t>(n)}});
    stream->queued += static_cast<std::size_t>(n);
    if (stream == &pair.down) continue;
    bool newFlight = options_.delay.count() > 0 ? now - pair.flight >= options_.delay : pair.answered;
    if (newFlight) {
      pair.flight = now;
      pair.waiting = true;
      pair.answered = false;
    }
  }
}

// The last octet that may pass in this direction has passed.
void Relay::cut(Pair& pair, Stream& stream) {
  switch (options_.cut) {
    case RelayOptions::Cut::close: pair.dead = true; return;
    case RelayOptions::Cut::halfClose:
      shutdown(stream.to, SHUT_WR);
      stream.closed = stream.discards = true;
      return;
    case RelayOptions::Cut::stall: stream.stalled = true; ++stalled_;
  }
}

void Relay::unstall() {
  eventfd_t count;
  eventfd_read(wake_, &count);
  for (const auto& pair : pairs_) pair->up.stalled = pair->down.stalled = false;
}

void Relay::resume() {
  resumed_ = true;
  eventfd_write(wake_, 1);
}

// Passes on what is due.
void Relay::deliver(Pair& pair) {
  Clock::time_point now = Clock::now();
  for (Stream* stream : {&pair.up, &pair.down}) {
    while (stream->isDue(now)) {
      if (stream->cutIsDue() && !resumed_) cut(pair, *stream);
      if (pair.dead) return;
      if (stream->stalled) break;
      std::string& octets = stream->queue.front().octets;
      std::size_t most = octets.size();
      if (!resumed_) most = std::min(most, stream->untilCut);
      std::lock_guard lock(mutex_);  // before the octets go, so that who has got them finds them counted
      ssize_t n = stream->discards ? static_cast<ssize_t>(octets.size())
                                   : send(stream->to, octets.data(), most, MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN && options_.deep && stream == &pair.down) {
        stream->discards = true;
        continue;
      }
      if (n < 0 && errno != EAGAIN) pair.dead = true;
      if (n <= 0) break;
      auto sent = static_cast<std::size_t>(n);
      stream->queued -= sent;
      RelayedConnection& count = counts_[pair.index];
      (stream == &pair.up ? count.toServer : count.toClient) += sent;
      if (stream == &pair.down) {
        if (pair.waiting && !pair.up.ended) ++count.roundTrips;  // a LOGOUT that nobody waits for is none
        pair.waiting = false;
        pair.answered = true;
      }
      if (!stream->discards && !resumed_) stream->untilCut -= sent;
      const bool whole = sent == octets.size();
      whole ? stream->queue.pop_front() : void(octets.erase(0, sent));
      if (stream->cutIsDue() && !resumed_) cut(pair, *stream);
      if (pair.dead) return;
      if (!whole) break;
    }
    if (stream->ended && stream->queue.empty() && !stream->closed) {
      shutdown(stream->to, SHUT_WR);
      stream->closed = true;
    }
  }
  if (pair.up.closed && pair.down.closed) pair.dead = true;
}

void Relay::serve() {
  for (;;) {
    std::vector<pollfd> fds{{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    Clock::time_point now = Clock::now(), next = now + std::chrono::hours(1);
    for (const auto& pair : pairs_) {
      for (const Stream* stream : {&pair->up, &pair->down}) {
        short events = stream->wantsToRead() ? POLLIN : 0;
        const Stream& opposite = stream == &pair->up ? pair->down : pair->up;
        if (opposite.isDue(now)) events |= POLLOUT;
        fds.push_back({events != 0 ? stream->from : -1, events, 0});
        if (!stream->queue.empty() && !stream->stalled && !stream->isDue(now))
          next = std::min(next, stream->queue.front().due);
      }
    }
    auto wait = std::chrono::nanoseconds(next - now).count();
    const timespec timeout{wait / 1'000'000'000, wait % 1'000'000'000};
    ppoll(fds.data(), fds.size(), &timeout, nullptr);
    if (stopping_) return pairs_.clear();
    if (fds[0].revents != 0) unstall();
    if (fds[1].revents != 0) accept();
    for (const auto& pair : pairs_) {
      pump(*pair);
      deliver(*pair);
    }
    std::erase_if(pairs_, [](const auto& pair) { return pair->dead; });
  }
}

}  // namespace interimap::bed
