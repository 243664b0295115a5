// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/configuration_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/failure.h"

using namespace interimap;

TEST_CASE("configuration: the file") {
  char path[] = "/tmp/interimap-configuration-XXXXXX";
  int fd = mkstemp(path);
  REQUIRE(fd >= 0);
  REQUIRE(write(fd, "a=b", 3) == 3);
  CHECK((ConfigurationFile::read(path).mode & 0777) == 0600);
  CHECK(ConfigurationFile::read(path).text.reveal() == "a=b");
  REQUIRE(ftruncate(fd, static_cast<off_t>(ConfigurationFile::kMostOctets + 1)) == 0);
  CHECK_THROWS_AS(ConfigurationFile::read(path), Failure);
  close(fd);
  unlink(path);
  CHECK_THROWS_WITH_AS(ConfigurationFile::read(path), ("No such config file " + std::string(path)).c_str(),
                       Failure);
  CHECK_THROWS_AS(ConfigurationFile::read("/tmp"), Failure);
  REQUIRE(mkfifo(path, 0600) == 0);
  CHECK_THROWS_AS(ConfigurationFile::read(path), Failure);
  unlink(path);
}
