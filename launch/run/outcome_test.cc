// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/outcome.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("the run's exit status from its processes' ends") {
  using enum ExitStatus;
  const End quietLocal{Role::local, {}}, quietRemote{Role::remote, {}}, quietSync{Role::sync, {}};
  auto said = [](Role role, ExitStatus status) { return End{role, status}; };
  auto crashed = [](Role role) { return End{role, {}, true}; };
  struct {
    std::vector<End> ends;
    Asked asked;
    std::optional<int> status;
  } table[] = {
      {{said(Role::sync, ok), quietLocal, quietRemote}, Asked::nothing, 0},
      {{said(Role::local, ok), said(Role::sync, tryAgain), quietRemote}, Asked::nothing, 75},
      {{said(Role::sync, data), quietLocal, quietRemote}, Asked::nothing, 65},
      // a net that failed; sync and the other one are quiet
      {{said(Role::remote, noPermission), quietSync, quietLocal}, Asked::nothing, 77},
      {{said(Role::local, unavailable), said(Role::remote, noPermission), quietSync}, Asked::nothing, 69},
      // ... even if sync noticed and had something to say
      {{said(Role::local, protocol), said(Role::sync, tryAgain), quietRemote}, Asked::nothing, 76},
      {{said(Role::sync, unavailable), said(Role::net, noPermission)}, Asked::nothing, 77},
      {{said(Role::sync, unavailable), quietLocal, quietRemote}, Asked::nothing, 69},
      // a connection that breaks when all is done is no failure, whoever is seen first
      {{said(Role::sync, ok), said(Role::local, unavailable), quietRemote}, Asked::nothing, 0},
      {{said(Role::local, unavailable), said(Role::sync, ok), quietRemote}, Asked::nothing, 0},
      // ... nor is one that hung up at what sync has given up by then
      {{said(Role::remote, unavailable), said(Role::sync, tryAgain), quietLocal}, Asked::nothing, 75},
      {{said(Role::sync, tryAgain), said(Role::remote, unavailable), quietLocal}, Asked::nothing, 75},
      // ... but a server that talks nonsense is, as its error was printed
      {{said(Role::sync, ok), said(Role::net, protocol)}, Asked::nothing, 76},
      {{said(Role::net, protocol), said(Role::sync, ok)}, Asked::nothing, 76},
      {{said(Role::net, ok), said(Role::sync, ok)}, Asked::nothing, 0},
      // a crash is always told
      {{said(Role::sync, ok), crashed(Role::local), quietRemote}, Asked::nothing, 70},
      {{crashed(Role::remote), said(Role::sync, tryAgain), quietLocal}, Asked::nothing, 70},
      {{crashed(Role::sync), quietLocal, quietRemote}, Asked::terminate, 70},
      // asked to stop
      {{said(Role::sync, ok), quietLocal, quietRemote}, Asked::terminate, 0},
      {{quietSync, quietLocal, quietRemote}, Asked::terminate, 0},
      {{said(Role::local, unavailable), quietSync, quietRemote}, Asked::terminate, 0},
      {{said(Role::sync, ok), quietLocal, quietRemote}, Asked::interrupt, 1},
      // nobody says why
      {{quietSync, quietLocal, quietRemote}, Asked::nothing, std::nullopt},
      {{said(Role::local, ok), quietSync, quietRemote}, Asked::nothing, std::nullopt},
  };
  for (std::size_t row = 0; row < std::size(table); ++row) {
    CAPTURE(row);
    CHECK(outcome(table[row].ends, table[row].asked) == table[row].status);
  }
}

TEST_CASE("what ends a watch, and what is worth another attempt") {
  struct {
    int status;
    bool atOnce, withDatabase, onceItWorked;
  } table[] = {
      {69, true, true, true},    {75, false, true, true},   {74, false, false, true},
      {76, false, false, true},  {0, false, false, false},  {1, false, false, false},
      {64, false, false, false}, {65, false, false, false}, {70, false, false, false},
      {73, false, false, false}, {77, false, false, true},  {78, false, false, false},
  };
  for (const auto& row : table) {
    CAPTURE(row.status);
    CHECK(mayPass(row.status, Reached::nothing, true) == row.atOnce);
    CHECK(mayPass(row.status, Reached::database, true) == row.withDatabase);
    CHECK(mayPass(row.status, Reached::waiting, true) == row.onceItWorked);
    for (Reached reached : {Reached::nothing, Reached::database, Reached::waiting})
      if (row.status != 77) CHECK(mayPass(row.status, reached, false) == mayPass(row.status, reached, true));
  }
  CHECK(mayPass(77, Reached::nothing, false));  // field 17
}
