// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/channel.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

#include "ipc/failure.h"
#include "ipc/shortage.h"

using namespace interimap;

namespace {

constexpr std::size_t kMostWords = Channel::kMostBytes / 8;

struct Edge {
  Channel here, there;
  explicit Edge(std::pair<Descriptor, Descriptor> ends = Channel::pair())
      : here(std::move(ends.first)), there(std::move(ends.second)) {}
};

Packet packet(std::uint64_t first, std::size_t words = 1, Descriptor descriptor = {}) {
  Packet packet{std::vector<std::uint64_t>(words, first), std::move(descriptor)};
  return packet;
}

Descriptor memory() { return BodyWriter().seal(); }

ino_t inode(int fd) {
  struct stat status {};
  REQUIRE(fstat(fd, &status) == 0);
  return status.st_ino;
}

auto openDescriptors() {
  auto all = std::filesystem::directory_iterator("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

// Past the Channel: whatever bytes and descriptors a compromised peer likes.
void sendRaw(int socket, std::size_t bytes, std::size_t descriptors) {
  std::string content(bytes, 'x');
  iovec part{content.data(), content.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Descriptor fd = memory();
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 64)] = {};
  if (descriptors > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * descriptors);
    for (std::size_t i = 0; i < descriptors; ++i) {
      int n = fd.get();
      memcpy(CMSG_DATA(header) + i * sizeof n, &n, sizeof n);
    }
  }
  REQUIRE(sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes));
}

// Sends numbered packets of full size until the socket takes no more and some wait in the queue.
std::uint64_t fill(Channel& channel, std::size_t waiting) {
  std::uint64_t sent = 0;
  while (channel.queued() < waiting) channel.send(packet(sent++, kMostWords));
  return sent;
}

}  // namespace

TEST_CASE("packets arrive whole and in order, in both directions") {
  Edge edge;
  CHECK_FALSE(edge.there.receive());
  const std::size_t sizes[] = {1, 2, 1000, kMostWords};
  for (std::size_t i = 0; i < std::size(sizes); ++i) edge.here.send(packet(i, sizes[i]));
  edge.there.send(packet(99));
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    auto got = edge.there.receive();
    REQUIRE(got);
    CHECK(got->words == std::vector<std::uint64_t>(sizes[i], i));
    CHECK_FALSE(got->descriptor);
  }
  CHECK_FALSE(edge.there.receive());
  CHECK(edge.here.receive()->words.front() == 99);
}

TEST_CASE("both ends are closed by exec and do not block") {
  auto ends = Channel::pair();
  for (int fd : {ends.first.get(), ends.second.get()}) CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  Edge edge(std::move(ends));
  for (int fd : {edge.here.fd(), edge.there.fd()}) CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  CHECK_THROWS_AS(Channel{Descriptor()}, Failure);
}

TEST_CASE("a descriptor travels with its packet, and with no other") {
  auto before = openDescriptors();
  {
    Edge edge;
    Descriptor memfd = memory();
    ino_t expected = inode(memfd.get());
    edge.here.send(packet(1));
    edge.here.send(packet(2, 5, std::move(memfd)));
    edge.here.send(packet(3));
    CHECK(openDescriptors() == before + 2);  // ours is closed once it is on its way

    CHECK_FALSE(edge.there.receive()->descriptor);
    auto got = edge.there.receive();
    REQUIRE(got);
    REQUIRE(got->descriptor);
    CHECK(inode(got->descriptor.get()) == expected);
    CHECK((fcntl(got->descriptor.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK_FALSE(edge.there.receive()->descriptor);
  }
  CHECK(openDescriptors() == before);
}

TEST_CASE("a packet of a size that cannot be is a bug of ours") {
  Edge edge;
  CHECK_THROWS_AS(edge.here.send(Packet{}), std::logic_error);
  CHECK_THROWS_AS(edge.here.send(packet(0, kMostWords + 1)), std::logic_error);
  CHECK_FALSE(edge.here.sending());
  CHECK_FALSE(edge.there.receive());
}

TEST_CASE("a packet that breaks the rules is a violation, and its descriptors are closed") {
  struct {
    std::string_view what;
    std::size_t bytes, descriptors;
  } const table[] = {
      {"odd size", 7, 0},
      {"odd size", 9, 0},
      {"odd size and a descriptor", 12, 1},
      {"too long", Channel::kMostBytes + 8, 0},
      {"too long by a byte", Channel::kMostBytes + 1, 0},
      {"too long and a descriptor", Channel::kMostBytes + 8, 1},
      {"two descriptors", 8, 2},
      {"as many descriptors as there is room for", 8, 8},
      {"more descriptors than there is room for", 8, 9},
      {"many descriptors", 8, 64},
      {"a descriptor and no bytes", 0, 1},
      {"many descriptors and no bytes", 0, 20},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    CAPTURE(row.bytes);
    Edge edge;
    auto before = openDescriptors();
    sendRaw(edge.here.fd(), row.bytes, row.descriptors);
    CHECK_THROWS_AS(edge.there.receive(), PeerViolation);
    CHECK(openDescriptors() == before);
  }
  Edge edge;
  sendRaw(edge.here.fd(), 16, 1);
  CHECK(edge.there.receive()->descriptor);
}

// A SEQPACKET socket tells the end and a packet of no bytes alike.
TEST_CASE("field 30: a descriptor for which there is no room is no fault of the peer") {
  Edge edge;
  edge.here.send(packet(1, 1, memory()));
  rlimit before{}, low{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  low = before;
  int next = dup(edge.here.fd());
  close(next);
  low.rlim_cur = static_cast<rlim_t>(next);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  try {
    edge.there.receive();
    FAIL("there was room");
  } catch (const Failure& failure) {
    setrlimit(RLIMIT_NOFILE, &before);  // first: sanitizers want descriptors to look at an object
    CHECK(failure.status == ExitStatus::tryAgain);
    CHECK(std::string(failure.what()).find("Too many open files") != std::string::npos);
  }
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

// The kernel counts a user's descriptors on their way, and lets root have any number.
TEST_CASE("field 30: too many descriptors on their way are no fault of the peer") {
  pid_t child = fork();
  if (child == 0) {
    rlimit low{16, 16};
    if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setuid(54'321) != 0)) _exit(1);
    if (setrlimit(RLIMIT_NOFILE, &low) != 0) _exit(2);
    try {
      Edge edge;
      for (int i = 0; i < 100; ++i) edge.here.send(packet(1, 1, memory()));
    } catch (const Failure& failure) {
      _exit(failure.status == ExitStatus::tryAgain &&
                    std::string(failure.what()).find("Too many references") != std::string::npos
                ? 0
                : 3);
    } catch (...) {
      _exit(4);
    }
    _exit(5);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("field 30: what the kernel has too little of is told apart from what should not happen") {
  struct {
    int error;
    ExitStatus status;
    const char* says;
  } table[] = {
      {EMFILE, ExitStatus::tryAgain, "x: Too many open files; raise the limit of open files"},
      {ETOOMANYREFS, ExitStatus::tryAgain, "raise the limit of open files"},
      {ENFILE, ExitStatus::tryAgain, "x: Too many open files in system"},
      {EAGAIN, ExitStatus::tryAgain, "raise the limit of processes"},
      {ENOMEM, ExitStatus::tryAgain, "x: Cannot allocate memory"},
      {EBADF, ExitStatus::internal, "x: Bad file descriptor"},
  };
  for (const auto& row : table) {
    CAPTURE(row.error);
    Failure failure = systemFailure("x", row.error);
    CHECK(failure.status == row.status);
    CHECK(std::string(failure.what()).find(row.says) != std::string::npos);
  }
}

TEST_CASE("a packet of no bytes ends the channel") {
  Edge edge;
  sendRaw(edge.here.fd(), 0, 0);
  CHECK_THROWS_AS(edge.there.receive(), PeerGone);
}

TEST_CASE("what a peer sent before it went is still read") {
  for (bool unread : {false, true}) {  // with something unread at its side, the kernel reports a reset first
    CAPTURE(unread);
    auto ends = Channel::pair();
    Channel here(std::move(ends.first));
    {
      Channel there(std::move(ends.second));
      if (unread) here.send(packet(0));
      there.send(packet(1));
      there.send(packet(2, 3, memory()));
    }
    CHECK(here.receive()->words.front() == 1);
    auto last = here.receive();
    REQUIRE(last);
    CHECK(last->words.front() == 2);
    CHECK(last->descriptor);
    CHECK_THROWS_AS(here.receive(), PeerGone);
    CHECK_THROWS_AS(here.receive(), PeerGone);
  }
}

TEST_CASE("sending to a peer that is gone says so, without a signal") {
  auto ends = Channel::pair();
  Channel here(std::move(ends.first));
  ends.second = Descriptor();
  CHECK_THROWS_AS(here.send(packet(1)), PeerGone);
  CHECK_THROWS_AS(here.flush(), PeerGone);
}

TEST_CASE("a peer that goes while packets wait is noticed") {
  auto ends = Channel::pair();
  Channel here(std::move(ends.first));
  fill(here, 3);
  ends.second = Descriptor();
  CHECK_THROWS_AS(here.flush(), PeerGone);
  CHECK_THROWS_AS(here.drain(1000), PeerGone);
}

TEST_CASE("what the socket does not take waits in the queue, in order") {
  Edge edge;
  std::uint64_t sent = fill(edge.here, 10);
  edge.here.send(packet(sent++, 1, memory()));
  CHECK(edge.here.sending());
  CHECK(edge.here.queued() == 11);
  edge.here.flush();
  CHECK(edge.here.queued() == 11);

  for (std::uint64_t i = 0; i < sent; ++i) {
    auto got = edge.there.receive();
    REQUIRE(got);
    CHECK(got->words.front() == i);
    CHECK(static_cast<bool>(got->descriptor) == (i + 1 == sent));
    pollfd writable{edge.here.fd(), POLLOUT, 0};
    if (poll(&writable, 1, 0) == 1) edge.here.flush();
  }
  CHECK_FALSE(edge.here.sending());
  CHECK_FALSE(edge.there.receive());
}

TEST_CASE("drain waits for a peer that reads") {
  Edge edge;
  std::uint64_t sent = fill(edge.here, 20), received = 0;
  std::thread reader([&] {
    while (received < sent) {
      pollfd readable{edge.there.fd(), POLLIN, 0};
      if (poll(&readable, 1, 5000) != 1) return;
      while (auto got = edge.there.receive()) received += got->words.front() == received;
    }
  });
  edge.here.drain(5000);
  reader.join();
  CHECK_FALSE(edge.here.sending());
  CHECK(received == sent);
}

TEST_CASE("drain gives up in time, be the peer dead or slow") {
  using namespace std::chrono;
  for (bool slow : {false, true}) {
    CAPTURE(slow);
    Edge edge;
    std::uint64_t sent = fill(edge.here, 100);
    std::jthread reader([&](std::stop_token stop) {
      for (std::uint64_t i = 0; slow && i < sent && !stop.stop_requested(); ++i) {
        std::this_thread::sleep_for(20ms);
        edge.there.receive();
      }
    });
    auto start = steady_clock::now();
    edge.here.drain(100);
    auto took = steady_clock::now() - start;
    CHECK(took >= 90ms);
    CHECK(took < 1s);
    CHECK(edge.here.sending());
  }
  Edge edge;
  edge.here.drain(100000);  // nothing queued: no waiting
}
