// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sandbox/obituary.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "sandbox/open_file.h"
#include "sandbox/sandbox.h"

using namespace interimap::sandbox;

namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    reading = OpenFile(ends[0]);
    writing = OpenFile(ends[1]);
  }
  OpenFile reading{-1}, writing{-1};
};

std::string record(std::uint64_t magic, std::int64_t number) {
  std::string bytes(16, '\0');
  memcpy(bytes.data(), &magic, 8);
  memcpy(bytes.data() + 8, &number, 8);
  return bytes;
}

constexpr std::uint64_t kMagic = 0x6f62697475617279;

}  // namespace

TEST_CASE("an obituary is believed only if it is one") {
  struct Row {
    std::string bytes;
    std::optional<int> number;
  };
  const Row rows[] = {
      {"", std::nullopt},
      {record(kMagic, 0), 0},
      {record(kMagic, 257), 257},
      {record(kMagic, -1), std::nullopt},
      {record(kMagic, 0x10000), std::nullopt},
      {record(kMagic, 1LL << 40), std::nullopt},
      {record(kMagic + 1, 257), std::nullopt},
      {record(kMagic, 257).substr(0, 15), std::nullopt},
      {record(kMagic, 257) + "x", std::nullopt},
      {record(kMagic, 257) + record(kMagic, 257), std::nullopt},
      {std::string(4096, 'x'), std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes.size());
    Pipe pipe;
    REQUIRE(write(pipe.writing.get(), row.bytes.data(), row.bytes.size()) ==
            static_cast<ssize_t>(row.bytes.size()));
    // The other end is still open: reading must not wait for more.
    CHECK(readObituary(pipe.reading.get()) == row.number);
  }
}

TEST_CASE("an obituary is not written to just any descriptor") {
  OpenFile file(open("/dev/null", O_WRONLY | O_CLOEXEC));
  CHECK_THROWS_WITH(prepareObituary(file.get()), "sandbox: obituary: not a pipe");
  CHECK_THROWS_WITH(prepareObituary(1000), "sandbox: obituary: Bad file descriptor");
}

TEST_CASE("names of system calls") {
  CHECK(systemCallName(SYS_openat) == "openat");
  CHECK(systemCallName(SYS_execve) == "execve");
  CHECK(systemCallName(9999) == "system call 9999");
  CHECK(systemCallName(-5) == "system call -5");
}

TEST_CASE("a SIGSYS that is not the filter's ends the process without an obituary") {
  Pipe pipe;
  pid_t child = fork();
  if (child == 0) {
    prepareObituary(pipe.writing.get());
    raise(SIGSYS);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGSYS);
  CHECK_FALSE(readObituary(pipe.reading.get()));
}
