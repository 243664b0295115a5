// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/own_directory.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "ipc/descriptor.h"

using namespace interimap;
namespace fs = std::filesystem;

namespace {

struct Shared {
  char path[32] = "/tmp/interimap-own-XXXXXX";
  Shared() { REQUIRE(mkdtemp(path)); }
  ~Shared() { fs::remove_all(path); }
  fs::path operator/(const char* name) const { return fs::path(path) / name; }
  void write(const char* name, const char* text) const { std::ofstream(*this / name) << text; }
  std::string read(const char* name) const {
    std::ifstream file(*this / name);
    std::string text;
    std::getline(file, text);
    return text;
  }
  std::string find(const char* name, bool mayArrange = true) const {
    SplitPath found = ownDirectory({path, name}, mayArrange);
    CHECK(found.name == name);
    return fs::path(found.directory).lexically_relative(path);
  }
};

}  // namespace

TEST_CASE("field 29: a database that is alone stays where it is") {
  Shared shared;
  CHECK(shared.find("a") == ".");
  for (const char* name : {"a", "a-wal", "a-journal", "a-shm", "a-last-success"}) shared.write(name, "x");
  CHECK(shared.find("a") == ".");
  CHECK(fs::is_regular_file(shared / "a"));
  CHECK(ownDirectory({"/no/such/directory", "a"}, true).directory == "/no/such/directory");
}

TEST_CASE("field 29: where there is another, each gets a directory of its own, and is found where it was") {
  Shared shared;
  shared.write("a", "content of a");
  CHECK(shared.find("b", false) == ".");  // nothing is touched
  CHECK_FALSE(fs::exists(shared / "b.d"));
  CHECK(shared.find("b") == "b.d");  // one that begins
  CHECK(fs::read_symlink(shared / "b") == "b.d/b");
  CHECK_FALSE(fs::exists(shared / "b"));
  shared.write("b", "content of b");
  CHECK(shared.read("b.d/b") == "content of b");
  CHECK(shared.find("a", false) == ".");
  CHECK(shared.find("a") == "a.d");  // one that was there
  CHECK(fs::read_symlink(shared / "a") == "a.d/a");
  CHECK(shared.read("a") == "content of a");
  CHECK(fs::hard_link_count(shared / "a.d/a") == 1);
  CHECK((fs::status(shared / "a.d").permissions() & fs::perms::mask) == fs::perms(0700));
  for (bool mayArrange : {true, false}) {
    CHECK(shared.find("a", mayArrange) == "a.d");
    CHECK(shared.find("b", mayArrange) == "b.d");
  }
  CHECK(shared.read("b") == "content of b");
}

TEST_CASE("field 29: one that was removed begins anew, one that was put back from a backup counts") {
  Shared shared;
  shared.write("other", "x");
  REQUIRE(shared.find("a") == "a.d");
  shared.write("a", "old");
  shared.write("a.d/a-wal", "old");
  fs::remove(shared / "a");
  CHECK(shared.find("a") == "a.d");
  CHECK_FALSE(fs::exists(shared / "a"));
  CHECK_FALSE(fs::exists(shared / "a.d/a-wal"));

  shared.write("a", "old");
  shared.write("a.d/a-journal", "old");
  shared.write("backup", "from the backup");
  fs::rename(shared / "backup", shared / "a");
  CHECK(shared.find("a") == "a.d");
  CHECK(shared.read("a.d/a") == "from the backup");
  CHECK(fs::is_symlink(shared / "a"));
  CHECK_FALSE(fs::exists(shared / "a.d/a-journal"));
}

TEST_CASE("field 29: killed in the middle of it, it begins again") {
  Shared shared;
  shared.write("other", "x");
  shared.write("a", "content");
  fs::create_directory(shared / "a.d");
  fs::create_hard_link(shared / "a", shared / "a.d/a");
  fs::create_symlink("a.d/a", shared / "a.d.link");
  CHECK(shared.find("a") == "a.d");
  CHECK(shared.read("a") == "content");
  CHECK(fs::is_symlink(shared / "a"));
  CHECK_FALSE(fs::exists(fs::symlink_status(shared / "a.d.link")));
}

TEST_CASE("field 29: what is in use, or was left by a kill, is not moved") {
  Shared shared;
  shared.write("other", "x");
  shared.write("a", "content");
  for (const char* beside : {"a-wal", "a-journal", "a-shm"}) {
    shared.write(beside, "x");
    CHECK(shared.find("a") == ".");
    fs::remove(shared / beside);
  }
  int ready[2], done[2];
  REQUIRE(pipe(ready) == 0);
  REQUIRE(pipe(done) == 0);
  pid_t child = fork();
  char octet = 0;
  if (child == 0) {  // SQLite's lock of a reader
    int file = open((shared / "a").c_str(), O_RDWR);
    struct flock lock {};
    lock.l_type = F_RDLCK;
    lock.l_start = 0x40000002;
    lock.l_len = 510;
    close(done[1]);
    if (fcntl(file, F_SETLK, &lock) == 0 && ::write(ready[1], &octet, 1) == 1)
      (void)!::read(done[0], &octet, 1);
    _exit(0);
  }
  REQUIRE(::read(ready[0], &octet, 1) == 1);
  CHECK(shared.find("a") == ".");
  close(done[1]);
  waitpid(child, nullptr, 0);
  for (int fd : {ready[0], ready[1], done[0]}) close(fd);
  CHECK(shared.find("a") == "a.d");
}

TEST_CASE("field 29: a link of somebody else's making is left alone") {
  Shared shared;
  shared.write("other", "x");
  shared.write("real", "content");
  fs::create_symlink("real", shared / "a");
  CHECK(shared.find("a") == ".");
  CHECK(fs::read_symlink(shared / "a") == "real");
}
