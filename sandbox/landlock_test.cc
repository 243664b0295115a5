// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sandbox/landlock.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "sandbox/open_file.h"

using namespace interimap::sandbox;

namespace {

// Runs `attempt` in a process that has given up its rights but for `directory`; 0 or errno.
template <typename Attempt>
int afterwards(int directory, Attempt attempt) {
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    giveUpRights(landlockAbi(), directory);
    _exit(attempt() < 0 ? errno : 0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

int connectToNobody() {
  OpenFile tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(tcp.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
}

}  // namespace

TEST_CASE("rights by ABI, as the kernel's documentation counts them") {
  struct Row {
    int abi;
    std::uint64_t files, network, scoped;
    std::size_t size;
    std::uint64_t database;
    const char* text;
  };
  const Row rows[] = {
      {0, 0, 0, 0, 0, 0, "no Landlock"},
      {1, 0x1fff, 0, 0, 8, 0x12e, "Landlock ABI 1 (files)"},
      {2, 0x3fff, 0, 0, 8, 0x12e, "Landlock ABI 2 (files)"},
      {3, 0x7fff, 0, 0, 8, 0x412e, "Landlock ABI 3 (files)"},
      {4, 0x7fff, 3, 0, 16, 0x412e, "Landlock ABI 4 (files, network)"},
      {5, 0xffff, 3, 0, 16, 0x412e, "Landlock ABI 5 (files, network)"},
      {6, 0xffff, 3, 3, 24, 0x412e, "Landlock ABI 6 (files, network, signals)"},
      {9, 0xffff, 3, 3, 24, 0x412e, "Landlock ABI 9 (files, network, signals)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.abi);
    CHECK(handled(row.abi).files == row.files);
    CHECK(handled(row.abi).network == row.network);
    CHECK(handled(row.abi).scoped == row.scoped);
    CHECK(handled(row.abi).size == row.size);
    CHECK(databaseRights(row.abi) == row.database);
    CHECK(landlockText(row.abi) == row.text);
  }
}

TEST_CASE("rights that are given up are gone, with no seccomp behind them") {
  int abi = landlockAbi();
  if (abi == 0) return;
  std::string path = "/tmp/landlock-test.XXXXXX";
  REQUIRE(mkdtemp(path.data()) != nullptr);
  {
    OpenFile directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::string file = path + "/x.db", outside = path + ".outside";
    auto create = [&] { return open(file.c_str(), O_RDWR | O_CREAT, 0600); };
    CHECK(afterwards(-1, create) == EACCES);
    CHECK(afterwards(directory.get(), create) == 0);
    CHECK(afterwards(directory.get(), [&] { return open(path.c_str(), O_RDONLY); }) == 0);
    CHECK(afterwards(directory.get(), [&] { return open(outside.c_str(), O_RDWR | O_CREAT, 0600); }) ==
          EACCES);
    CHECK(afterwards(directory.get(), [] { return open("/etc/passwd", O_RDONLY); }) == EACCES);
    CHECK(afterwards(directory.get(), [&] { return symlink("/", (path + "/link").c_str()); }) == EACCES);
    CHECK(afterwards(directory.get(), [] { return execl("/bin/true", "true", nullptr); }) == EACCES);
    CHECK(afterwards(-1, [&] { return unlink(file.c_str()); }) == EACCES);
    CHECK(afterwards(directory.get(), [&] { return unlink(file.c_str()); }) == 0);
  }
  rmdir(path.c_str());
  if (abi >= 4) CHECK(afterwards(-1, connectToNobody) == EACCES);
  if (abi >= 6) CHECK(afterwards(-1, [] { return kill(getppid(), 0); }) == EPERM);
}
