// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/new_file.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "ipc/failure.h"

using namespace interimap;

TEST_CASE("a new file: closed to others, and never in the place of another") {
  char directory[] = "/tmp/interimap-file-XXXXXX";
  REQUIRE(mkdtemp(directory));
  std::string path = std::string(directory) + "/f", text("a\0b", 3);
  writeNewFile(path, text);
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  std::ostringstream read;
  read << std::ifstream(path).rdbuf();
  CHECK(read.str() == text);
  CHECK_THROWS_WITH_AS(writeNewFile(path, "x"), ("Can't create " + path + ": File exists").c_str(), Failure);
  std::filesystem::remove_all(directory);
  CHECK_THROWS_AS(writeNewFile(path, "x"), Failure);
}
