// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sandbox/root_directory.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/privileges.h"

using namespace interimap::sandbox;

TEST_CASE("a root directory is empty, root's, and nobody else's to write to") {
  std::string path = "/tmp/root-directory-test.XXXXXX";
  REQUIRE(mkdtemp(path.data()) != nullptr);
  auto safe = [&] {
    OpenFile directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return isSafeAndEmpty(directory.get());
  };
  bool root = geteuid() == 0;
  CHECK(safe() == root);
  for (mode_t mode : {0770, 0707, 01777}) {
    REQUIRE(chmod(path.c_str(), mode) == 0);
    CHECK_FALSE(safe());
  }
  REQUIRE(chmod(path.c_str(), 0755) == 0);
  CHECK(safe() == root);
  REQUIRE(mkdir((path + "/.d").c_str(), 0700) == 0);
  CHECK_FALSE(safe());
  REQUIRE(rmdir((path + "/.d").c_str()) == 0);
  if (root) {
    REQUIRE(chown(path.c_str(), 1, 1) == 0);
    CHECK_FALSE(safe());
    CHECK(isSafeAndEmpty(openEmptyDirectory().get()));
  }
  rmdir(path.c_str());
  CHECK_FALSE(isSafeAndEmpty(-1));
}

TEST_CASE("whom to become") {
  CHECK_FALSE(accountToBecome(""));
  CHECK_FALSE(accountToBecome("root"));
  CHECK_THROWS_WITH(accountToBecome("no-such-user"), "sandbox: user no-such-user: no such user");
  auto nobody = accountToBecome("nobody");
  REQUIRE(nobody);
  CHECK(nobody->name == "nobody");
  CHECK(nobody->uid != 0);
}
