// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/source.h"

#include <doctest/doctest.h>

#include <fstream>

#include "ipc/failure.h"
#include "launch/config/data_home.h"

using namespace interimap;

namespace {

struct Home : DataHome {
  std::string file = std::string(path) + "/config";
  void write(const std::string& text) const { std::ofstream(file, std::ios::trunc) << text; }
};

Instance alice() { return AccountList::parse("name;user;p\nalice;a;%i\n", "l").accounts.front().copy(); }

}  // namespace

TEST_CASE("source: where no instance is named, percent signs are what they always were") {
  Home home;
  home.write("[local]\npassword = 100%i %% %{p} %\n[remote]\nusername = %u\nhost = h\nlist-reference = %\n");
  Source source(home.file);
  const Configuration configuration = source.configuration();
  CHECK(configuration.local.net.password.reveal() == "100%i %% %{p} %");
  CHECK(configuration.remote.net.username == "%u");
  CHECK(configuration.database == "h.db");
  CHECK(source.instance() == "");
  CHECK_FALSE(source.list().there());
  source.takeInstance(alice());
  CHECK_THROWS_AS(source.configuration(), Failure);
}

TEST_CASE("source: for one account of many") {
  Home home;
  home.write("accounts = l\n[local]\npassword = %{p}\n[remote]\nusername = %u%%\nhost = %i.example.net\n");
  Source source(home.file);
  CHECK(source.list().file() == std::string(home.path) + "/l");
  CHECK_THROWS_WITH(
      source.configuration(),
      (home.file + ": a configuration of many accounts; add --all, or --instance=NAME for one of "
                   "them")
          .c_str());
  source.takeInstance(alice());
  for (int i = 0; i < 2; ++i) {
    const Configuration configuration = source.configuration();
    CHECK(configuration.local.net.password.reveal() == "%i");
    CHECK(configuration.remote.net.username == "a%");
    CHECK(configuration.remote.net.host == "alice.example.net");
    CHECK(configuration.database == "alice/state.db");
    source.wipe();  // it is read again
  }
  const SplitPath database = Source(home.file).databaseOf(alice());
  CHECK(database.directory == std::string(home.path) + "/interimap/alice");
  CHECK(database.name == "state.db");
}
