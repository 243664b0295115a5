#include "ipc/body.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
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

std::string everything(const Bodies& bodies, std::uint64_t offset = 0) {
  std::string text;
  char buffer[7];
  while (std::size_t n = bodies.read(offset + text.size(), buffer)) text.append(buffer, n);
  return text;
}

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
  CHECK(everything(bodies) == "From: a\r\n\r\n" + std::string("\0\xff", 2) + large);
  CHECK(everything(bodies, 13) == large);
  char buffer[4];
  CHECK(bodies.read(300011, buffer) == 2);
  CHECK(bodies.read(300013, buffer) == 0);
  CHECK(bodies.read(400000, buffer) == 0);
  CHECK(bodies.read(0, {}) == 0);
  CHECK_THROWS_AS(bodies.read(kMost, buffer), Failure);
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
  CHECK(everything(bodies).substr(0, all.size() + 10) == all + "behindnext");
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
  CHECK(everything(bodies).substr(0, 8) == "keptnext");
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
