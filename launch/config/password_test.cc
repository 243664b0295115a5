// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/password.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "ipc/failure.h"

using namespace interimap;
using namespace std::string_literals;

namespace {

struct Scratch {
  char directory[32] = "/tmp/interimap-password-XXXXXX";
  Scratch() { REQUIRE(mkdtemp(directory)); }
  ~Scratch() { std::filesystem::remove_all(directory); }

  std::string file(const std::string& name, const std::string& text, mode_t mode) const {
    std::string path = std::string(directory) + "/" + name;
    std::ofstream(path) << text;
    REQUIRE(chmod(path.c_str(), mode) == 0);
    return path;
  }
};

std::string failure(auto&& attempt) {
  try {
    attempt();
    return "none";
  } catch (const Failure& failed) {
    CHECK(failed.status == ExitStatus::config);
    return failed.what();
  }
}

}  // namespace

TEST_CASE("password: the first line of a text") {
  struct {
    std::string text, password, error;
  } table[] = {
      {"sekrit", "sekrit", ""},
      {"sekrit\n", "sekrit", ""},
      {"sekrit\r\nlogin: alice\n", "sekrit", ""},
      {" two words ; # \n", " two words ; # ", ""},
      {"caf\xC3\xA9 \xE9\n", "caf\xC3\xA9 \xE9", ""},
      {std::string(kMostPassword, 'x'), std::string(kMostPassword, 'x'), ""},
      {std::string(kMostPassword + 1, 'x'), "", "s: longer than a password can be"},
      {"", "", "s: no password in its first line"},
      {"\nsekrit\n", "", "s: no password in its first line"},
      {"\r\n", "", "s: no password in its first line"},
      {"a\0b\n"s, "", "s: a password cannot hold NUL or CR"},
      {"a\rb\n", "", "s: a password cannot hold NUL or CR"},
  };
  for (const auto& row : table) {
    INFO(row.text.substr(0, 40));
    Secret password;
    std::string error = failure([&] { password = firstLine(row.text, "s", ExitStatus::config); });
    CHECK(password.reveal() == row.password);
    CHECK(error == (row.error.empty() ? "none" : row.error));
  }
}

TEST_CASE("password: a file, and who may read it") {
  Scratch scratch;
  std::string path = scratch.file("p", "sekrit\nmore\n", 0600);
  CHECK(PasswordFile::read(path).password.reveal() == "sekrit");
  CHECK_FALSE(PasswordFile::read(path).warning);
  for (mode_t mode : {0400, 0700, 0620}) {
    chmod(path.c_str(), mode);
    CHECK_FALSE(PasswordFile::read(path).warning);
  }
  chmod(path.c_str(), 0640);
  CHECK(PasswordFile::read(path).warning == path + " holds a password and can be read by its group");
  for (mode_t mode : {0644, 0604}) {
    chmod(path.c_str(), mode);
    CHECK(failure([&] { PasswordFile::read(path); }) ==
          path + " holds a password and can be read by anybody; run: chmod 600 " + path);
  }
  CHECK(failure([&] { PasswordFile::read(path + "x"); }) == path + "x: No such file or directory");
  CHECK(failure([&] { PasswordFile::read(scratch.directory); }) ==
        scratch.directory + ": not a regular file"s);
  std::string fifo = path + "f";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(failure([&] { PasswordFile::read(fifo); }) == fifo + ": not a regular file");
}

TEST_CASE("password: a credential of the service manager") {
  Scratch scratch;
  scratch.file("remote.password", "sekrit\n", 0440);
  unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(credential("remote").empty());
  setenv("CREDENTIALS_DIRECTORY", "", 1);
  CHECK(credential("remote").empty());
  setenv("CREDENTIALS_DIRECTORY", scratch.directory, 1);
  CHECK(credential("remote").reveal() == "sekrit");
  CHECK(credential("local").empty());
  scratch.file("work.deliver-password", "other\n", 0400);
  CHECK(credential("work", "deliver-password").reveal() == "other");
  CHECK(credential("work").empty());
  scratch.file("local.password", "", 0400);
  CHECK(failure([&] { credential("local"); }) ==
        scratch.directory + "/local.password: no password in its first line"s);
  unsetenv("CREDENTIALS_DIRECTORY");
}
