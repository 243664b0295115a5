// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/greeting.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"

using namespace interimap;

namespace {

StatusResponse status(std::string_view text) { return *StatusResponse::parse(text); }

}  // namespace

TEST_CASE("greeting: what may be one") {
  struct {
    const char* text;
    std::optional<ExitStatus> refused;
  } table[] = {{"OK hello", {}},
               {"PREAUTH hello", {}},
               {"OK [CAPABILITY IMAP4rev1] hello", {}},
               {"BYE too many", ExitStatus::unavailable},
               {"NO not now", ExitStatus::protocol},
               {"BAD", ExitStatus::protocol}};
  for (const auto& row : table) {
    CAPTURE(row.text);
    Greeting greeting;
    try {
      greeting.take(status(row.text));
      CHECK_FALSE(row.refused);
      CHECK(greeting.come());
      CHECK((*greeting).words() == row.text);
    } catch (const Failure& failure) {
      CHECK(row.refused == failure.status);
    }
  }
}

TEST_CASE("greeting: an alert is one only if nothing follows") {
  Greeting greeting;
  greeting.take(status("OK [ALERT] Filesystem notification initialization error"));
  CHECK(greeting.perhaps());
  CHECK_FALSE(greeting.come());
  SUBCASE("something follows") {
    greeting.take(status("OK [CAPABILITY IMAP4rev1] Courier-IMAP ready"));
    CHECK((*greeting).what.code == "CAPABILITY");
  }
  SUBCASE("nothing follows") {
    greeting.nothingFollows();
    CHECK((*greeting).what.code == "ALERT");
  }
  CHECK(greeting.come());
  CHECK_FALSE(greeting.perhaps());
}
