// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/paths.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "ipc/failure.h"

using namespace interimap;

namespace {

// The base directories point into a private directory, and back to where they pointed.
class PrivateHome {
 public:
  PrivateHome() {
    for (const char* name : {"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"}) {
      const char* value = getenv(name);
      saved_.emplace_back(name, value ? std::optional<std::string>(value) : std::nullopt);
      unsetenv(name);
    }
    char path[] = "/tmp/interimap-paths-XXXXXX";
    REQUIRE(mkdtemp(path));
    directory = path;
  }
  ~PrivateHome() {
    for (const char* each : {"/xdg/interimap", "/xdg", "/.config/interimap", "/.config", ""})
      rmdir((directory + each).c_str());
    for (const auto& [name, value] : saved_) value ? setenv(name, value->c_str(), 1) : unsetenv(name);
  }
  std::string directory;

 private:
  std::vector<std::pair<const char*, std::optional<std::string>>> saved_;
};

std::string failure(const BaseDirectory& base, const std::string& path) {
  try {
    return "none: " + resolvePath(base, "interimap", path);
  } catch (const Failure& failed) {
    return std::to_string(static_cast<int>(failed.status)) + " " + failed.what();
  }
}

}  // namespace

TEST_CASE("paths: the XDG base directories") {
  PrivateHome home;
  std::string xdg = home.directory + "/xdg", fallback = home.directory + "/.config";
  mkdir(xdg.c_str(), 0755);
  mkdir(fallback.c_str(), 0755);
  setenv("XDG_CONFIG_HOME", xdg.c_str(), 1);
  setenv("HOME", home.directory.c_str(), 1);

  CHECK(resolvePath(kConfigHome, "interimap", "/etc/x") == "/etc/x");
  CHECK(resolvePath(kConfigHome, "interimap", "sub/x") == xdg + "/interimap/sub/x");
  struct stat status {};
  REQUIRE(stat((xdg + "/interimap").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
  setenv("XDG_CONFIG_HOME", "", 1);  // the specification: as if it were not set
  CHECK(resolvePath(kConfigHome, "interimap", "x") == fallback + "/interimap/x");

  setenv("XDG_CONFIG_HOME", (home.directory + "/missing").c_str(), 1);
  CHECK(failure(kConfigHome, "x") == "78 No such directory: " + home.directory + "/missing");
  CHECK(failure(kDataHome, "x") == "none: " + home.directory + "/.local/share/interimap/x");  // made later
  setenv("HOME", (home.directory + "/missing").c_str(), 1);
  CHECK(failure(kDataHome, "x") == "73 No such directory: " + home.directory + "/missing");
  setenv("HOME", home.directory.c_str(), 1);
  setenv("XDG_CONFIG_HOME", "relative", 1);
  CHECK(failure(kConfigHome, "x") == "78 Insecure relative: XDG_CONFIG_HOME has to be an absolute path");
  CHECK(failure(kConfigHome, "") == "78 Insecure: --config is empty");
  CHECK(failure(kConfigHome, "a\nb") == "78 Insecure a\nb: control characters in a name");
  setenv("XDG_CONFIG_HOME", "", 1);
  setenv("HOME", "home", 1);
  CHECK(failure(kConfigHome, "x") == "78 Insecure home/.config: HOME has to be an absolute path");
}

TEST_CASE("field 31: nowhere to look is said plainly") {
  PrivateHome home;
  for (const char* unset : {"", static_cast<const char*>(nullptr)}) {
    unset ? setenv("HOME", unset, 1) : unsetenv("HOME");
    CHECK(
        failure(kConfigHome, "x") ==
        "78 No such directory: neither HOME nor XDG_CONFIG_HOME is set; --config as an absolute path will do "
        "without");
    CHECK(failure(kDataHome, "x") ==
          "73 No such directory: neither HOME nor XDG_DATA_HOME is set; the key database or statefile as an "
          "absolute path will do without");
    CHECK(resolvePath(kConfigHome, "interimap", "/etc/x") == "/etc/x");
  }
}

TEST_CASE("field 31: a directory for state is made below the base, and nowhere else") {
  PrivateHome home;
  setenv("XDG_DATA_HOME", home.directory.c_str(), 1);
  const std::string deep = home.directory + "/interimap/a/b";
  requireDirectory(deep);
  for (const char* each : {"/interimap", "/interimap/a", "/interimap/a/b"}) {
    struct stat status {};
    REQUIRE(stat((home.directory + each).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0700);
  }
  requireDirectory(deep);
  requireDirectory("/tmp");
  auto refusal = [](const std::string& path) {
    try {
      requireDirectory(path);
    } catch (const Failure& failed) {
      return std::to_string(static_cast<int>(failed.status)) + " " + failed.what();
    }
    return std::string("none");
  };
  CHECK(refusal("/no/such") == "73 No such directory: /no/such");
  CHECK(refusal("/etc/passwd") == "73 Not a directory: /etc/passwd");
  unsetenv("XDG_DATA_HOME");  // on a new account not even this is there
  setenv("HOME", home.directory.c_str(), 1);
  requireDirectory(home.directory + "/.local/share/interimap");
  struct stat made {};
  REQUIRE(stat((home.directory + "/.local").c_str(), &made) == 0);
  CHECK((made.st_mode & 07777) == 0700);
  CHECK(refusal(home.directory + "/.local/elsewhere") ==
        "73 No such directory: " + home.directory + "/.local/elsewhere");
  for (const char* each : {"/interimap/a/b", "/interimap/a", "/interimap", "/.local/share/interimap",
                           "/.local/share", "/.local"})
    rmdir((home.directory + each).c_str());
}

TEST_CASE("paths: directory and file") {
  struct {
    std::string path, directory, name;
  } table[] = {
      {"/a/b/c.db", "/a/b", "c.db"},
      {"/c.db", "/", "c.db"},
      {"/a//c", "/a/", "c"},
  };
  for (const auto& row : table) {
    SplitPath split = splitPath(row.path);
    CHECK(split.directory == row.directory);
    CHECK(split.name == row.name);
  }
  for (const char* path : {"/", "/a/", "/a/..", "/a/."}) CHECK_THROWS_AS(splitPath(path), Failure);
}

TEST_CASE("paths: the workers are beside the program") {
  std::string directory = workerDirectory();
  CHECK(directory.ends_with("/libexec/interimap"));
  CHECK(directory[0] == '/');
}
