// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/endpoint.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ipc/failure.h"
#include "transport/tls_server_test.h"

using namespace interimap;
using Security = settings::Delivery::Security;

namespace {

const Log kSilent = [](LogLevel, const std::string&) {};

ExitStatus statusOf(const settings::Delivery& settings) {
  try {
    openEndpoint(settings, kSilent).greet();
  } catch (const Failure& failure) {
    CAPTURE(failure.what());
    return failure.status;
  }
  return ExitStatus::ok;
}

}  // namespace

TEST_CASE("an endpoint as messages name it") {
  struct {
    const char *host, *port, *text;
  } const table[] = {{"mx.example", "25", "mx.example:25"},
                     {"192.0.2.1", "25", "192.0.2.1:25"},
                     {"::1", "24", "[::1]:24"},
                     {"[::1]", "24", "[::1]:24"},
                     {"/run/lmtp", "", "/run/lmtp"}};
  for (const auto& row : table) {
    settings::Delivery settings;
    settings.host = row.host;
    settings.port = row.port;
    CHECK(endpointText(settings) == row.text);
  }
}

TEST_CASE("a Unix socket") {
  test::Directory directory;
  settings::Delivery settings;
  settings.host = directory.path() + "/lmtp";
  CHECK(statusOf(settings) == ExitStatus::unavailable);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  strcpy(name.sun_path, settings.host.c_str());
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
  REQUIRE(listen(listener.get(), 5) == 0);
  CHECK(statusOf(settings) == ExitStatus::ok);

  // Who should a certificate be for?
  for (Security security : {Security::startTls, Security::required, Security::implicit}) {
    settings.security = security;
    settings.tls.hostname.reset();
    CHECK(statusOf(settings) == ExitStatus::config);
    settings.tls.hostname = "";
    CHECK(statusOf(settings) == ExitStatus::config);
    settings.tls.hostname = "mx.example";
    if (security != Security::implicit) CHECK(statusOf(settings) == ExitStatus::ok);
  }
  settings.host = "/" + std::string(200, 'x');
  CHECK(statusOf(settings) == ExitStatus::config);
}

TEST_CASE("settings that cannot work") {
  settings::Delivery settings;
  settings.host = "127.0.0.1";
  settings.port = "1";
  CHECK(statusOf(settings) == ExitStatus::unavailable);
  settings.username = "alice";
  CHECK(statusOf(settings) == ExitStatus::config);
  settings.username = "";
  settings.security = Security::startTls;
  settings.tls.caFile = "/nowhere";
  CHECK(statusOf(settings) == ExitStatus::config);
}
