// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/tunnel.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "ipc/failure.h"

using namespace interimap;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

// What the command writes until it closes its output, given `input`.
std::string run(const std::string& line, const std::string& input = {}, bool nullStderr = true) {
  Descriptor socket = startTunnel(line, nullStderr).connection;
  if (!input.empty())
    CHECK(write(socket.get(), input.data(), input.size()) == static_cast<ssize_t>(input.size()));
  shutdown(socket.get(), SHUT_WR);
  std::string output;
  char buffer[4096];
  ssize_t size;
  while ((size = read(socket.get(), buffer, sizeof buffer)) > 0)
    output.append(buffer, static_cast<std::size_t>(size));
  return output;
}

}  // namespace

TEST_CASE("tunnel: which command lines need a shell") {
  const std::pair<std::string, Words> plain[] = {
      {"ssh host doveadm exec imap", {"ssh", "host", "doveadm", "exec", "imap"}},
      {"  \tls \t -l  ", {"ls", "-l"}},
      {"ls\n", {"ls"}},
      {"execute me", {"execute", "me"}},
      {"./script", {"./script"}},
      {"..", {".."}},
      {"a=b/c", {"/bin/sh", "-c", "a=b/c"}},
      {"ls a=b", {"ls", "a=b"}},
      {"/a=b", {"/a=b"}},
      {"ls %x !y #z ^ @ , : - +", {"ls", "%x", "!y", "#z", "^", "@", ",", ":", "-", "+"}},
      {"caf\xc3\xa9", {"caf\xc3\xa9"}},
  };
  for (const auto& row : plain) {
    CAPTURE(row.first);
    CHECK(TunnelCommand::parse(row.first).arguments == row.second);
    CHECK_FALSE(TunnelCommand::parse(row.first).errorToOutput);
  }
  for (std::string line : {"exec ls", "exec\tls", ". file", "VAR=1 ls", "_a9=b", "=b", "2>&1", "ls 2>&1 x",
                           "ls2>&1", "ls x2>&1", "ls\nid", "ls >&1", "ls | cat 2>&1"})
    CHECK(TunnelCommand::parse(line).arguments == Words{"/bin/sh", "-c", line});
  for (char c : std::string("$&*(){}[]'\";\\|?<>~`")) {
    std::string line = std::string("ls a") + c + "b";
    CAPTURE(line);
    CHECK(TunnelCommand::parse(line).arguments == Words{"/bin/sh", "-c", line});
  }
  for (const char* line : {"ls -l 2>&1", "ls -l\t2>&1 ", "ls -l 2>&1\n"}) {
    CAPTURE(line);
    TunnelCommand command = TunnelCommand::parse(line);
    CHECK(command.arguments == Words{"ls", "-l"});
    CHECK(command.errorToOutput);
  }
  for (const char* line : {"", " ", "\t\n"})
    CHECK_THROWS_WITH_AS(TunnelCommand::parse(line), "Missing tunnel command", Failure);
}

TEST_CASE("tunnel: standard input and output are the socket, directly and through a shell") {
  CHECK(run("cat", "a001 NOOP\r\n") == "a001 NOOP\r\n");
  CHECK(run("cat | tr a-z A-Z", "noop\r\n") == "NOOP\r\n");
  CHECK(run("/bin/echo  two   words") == "two words\n");
}

TEST_CASE("tunnel: standard error") {
  CHECK(run("ls /nonexistent") == "");
  CHECK(run("ls /nonexistent 2>&1").find("No such file") != std::string::npos);
  CHECK(run("ls /nonexistent 2>&1 | cat").find("No such file") != std::string::npos);
  CHECK(run("readlink /proc/self/fd/2") == "/dev/null\n");
  char here[4096];
  ssize_t size = readlink("/proc/self/fd/2", here, sizeof here);
  REQUIRE(size > 0);
  CHECK(run("readlink /proc/self/fd/2", {}, false) ==
        std::string(here, static_cast<std::size_t>(size)) + "\n");
}

TEST_CASE("tunnel: the command's environment, signals and descriptors") {
  for (const char* name : {"IFS", "CDPATH", "ENV", "BASH_ENV"}) setenv(name, "evil", 1);
  setenv("TUNNEL_TEST", "kept", 1);
  std::string variables = run("env");
  for (const char* name : {"IFS", "CDPATH", "ENV", "BASH_ENV", "TUNNEL_TEST"}) unsetenv(name);
  CHECK(variables.find("evil") == std::string::npos);
  CHECK(variables.find("TUNNEL_TEST=kept\n") != std::string::npos);
  CHECK(("\n" + variables).find("\nPATH=/usr/bin:/bin\n") != std::string::npos);

  int open = dup(2);  // without close-on-exec
  std::string descriptors = run("ls /proc/self/fd");
  close(open);
  CHECK(descriptors == "0\n1\n2\n3\n");  // 3 is the directory

  CHECK(run("grep SigBlk /proc/self/status").find("0000000000000002") != std::string::npos);  // SIGINT
  signal(SIGPIPE, SIG_IGN);
  std::string ignored = run("grep SigIgn /proc/self/status");
  signal(SIGPIPE, SIG_DFL);
  CHECK(ignored.ends_with("0000000\n"));  // bits 31 and 32 are glibc's own, set by posix_spawn
}

TEST_CASE("tunnel: a command that cannot be run, and why") {
  CHECK_THROWS_WITH_AS(startTunnel("no-such-command-here x", false),
                       "Can't run no-such-command-here x: No such file or directory", Failure);
  CHECK_THROWS_WITH_AS(startTunnel("/etc/passwd", false), "Can't run /etc/passwd: Permission denied",
                       Failure);
  CHECK_THROWS_WITH_AS(startTunnel("/", false), "Can't run /: Permission denied", Failure);
}

TEST_CASE("field 34, tunnel: how a command has ended") {
  const std::string longLine = ": " + std::string(300, 'x') + "; exit 1";
  const std::pair<std::string, std::string> table[] = {
      {"true", "; the command `true` ended with status 0"},
      {"(exit 3)", "; the command `(exit 3)` ended with status 3"},
      {"kill -9 $$", "; the command `kill -9 $$` was ended by signal 9"},
      {longLine, "; the command `" + longLine.substr(0, 200) + "…` ended with status 1"}};
  for (const auto& row : table) {
    CAPTURE(row.first);
    Tunnel tunnel = startTunnel(row.first, true);
    CHECK(tunnel.process.end(30s) == row.second);
    CHECK(tunnel.process.end(0s) == "");
  }
  Tunnel tunnel = startTunnel("cat", true);
  CHECK(tunnel.process.end(10ms) == "");
  tunnel.connection = {};
  CHECK(tunnel.process.end(30s) == "; the command `cat` ended with status 0");
}

TEST_CASE("tunnel: a script without an interpreter is one for the shell") {
  char path[] = "/tmp/interimap-tunnel.XXXXXX";
  int fd = mkstemp(path);
  REQUIRE(write(fd, "echo \"$1\"\n", 10) == 10);
  fchmod(fd, 0700);
  close(fd);
  CHECK(run(std::string(path) + " hello") == "hello\n");
  unlink(path);
}
