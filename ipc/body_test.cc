// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/body.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "ipc/failure.h"

using namespace interimap;

namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr std::uint64_t kMost = ~std::uint64_t{0};

bool open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

Descriptor sealed(std::string_view bytes) {
  BodyWriter writer;
  writer.write(bytes);
  return writer.seal();
}

Descriptor memory(int seals, unsigned flags = MFD_ALLOW_SEALING) {
  Descriptor fd(memfd_create("test", MFD_CLOEXEC | flags));
  REQUIRE(fd);
  REQUIRE(ftruncate(fd.get(), 10) == 0);
  if (seals != 0) REQUIRE(fcntl(fd.get(), F_ADD_SEALS, seals) == 0);
  return fd;
}

std::string everything(Bodies bodies, std::uint64_t offset = 0) {
  std::string text;
  char buffer[7];
  while (std::size_t n = bodies.read(offset + text.size(), buffer)) text.append(buffer, n);
  return text;
}

bool isPipe(const Descriptor& fd) {
  struct stat status {};
  REQUIRE(fstat(fd.get(), &status) == 0);
  return S_ISFIFO(status.st_mode);
}

struct Pipe {
  explicit Pipe(int flags = O_NONBLOCK) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | flags) == 0);
    reading = Descriptor(ends[0]);
    writing = Descriptor(ends[1]);
    REQUIRE(write(writing.get(), "0123456789", 10) == 10);
  }
  Descriptor reading, writing;
};

// Octets that differ wherever one looks.
std::string octets(std::size_t count) {
  std::string text(count, '\0');
  std::uint32_t state = 1;
  for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

// All of it, whatever holds it.
std::string drained(Descriptor fd, std::size_t size, std::size_t piece = 1000) {
  Bodies bodies(std::move(fd), std::vector<BodyRange>{{0, size}}, Reading::once);
  std::string text(size, '\0');
  for (std::size_t at = 0; at < size;) at += bodies.read(at, {text.data() + at, std::min(piece, size - at)});
  return text;
}

constexpr std::size_t kLargest = 1 << 20;  // pipe of a user without privileges, if he has few

}  // namespace

TEST_CASE("a descriptor is closed with its owner, and once") {
  int fd = memory(0).release();
  REQUIRE(open(fd));
  {
    Descriptor owner(fd);
    Descriptor moved(std::move(owner));
    CHECK_FALSE(owner);
    CHECK(moved.get() == fd);
    owner = std::move(moved);
    Descriptor& same = owner;
    owner = std::move(same);
    CHECK(owner.get() == fd);
    CHECK(open(fd));
  }
  CHECK_FALSE(open(fd));

  Descriptor first = memory(0), second = memory(0);
  int closed = first.get();
  first = std::move(second);
  CHECK_FALSE(open(closed));
  CHECK(open(first.get()));
  int released = first.release();
  CHECK_FALSE(first);
  CHECK(open(released));
  close(released);
}

TEST_CASE("what is written comes out, message by message") {
  BodyWriter writer;
  CHECK(writer.size() == 0);
  writer.write("From: a\r\n\r\n");
  writer.write("");
  writer.write(std::string_view("\0\xff", 2));
  CHECK(writer.size() == 13);
  std::string large(300000, 'x');
  writer.write(large);
  const BodyRange ranges[] = {{0, 11}, {11, 2}, {13, 300000}, {300013, 0}};
  Bodies bodies(writer.seal(), ranges);
  char buffer[4];
  CHECK(bodies.read(300011, buffer) == 2);
  CHECK(bodies.read(300013, buffer) == 0);
  CHECK(bodies.read(400000, buffer) == 0);
  CHECK(bodies.read(0, {}) == 0);
  CHECK_THROWS_AS(bodies.read(kMost, buffer), Failure);
  std::string all(300013, '\0');
  CHECK(bodies.read(0, all) == all.size());
  CHECK(all == "From: a\r\n\r\n" + std::string("\0\xff", 2) + large);
  CHECK(bodies.read(13, {all.data(), 7}) == 7);
}

TEST_CASE("what is gathered is written when it has to be, and not later") {
  std::vector<std::string> pieces;
  for (int i = 0; i < 150; ++i)
    pieces.push_back(std::string(static_cast<std::size_t>(i) * 7, char('a' + i % 26)));
  std::string all;
  BodyWriter writer;
  for (const std::string& piece : pieces) {
    writer.gather(piece);
    all += piece;
    CHECK(writer.size() == all.size());
  }
  writer.flush();
  for (std::string& piece : pieces) std::ranges::fill(piece, '!');

  std::string last = "behind", broken = "broken off", next = "next";
  writer.gather(last);
  writer.gather(broken);
  writer.truncate(all.size() + last.size());
  std::ranges::fill(broken, '!');
  writer.gather(next);
  Bodies bodies(writer.seal(), std::vector<BodyRange>{{0, all.size() + 10}});
  std::ranges::fill(next, '!');
  CHECK(everything(std::move(bodies)).substr(0, all.size() + 10) == all + "behindnext");
}

TEST_CASE("a message that broke off is taken back") {
  BodyWriter writer;
  writer.write("kept");
  std::uint64_t before = writer.size();
  writer.write("broken off in the middle");
  writer.truncate(before);
  CHECK(writer.size() == 4);
  writer.write("next");
  CHECK(writer.size() == 8);
  Bodies bodies(writer.seal(), std::vector<BodyRange>{{0, 4}, {4, 4}});
  CHECK(everything(std::move(bodies)).substr(0, 8) == "keptnext");
}

TEST_CASE("what is read once goes into a pipe, and comes out") {
  for (std::size_t size : {std::size_t{1}, std::size_t{4095}, std::size_t{4096}, std::size_t{4097},
                           std::size_t{65536}, std::size_t{65537}, kLargest - 1, kLargest}) {
    for (std::size_t piece :
         {std::size_t{1} << 18, std::size_t{65536}, std::size_t{10007}, std::size_t{977}}) {
      CAPTURE(size);
      CAPTURE(piece);
      std::string all = octets(size);
      BodyWriter writer(Reading::once);
      std::vector<std::string> gathered;  // a buffer that is used again after each flush
      for (std::size_t at = 0; at < size; at += piece) {
        if (gathered.size() == 5) {
          writer.flush();
          for (std::string& buffer : gathered) std::ranges::fill(buffer, '!');
          gathered.clear();
        }
        gathered.push_back(all.substr(at, piece));
        writer.gather(gathered.back());
      }
      CHECK(writer.size() == size);
      Descriptor fd = writer.seal();
      CHECK(isPipe(fd));
      CHECK((fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
      CHECK(write(fd.get(), "x", 1) == -1);
      CHECK(drained(std::move(fd), size) == all);
      CHECK_THROWS_AS(writer.write("x"), Failure);
      CHECK_THROWS_AS(writer.seal(), Failure);
    }
  }
  CHECK(isPipe(BodyWriter(Reading::once).seal()));
}

TEST_CASE("what fits no pipe goes into a memfd, with what was in the pipe") {
  std::string all = octets(3 * kLargest);
  auto written = [&](std::size_t size, const std::function<void(BodyWriter&)>& before = {}) {
    BodyWriter writer(Reading::once);
    writer.write(std::string_view(all).substr(0, 100'000));
    if (before) before(writer);
    for (std::size_t at = 100'000; at < size; at += 30'000)
      writer.write(std::string_view(all).substr(at, std::min<std::size_t>(30'000, size - at)));
    return writer.seal();
  };
  for (std::size_t size : {kLargest + 1, all.size()}) {
    CAPTURE(size);
    Descriptor fd = written(size);
    CHECK(fcntl(fd.get(), F_GET_SEALS) == kSeals);
    CHECK(drained(std::move(fd), size) == all.substr(0, size));
  }
  for (std::uint64_t expected : {std::uint64_t{kLargest}, kMost}) {
    Descriptor fd = written(200'000, [&](BodyWriter& writer) { writer.expect(expected); });
    CHECK(fcntl(fd.get(), F_GET_SEALS) == kSeals);
    CHECK(drained(std::move(fd), 200'000) == all.substr(0, 200'000));
  }
  CHECK(isPipe(written(200'000, [](BodyWriter& writer) { writer.expect(kLargest - 100'000); })));

  BodyWriter writer(Reading::once);
  writer.write(std::string_view(all).substr(0, 70'001));
  writer.truncate(70'000);
  writer.write("next");
  Descriptor fd = writer.seal();
  CHECK(fcntl(fd.get(), F_GET_SEALS) == kSeals);
  CHECK(drained(std::move(fd), 70'004) == all.substr(0, 70'000) + "next");
}

// In another process, as the limit is the user's.
TEST_CASE("who has too many pipes already uses memfds") {
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (geteuid() == 0 && setuid(54321) != 0) _exit(3);
    std::vector<int> pipes;
    int ends[2];
    bool full = false;
    while (!full && pipes.size() < 200 && pipe2(ends, O_CLOEXEC) == 0) {
      pipes.push_back(ends[0]);
      full = fcntl(ends[0], F_SETPIPE_SZ, 1 << 20) < 0;
    }
    if (!full) _exit(2);
    BodyWriter writer(Reading::once);
    std::string all = octets(300'000);
    writer.write(all);
    Descriptor fd = writer.seal();
    _exit(fcntl(fd.get(), F_GET_SEALS) == kSeals && drained(std::move(fd), all.size()) == all ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 2) {
    MESSAGE("this system has no limit");
    return;
  }
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("where no descriptor is left for a pipe, a memfd does") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  Descriptor next(dup(0));
  auto lowest = static_cast<rlim_t>(next.get());
  next = {};
  rlimit few{lowest + 1, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  Descriptor fd = BodyWriter(Reading::once).seal();
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK(fcntl(fd.get(), F_GET_SEALS) == kSeals);
}

TEST_CASE("of a pipe, octets may be passed over, and none is read twice") {
  Bodies bodies(std::move(Pipe().reading), std::vector<BodyRange>{{1, 2}, {5, 4}}, Reading::once);
  char buffer[2];
  CHECK(bodies.read(1, buffer) == 2);
  CHECK(std::string_view(buffer, 2) == "12");
  CHECK(bodies.read(5, buffer) == 2);
  CHECK(std::string_view(buffer, 2) == "56");
  CHECK(bodies.read(7, {}) == 0);
  CHECK(bodies.read(7, {buffer, 1}) == 1);
  CHECK(buffer[0] == '7');
  CHECK_THROWS_AS(bodies.read(7, buffer), std::logic_error);
  CHECK_THROWS_AS(bodies.read(0, buffer), std::logic_error);
}

TEST_CASE("a pipe that cannot hold what is told, or would have to be waited for, is refused") {
  struct {
    std::string_view what;
    Descriptor fd;
    std::vector<BodyRange> ranges;
    bool holds;
  } table[] = {
      {"nothing of it", std::move(Pipe().reading), {}, true},
      {"all of it", std::move(Pipe().reading), {{0, 10}}, true},
      {"parts of it", std::move(Pipe().reading), {{0, 3}, {4, 0}, {5, 5}}, true},
      {"more than shows yet", std::move(Pipe().reading), {{0, 11}}, true},
      {"as much as any holds", std::move(Pipe().reading), {{0, kLargest}}, true},
      {"one octet more", std::move(Pipe().reading), {{1, kLargest}}, false},
      {"behind its end", std::move(Pipe().reading), {{kLargest + 1, 0}}, false},
      {"a size that wraps", std::move(Pipe().reading), {{5, kMost - 2}}, false},
      {"out of order", std::move(Pipe().reading), {{5, 5}, {0, 5}}, false},
      {"twice", std::move(Pipe().reading), {{0, 10}, {0, 10}}, false},
      {"one over the other", std::move(Pipe().reading), {{0, 6}, {5, 5}}, false},
      {"waiting", std::move(Pipe(0).reading), {{0, 10}}, false},
      {"the writing end", std::move(Pipe().writing), {{0, 10}}, false},
      {"both ends in one",
       Descriptor(::open(("/proc/self/fd/" + std::to_string(Pipe().reading.get())).c_str(),
                         O_RDWR | O_NONBLOCK | O_CLOEXEC)),
       {},
       false},
  };
  for (auto& row : table) {
    CAPTURE(row.what);
    if (row.holds) {
      CHECK_NOTHROW(Bodies::check(row.fd, row.ranges, Reading::once));
      CHECK_NOTHROW(Bodies(std::move(row.fd), row.ranges, Reading::once));
    } else {
      CHECK_THROWS_AS(Bodies::check(row.fd, row.ranges, Reading::once), PeerViolation);
      CHECK_THROWS_AS(Bodies(std::move(row.fd), row.ranges, Reading::once), PeerViolation);
    }
  }
}

TEST_CASE("a pipe that does not hold what is told, or that somebody else reads from, ends early") {
  for (bool closed : {false, true}) {
    CAPTURE(closed);
    Pipe pipe;
    char buffer[16];
    Descriptor other(dup(pipe.reading.get()));
    Bodies bodies(std::move(pipe.reading), std::vector<BodyRange>{{0, 10}}, Reading::once);
    CHECK(bodies.read(0, {buffer, 4}) == 4);
    CHECK(read(other.get(), buffer, 6) == 6);
    if (closed) pipe.writing = {};
    CHECK_THROWS_AS(bodies.read(4, buffer), PeerViolation);
    CHECK_THROWS_AS(bodies.read(9, buffer), PeerViolation);

    Pipe whole;
    Bodies more(std::move(whole.reading), std::vector<BodyRange>{{0, 11}}, Reading::once);
    if (closed) whole.writing = {};
    CHECK(more.read(0, buffer) == 10);
    CHECK_THROWS_AS(more.read(10, buffer), PeerViolation);
  }
}

TEST_CASE("a sealed memfd cannot be changed, and not be unsealed") {
  Descriptor fd = sealed("abc");
  CHECK(fcntl(fd.get(), F_GET_SEALS) == kSeals);
  CHECK((fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(pwrite(fd.get(), "x", 1, 0) == -1);
  CHECK(ftruncate(fd.get(), 0) == -1);
  CHECK(ftruncate(fd.get(), 100) == -1);
  CHECK(fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
  CHECK(mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0) == MAP_FAILED);
}

TEST_CASE("a writer is done once it has sealed") {
  BodyWriter writer;
  Descriptor fd = writer.seal();
  CHECK_THROWS_AS(writer.write("x"), Failure);
  CHECK_THROWS_AS(writer.seal(), Failure);
  CHECK(everything(Bodies(std::move(fd), {})).empty());
}

TEST_CASE("no memory left is a failure with a name") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small{4096, before.rlim_max};
  auto* handler = signal(SIGXFSZ, SIG_IGN);
  BodyWriter writer;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  ExitStatus status = ExitStatus::ok;
  try {
    writer.write(std::string(5000, 'x'));
  } catch (const Failure& failure) {
    status = failure.status;
  }
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  CHECK(status == ExitStatus::io);
}

TEST_CASE("bodies in anything but a sealed memfd are refused, and the descriptor is closed") {
  int pipes[2], sockets[2];
  REQUIRE(pipe2(pipes, O_CLOEXEC) == 0);
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0);
  Descriptor pipeWriter(pipes[1]), otherSocket(sockets[1]);
  struct {
    std::string_view what;
    Descriptor fd;
  } table[] = {
      {"nothing", Descriptor()},
      {"a pipe", Descriptor(pipes[0])},
      {"a pipe that is read without waiting", std::move(Pipe().reading)},
      {"a socket", Descriptor(sockets[0])},
      {"a file", Descriptor(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600))},
      {"a file that is open for reading", Descriptor(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC))},
      {"a directory", Descriptor(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC))},
      {"a device", Descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC))},
      {"a memfd without seals", memory(0)},
      {"a memfd that cannot be sealed", memory(0, 0)},
      {"a memfd sealed against further seals only", memory(F_SEAL_SEAL)},
      {"a memfd that may shrink", memory(kSeals & ~F_SEAL_SHRINK)},
      {"a memfd that may grow", memory(kSeals & ~F_SEAL_GROW)},
      {"a memfd that may be written", memory(kSeals & ~F_SEAL_WRITE)},
      {"a memfd that stays mapped for writing", memory((kSeals & ~F_SEAL_WRITE) | F_SEAL_FUTURE_WRITE)},
      {"a memfd that may be sealed further", memory(kSeals & ~F_SEAL_SEAL)},
  };
  for (auto& row : table) {
    CAPTURE(row.what);
    int fd = row.fd.get();
    CHECK_THROWS_AS(Bodies(std::move(row.fd), {}), PeerViolation);
    if (fd >= 0) CHECK_FALSE(open(fd));
  }
}

TEST_CASE("ranges must be inside the memory") {
  struct {
    BodyRange range;
    bool inside;
  } const table[] = {
      {{0, 0}, true},
      {{0, 10}, true},
      {{3, 7}, true},
      {{10, 0}, true},
      {{9, 1}, true},
      {{0, 11}, false},
      {{10, 1}, false},
      {{11, 0}, false},
      {{3, 8}, false},
      {{0, kMost}, false},
      {{kMost, 0}, false},
      {{kMost, kMost}, false},
      {{5, kMost - 4}, false},  // the sum is 0 in 64 bits
      {{5, kMost - 2}, false},  // the sum is 2
      {{kMost - 4, 10}, false},
      {{std::uint64_t{1} << 63, std::uint64_t{1} << 63}, false},
      {{1, (std::uint64_t{1} << 63) - 1}, false},
  };
  for (const auto& row : table) {
    CAPTURE(row.range.offset);
    CAPTURE(row.range.size);
    const BodyRange alone[] = {row.range}, last[] = {{0, 10}, {2, 3}, row.range};
    for (std::span<const BodyRange> ranges :
         {std::span<const BodyRange>(alone), std::span<const BodyRange>(last)}) {
      if (row.inside)
        CHECK_NOTHROW(Bodies(sealed("0123456789"), ranges));
      else
        CHECK_THROWS_AS(Bodies(sealed("0123456789"), ranges), PeerViolation);
    }
  }
  CHECK_NOTHROW(Bodies(sealed(""), std::vector<BodyRange>{{0, 0}}));
  CHECK_THROWS_AS(Bodies(sealed(""), std::vector<BodyRange>{{0, 1}}), PeerViolation);
}
