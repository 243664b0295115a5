// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Scenario 21: through a SOCKS5 proxy.
#include <algorithm>

#include "tests/e2e/bed.h"
#include "tests/e2e/fake_proxy.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/oracle.h"
#include "tests/e2e/port.h"

using namespace interimap::bed;
using namespace std::string_literals;
using interimap::ExitStatus;

namespace {

struct Proxied {
  Directory directory;
  FakeServer local{{.user = "alice"}}, remote;
  unsigned runs = 0;

  Account account(const std::string& proxy, const std::string& host, std::uint16_t port = 10143) const {
    return {.host = host,
            .port = port,
            .user = "bob",
            .more = {"STARTTLS = NO", "auth = PLAIN LOGIN", "proxy = " + proxy}};
  }
  Run run(const Account& account, const std::string& which = programPath()) {
    Interimap it(directory / ("program" + std::to_string(runs++)), cleartext(local.port(), "alice"), account);
    return it.runWith(which);
  }
};

std::string at(const FakeProxy& proxy) { return "127.0.0.1:" + std::to_string(proxy.port()); }

}  // namespace

TEST_CASE_FIXTURE(Proxied,
                  "scenario 21: socks5 sends addresses, socks5h names, and addresses are never names") {
  struct {
    std::string scheme, host, destination;
  } table[] = {
      {"socks5", "127.0.0.1", "ipv4 127.0.0.1 10143"},
      {"socks5h", "127.0.0.1", "ipv4 127.0.0.1 10143"},
      {"socks5h", "[::1]", "ipv6 ::1 10143"},
      {"socks5", "::1", "ipv6 ::1 10143"},
      {"socks5h", "imap.example.test", "name imap.example.test 10143"},
      {"socks5h", "localhost", "name localhost 10143"},
  };
  for (const auto& row : table) {
    for (const std::string& which : programs()) {
      CAPTURE(row.scheme);
      CAPTURE(row.host);
      CAPTURE(which);
      FakeProxy proxy({.leadsTo = remote.port()});
      requireDone(run(account(row.scheme + "://" + at(proxy), row.host), which));
      REQUIRE(proxy.requests().size() == 1);
      CHECK(proxy.requests()[0].destination == row.destination);
      CHECK(proxy.requests()[0].methods == "\0"s);
    }
  }
  FakeProxy proxy({.leadsTo = remote.port()});
  requireDone(run(account("socks5://" + at(proxy), "localhost")));  // resolved here
  CHECK_FALSE(proxy.requests().at(0).destination.starts_with("name"));
}

TEST_CASE_FIXTURE(Proxied, "scenario 21: the proxy asks for a user and a password") {
  for (const std::string& which : programs()) {
    CAPTURE(which);
    FakeProxy proxy({.leadsTo = remote.port(), .user = "carol", .password = "p@ss:w/rd%41"});
    Run good = run(account("socks5h://carol:p@ss:w/rd%41@" + at(proxy), "imap.example.test"), which);
    requireDone(good);
    ProxyRequest request = proxy.requests().at(0);
    CHECK(request.user == "carol");
    CHECK(request.password == "p@ss:w/rd%41");
    std::ranges::sort(request.methods);
    CHECK(request.methods == "\0\2"s);
    CHECK_FALSE(good.says("p@ss"));

    Run bad = run(account("socks5h://carol:wrong@" + at(proxy), "imap.example.test"), which);
    if (which != kPerl) checkStatus(bad, ExitStatus::noPermission);
    CHECK(bad.exitStatus != 0);
    CHECK(bad.says("SOCKSv5 ERROR: "));
    CHECK_FALSE(bad.says("wrong"));
  }
  CHECK_FALSE(std::ranges::any_of(remote.commands(), [](auto& c) { return c.find("carol") != c.npos; }));
}

TEST_CASE_FIXTURE(Proxied, "scenario 21: whatever the proxy refuses is said") {
  struct {
    FakeProxyOptions proxy;
    ExitStatus status;
    std::string says;
  } table[] = {
      {{.reply = 1}, ExitStatus::unavailable, "general SOCKS server failure"},
      {{.reply = 2}, ExitStatus::unavailable, "connection not allowed by ruleset"},
      {{.reply = 3}, ExitStatus::unavailable, "network unreachable"},
      {{.reply = 4}, ExitStatus::unavailable, "host unreachable"},
      {{.reply = 5}, ExitStatus::unavailable, "connection refused"},
      {{.reply = 6}, ExitStatus::unavailable, "TTL expired"},
      {{.reply = 7}, ExitStatus::unavailable, "command not supported"},
      {{.reply = 8}, ExitStatus::unavailable, "address type not supported"},
      {{.reply = 99}, ExitStatus::unavailable, "unknown reply 99"},
      {{.methodReply = "\x05\xff"}, ExitStatus::noPermission, "no acceptable authentication method"},
      {{.methodReply = "\x05\x01"}, ExitStatus::unavailable, "a method that was not offered, 1"},
      {{.methodReply = "\x04\x5a"}, ExitStatus::unavailable, "speaks version 4"},
      {{.methodReply = "HTTP/1.1 400 Bad Request\r\n"}, ExitStatus::unavailable, "speaks version 72"},
      {{.methodReply = "\x05"}, ExitStatus::unavailable, "the proxy closed the connection"},
  };
  for (const auto& row : table) {
    CAPTURE(row.says);
    FakeProxy proxy(row.proxy);
    Account through = account("socks5h://" + at(proxy), "imap.example.test");
    Run run = this->run(through);
    checkStatus(run, row.status);
    if (programs().size() > 1) CHECK(this->run(through, kPerl).exitStatus != 0);
    if (!isReference()) CHECK(run.says("remote: ERROR: SOCKSv5 ERROR: "));
    if (!isReference()) CHECK(run.says(row.says));
    CHECK(remote.commands().empty());
  }
}

TEST_CASE_FIXTURE(Proxied, "scenario 21: proxies that cannot be") {
  struct {
    std::string proxy;
    ExitStatus status;
    std::string says;
  } table[] = {
      {"http://127.0.0.1:1", ExitStatus::config, "Unsupported proxy protocol: http"},
      {"socks4://u:sesame@127.0.0.1:1", ExitStatus::config, "Unsupported proxy protocol: socks4"},
      {"127.0.0.1:1080", ExitStatus::config, "Invalid proxy URI"},
      {"socks5://u:sesame@", ExitStatus::config, "Invalid proxy URI"},
      {"socks5://u:" + std::string(256, 's') + "@127.0.0.1:1", ExitStatus::config, "Invalid proxy URI"},
      {"socks5h://nowhere.invalid", ExitStatus::unavailable, "getaddrinfo(nowhere.invalid): "},
      {"socks5h://u:sesame@127.0.0.1:" + std::to_string(freePort()), ExitStatus::unavailable,
       "Connection refused"},
  };
  for (const auto& row : table) {
    CAPTURE(row.proxy);
    Run run = this->run(account(row.proxy, "imap.example.test"));
    checkStatus(run, row.status);
    if (isReference()) continue;
    CHECK_FALSE(run.says("sesame"));
    CHECK(run.says(row.says));
  }
  FakeProxy proxy({.leadsTo = remote.port()});
  Run run = this->run(account("socks5://" + at(proxy), "nowhere.invalid"));
  checkStatus(run, ExitStatus::unavailable);
  CHECK(run.says("getaddrinfo(nowhere.invalid): "));
  run = this->run(account("socks5h://" + at(proxy), std::string(256, 'h')));
  CHECK(run.exitStatus != 0);
}

TEST_CASE_FIXTURE(Proxied, "scenario 21: a proxy with an IPv6 address") {
  if (!hasIpv6()) {
    MESSAGE("skipped: no IPv6 here");
    return;
  }
  FakeProxy proxy({.leadsTo = remote.port(), .ipv6 = true});
  for (const std::string& which : programs())
    requireDone(run(account("socks5h://[::1]:" + std::to_string(proxy.port()), "imap.example.test"), which));
  CHECK(proxy.requests().size() == programs().size());
}

TEST_CASE("scenario 21: TLS through a proxy is with the server, not with the proxy") {
  Directory directory;
  Certificates certificates(directory / "certificates");
  fs::path certificate = certificates.issue("mail", "/CN=x", "subjectAltName=DNS:mail.example.test");
  Dovecot local(directory / "local"),
      remote(directory / "remote", {.certificate = certificate, .key = certificates.key()});
  remote.client("bob").append("INBOX", Corpus(1).smallMessages(3));
  FakeProxy proxy({.leadsTo = remote.imaps()});
  for (bool right : {true, false}) {
    Account account{
        .type = "imaps",
        .host = right ? "mail.example.test" : "other.example.test",
        .port = 993,
        .user = "bob",
        .more = {"SSL_CAfile = " + certificates.authority().string(), "proxy = socks5h://" + at(proxy)}};
    Interimap it(directory / "program", cleartext(local.imap(), "alice"), account);
    Run run = it.run();
    if (right) requireDone(run);
    if (!right) checkStatus(run, ExitStatus::noPermission);
  }
  checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
}

TEST_CASE_FIXTURE(Proxied, "W40: a password that goes out in clear is worth a warning") {
  NOT_THE_REFERENCE();
  FakeProxy proxy({.leadsTo = remote.port()});
  const std::string warning = "without encryption";
  for (const std::string host : {"imap.example.test", "127.example.test", "localhost", "192.0.2.1"}) {
    Run run = this->run(account("socks5h://" + at(proxy), host));
    requireDone(run);
    CHECK(run.says("remote: WARNING: Sending the password to " + host + " " + warning));
  }
  CHECK_FALSE(run(cleartext(remote.port(), "bob")).says(warning));  // it does not leave this machine
}
