// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/replaced_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "ipc/failure.h"
#include "launch/config/data_home.h"

using namespace interimap;

namespace {

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a replaced file: all of the text, and nothing beside it") {
  DataHome home;
  const std::string path = std::string(home.path) + "/file";
  replaceFile(path, "one\n");
  replaceFile(path, "two\n", 0644);
  CHECK(content(path) == "two\n");
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0644);
  const std::string link = std::string(home.path) + "/link";
  std::filesystem::create_symlink("file", link);
  replaceFile(link, "three\n");
  CHECK(content(link) == "three\n");
  CHECK(content(path) == "two\n");
  CHECK_THROWS_AS(replaceFile(std::string(home.path) + "/none/file", "x"), Failure);
  std::filesystem::create_directory(std::string(home.path) + "/directory");
  CHECK_THROWS_AS(replaceFile(std::string(home.path) + "/directory", "x"), Failure);
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(home.path)) ++count;
  CHECK(count == 3);
}
