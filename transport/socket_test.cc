// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/socket.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "ipc/failure.h"
#include "transport/backlog.h"
#include "transport/deadlines.h"

using namespace interimap;

namespace {

struct Pair {
  Descriptor peer;
  std::unique_ptr<SocketStream> stream;
  Pair() {
    int pair[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    peer = Descriptor(pair[0]);
    stream = std::make_unique<SocketStream>(Descriptor(pair[1]));
  }
};

}  // namespace

TEST_CASE("socket: again, ok, end") {
  Pair pair;
  SocketStream& stream = *pair.stream;
  CHECK((fcntl(stream.fd(), F_GETFL) & O_NONBLOCK) != 0);
  std::array<char, 8> buffer;
  CHECK_FALSE(stream.wantsRead());
  CHECK(stream.read(buffer).state == Stream::State::again);
  CHECK(stream.wantsRead());
  CHECK_FALSE(stream.wantsWrite());
  REQUIRE(write(pair.peer.get(), "0123456789", 10) == 10);
  CHECK(stream.read(buffer).size == 8);
  CHECK_FALSE(stream.wantsRead());
  CHECK(stream.read(buffer).size == 2);
  shutdown(pair.peer.get(), SHUT_WR);
  CHECK(stream.read(buffer).state == Stream::State::end);
  CHECK(stream.read(buffer).state == Stream::State::end);
  CHECK(stream.write("").state == Stream::State::again);
  CHECK(stream.flush());
}

TEST_CASE("socket: a full one says so, and whatever waits for it stays in order") {
  Pair pair;
  Backlog backlog;
  std::string sent, got(4096, '\0');
  for (int i = 0; !backlog.full(); ++i) {
    std::string piece = std::to_string(i) + ' ';
    piece.copy(backlog.extend(piece.size() + 5), piece.size());
    backlog.shorten(5);
    sent += piece;
    if (i % 100 == 0) backlog.drain(*pair.stream);
  }
  CHECK(pair.stream->wantsWrite());
  std::string all;
  while (all.size() < sent.size()) {
    backlog.drain(*pair.stream);
    ssize_t size = read(pair.peer.get(), got.data(), got.size());
    REQUIRE(size > 0);
    all.append(got, 0, static_cast<std::size_t>(size));
  }
  CHECK((all == sent));
  CHECK(backlog.drain(*pair.stream));
  CHECK_FALSE(pair.stream->wantsWrite());
}

TEST_CASE("socket: a peer that is gone is a Failure, never SIGPIPE") {
  Pair pair;
  auto before = signal(SIGPIPE, SIG_DFL);
  REQUIRE(write(pair.peer.get(), "* BYE\r\n", 7) == 7);
  pair.peer = Descriptor();
  // First comes what it said last.
  CHECK(pair.stream->write("x").state == Stream::State::again);
  CHECK(pair.stream->wantsRead());
  std::array<char, 8> buffer;
  CHECK(pair.stream->read(buffer).size == 7);
  CHECK_THROWS_WITH_AS(pair.stream->write("x"), "write: Broken pipe", Failure);
  signal(SIGPIPE, before);
}

TEST_CASE("patience ends without progress, and in total") {
  Pair pair;
  std::array<char, 8> buffer;
  using namespace std::chrono_literals;
  CHECK(pair.stream->read(buffer).state == Stream::State::again);
  Patience step(20ms, 10s);
  auto start = Patience::Clock::now();
  CHECK_FALSE(step.await(*pair.stream));
  CHECK(Patience::Clock::now() - start >= 20ms);
  Patience total(10s, 20ms);
  CHECK_FALSE(total.await(*pair.stream));
  REQUIRE(write(pair.peer.get(), "0", 1) == 1);
  CHECK(step.await(*pair.stream));
  CHECK_FALSE(total.await(*pair.stream));
}
