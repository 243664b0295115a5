// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/socks.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ipc/failure.h"
#include "transport/socket.h"

using namespace interimap;
using namespace std::string_literals;

namespace {

// What the proxy expects, and what it says then.
using Script = std::vector<std::pair<std::string, std::string>>;

struct Outcome {
  std::string failed;
  ExitStatus status = ExitStatus::ok;
  std::string rest;  // what was left for IMAP
  bool asExpected = true;
};

Outcome talk(const std::string& uri, const std::string& host, const std::string& port, const Script& script) {
  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  Descriptor proxy(pair[0]);
  SocketStream stream{Descriptor(pair[1])};
  Outcome outcome;
  std::thread thread([&] {
    for (const auto& [expected, answer] : script) {
      std::string got(expected.size(), '\0');
      std::size_t size = 0;
      while (size < got.size()) {
        ssize_t piece = read(proxy.get(), got.data() + size, got.size() - size);
        if (piece <= 0) break;
        size += static_cast<std::size_t>(piece);
      }
      outcome.asExpected &= got == expected;
      for (char c : answer) outcome.asExpected &= write(proxy.get(), &c, 1) == 1;
    }
    shutdown(proxy.get(), SHUT_WR);
  });
  try {
    socks::Dialogue dialogue(socks::Proxy::parse(uri), host, port);
    dialogue.run(stream);
  } catch (const Failure& failure) {
    outcome.failed = failure.what();
    outcome.status = failure.status;
    shutdown(pair[1], SHUT_WR);  // the proxy shall not wait for more
  }
  thread.join();
  std::array<char, 100> buffer;
  if (outcome.failed.empty()) outcome.rest.assign(buffer.data(), stream.read(buffer).size);
  return outcome;
}

const std::string kHello = "\x05\x01\x00"s, kNoAuth = "\x05\x00"s;
const std::string kByAddress = "\x05\x01\x00\x01\x7f\x00\x00\x01\x03\xe1"s;
const std::string kBound = "\x00\x01\x00\x00\x00\x00\x00\x00"s;  // RSV ATYP BND.ADDR BND.PORT

}  // namespace

TEST_CASE("SOCKS: the proxy's URI") {
  struct Row {
    std::string uri, user, password, host, port;
    bool resolves;
  };
  const Row rows[] = {
      {"socks5://proxy", "", "", "proxy", "1080", false},
      {"socks5h://proxy:9050", "", "", "proxy", "9050", true},
      {"socks5h://[::1]:socks", "", "", "[::1]", "socks", true},
      {"socks5://[::1]", "", "", "[::1]", "1080", false},
      {"socks5://u:p@h:1", "u", "p", "h", "1", false},
      {"socks5://u:p:q@r%40@h", "u", "p:q@r%40", "h", "1080", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.uri);
    auto proxy = socks::Proxy::parse(row.uri);
    CHECK(proxy.user == row.user);
    CHECK(proxy.password.reveal() == row.password);
    CHECK(proxy.host == row.host);
    CHECK(proxy.port == row.port);
    CHECK(proxy.resolvesNames == row.resolves);
  }
  const std::string longest(255, 'x');
  CHECK_NOTHROW(socks::Proxy::parse("socks5://" + longest + ":" + longest + "@h"));
  const std::pair<std::string, const char*> refused[] = {
      {"proxy:1080", "Invalid proxy"},
      {"http://proxy", "Unsupported proxy protocol: http"},
      {"socks4://proxy", "Unsupported proxy protocol"},
      {"SOCKS5://proxy", "Unsupported proxy protocol"},
      {"socks5://", "Invalid proxy"},
      {"socks5://:1080", "Invalid proxy"},
      {"socks5://proxy:", "Invalid proxy"},
      {"socks5://proxy:1:2", "Invalid proxy"},
      {"socks5://::1", "Invalid proxy"},
      {"socks5://[::1", "Invalid proxy"},
      {"socks5://[::1]x", "Invalid proxy"},
      {"socks5://user@proxy", "without a password"},
      {"socks5://:hunter2@proxy", "1 to 255"},
      {"socks5://user:@proxy", "1 to 255"},
      {"socks5://" + longest + "x:hunter2@proxy", "1 to 255"},
      {"socks5://user:" + longest + "x@proxy", "1 to 255"},
      {"socks5://user:hunter2@", "Invalid proxy"},
  };
  for (const auto& row : refused) {
    CAPTURE(row.first);
    try {
      socks::Proxy::parse(row.first);
      FAIL("accepted");
    } catch (const Failure& failure) {
      CHECK(failure.status == ExitStatus::config);
      CHECK(std::string(failure.what()).find(row.second) != std::string::npos);
      CHECK(std::string(failure.what()).find("hunter2") == std::string::npos);
    }
  }
}

TEST_CASE("SOCKS: dialogues that succeed leave the rest for IMAP") {
  struct Row {
    std::string uri, host;
    Script script;
  };
  const Row rows[] = {
      {"socks5://p", "127.0.0.1", {{kHello, kNoAuth}, {kByAddress, "\x05\x00"s + kBound + "* OK"}}},
      {"socks5h://p", "127.0.0.1", {{kHello, kNoAuth}, {kByAddress, "\x05\x00"s + kBound + "* OK"}}},
      {"socks5h://p",
       "[::1]",
       {{kHello, kNoAuth},
        {"\x05\x01\x00\x04"s + std::string(15, '\0') + "\x01\x03\xe1"s,
         "\x05\x00\x00\x04"s + std::string(18, '\x09') + "* OK"}}},
      {"socks5h://p",
       "imap.example.test",
       {{kHello, kNoAuth},
        {"\x05\x01\x00\x03\x11imap.example.test\x03\xe1"s, "\x05\x00\x00\x03\x04host\x12\x34* OK"s}}},
      {"socks5://u:secret@p",
       "127.0.0.1",
       {{"\x05\x02\x00\x02"s, "\x05\x02"s},
        {"\x01\x01u\x06secret"s, "\x01\x00"s},
        {kByAddress, "\x05\x00"s + kBound + "* OK"}}},
      {"socks5://u:secret@p",
       "127.0.0.1",
       {{"\x05\x02\x00\x02"s, kNoAuth}, {kByAddress, "\x05\x00"s + kBound + "* OK"}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.uri);
    CAPTURE(row.host);
    Outcome outcome = talk(row.uri, row.host, "993", row.script);
    CHECK(outcome.failed == "");
    CHECK(outcome.asExpected);
    CHECK(outcome.rest == "* OK");
  }
}

TEST_CASE("SOCKS: names are resolved here for socks5, services for both") {
  Outcome outcome = talk("socks5://p", "localhost", "imaps", {{kHello, kNoAuth}, {"\x05\x01\x00"s, ""}});
  CHECK(outcome.asExpected);
  CHECK_THROWS_WITH_AS(socks::Dialogue(socks::Proxy::parse("socks5://p"), "nosuch.invalid", "993"),
                       doctest::Contains("getaddrinfo(nosuch.invalid): "), Failure);
  CHECK_NOTHROW(socks::Dialogue(socks::Proxy::parse("socks5h://p"), "nosuch.invalid", "993"));
  CHECK_THROWS_AS(socks::Dialogue(socks::Proxy::parse("socks5h://p"), "h", "nosuchservice"), Failure);
  CHECK_THROWS_AS(socks::Dialogue(socks::Proxy::parse("socks5h://p"), std::string(256, 'h'), "993"), Failure);
  CHECK_THROWS_AS(socks::Dialogue(socks::Proxy::parse("socks5h://p"), "[name]", "993"), Failure);
}

TEST_CASE("SOCKS: every refusal says why") {
  const char* replies[] = {"general SOCKS server failure",
                           "connection not allowed by ruleset",
                           "network unreachable",
                           "host unreachable",
                           "connection refused",
                           "TTL expired",
                           "command not supported",
                           "address type not supported",
                           "unknown reply 9"};
  for (char code = 1; code <= 9; ++code) {
    Outcome outcome =
        talk("socks5://p", "127.0.0.1", "993", {{kHello, kNoAuth}, {kByAddress, "\x05"s + code + kBound}});
    CHECK(outcome.failed == "SOCKSv5 ERROR: "s + replies[code - 1]);
    CHECK(outcome.status == ExitStatus::unavailable);
  }
  struct Row {
    std::string uri;
    Script script;
    const char* reason;
    ExitStatus status = ExitStatus::unavailable;
  };
  const std::string both = "\x05\x02\x00\x02"s;
  const Row rows[] = {
      {"socks5://p", {{kHello, ""}}, "the proxy closed the connection"},
      {"socks5://p", {{kHello, "\x04\x00"s}}, "the proxy speaks version 4, which is not 5"},
      {"socks5://p", {{kHello, "HTTP"}}, "the proxy speaks version 72, which is not 5"},
      {"socks5://p",
       {{kHello, "\x05\xff"s}},
       "no acceptable authentication method",
       ExitStatus::noPermission},
      {"socks5://p", {{kHello, "\x05\x02"s}}, "the proxy chose a method that was not offered, 2"},
      {"socks5://u:p@p", {{both, "\x05\x01"s}}, "the proxy chose a method that was not offered, 1"},
      {"socks5://u:p@p",
       {{both, "\x05\x02"s}, {"\x01\x01u\x01p"s, "\x01\x01"s}},
       "authentication failed",
       ExitStatus::noPermission},
      {"socks5://u:p@p",
       {{both, "\x05\x02"s}, {"\x01\x01u\x01p"s, "\x05\x00"s}},
       "the proxy speaks version 5, which is not 1"},
      {"socks5://p", {{kHello, kNoAuth}, {kByAddress, "\x05\x00\x00"s}}, "the proxy closed the connection"},
      {"socks5://p",
       {{kHello, kNoAuth}, {kByAddress, "\x05\x00\x00\x02"s}},
       "the proxy is bound to an address of unknown type 2"},
      {"socks5://p",
       {{kHello, kNoAuth}, {kByAddress, "\x05\x00\x00\x03\xff"s + "short"}},
       "the proxy closed the connection"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    Outcome outcome = talk(row.uri, "127.0.0.1", "993", row.script);
    CHECK(outcome.failed == "SOCKSv5 ERROR: "s + row.reason);
    CHECK(outcome.status == row.status);
    CHECK(outcome.asExpected);
  }
}

TEST_CASE("SOCKS: a silent proxy is waited for no longer than it may") {
  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  Descriptor proxy(pair[0]);
  SocketStream stream{Descriptor(pair[1])};
  socks::Dialogue dialogue(socks::Proxy::parse("socks5://p"), "127.0.0.1", "993");
  CHECK_THROWS_WITH_AS(dialogue.run(stream, std::chrono::milliseconds(30)),
                       "SOCKSv5 ERROR: the proxy does not answer", Failure);
}
