// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/bearer.h"

#include <doctest/doctest.h>

#include <string>

#include "ipc/failure.h"

using namespace interimap;
using namespace interimap::sasl;

namespace {

constexpr std::string_view kToken = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

Credentials credentials(std::string_view username, std::string_view token = kToken) {
  return {.username = username, .password = token, .host = "server.example.com", .port = "143"};
}

}  // namespace

TEST_CASE("OAUTHBEARER: RFC 7628 section 4.1, and a name that is escaped") {
  auto bearer = makeOauthBearer(credentials("user@example.com"));
  CHECK(
      base64(bearer->initial()->reveal()).reveal() ==
      "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxb"
      "VRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB");
  auto escaped = makeOauthBearer(credentials("a=b,c"));
  CHECK(escaped->initial()->reveal().starts_with("n,a=a=3Db=2Cc,\x01host="));
}

TEST_CASE("XOAUTH2: the example of its description") {
  auto bearer =
      makeXoauth2(credentials("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"));
  CHECK(base64(bearer->initial()->reveal()).reveal() ==
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRH"
        "RXVZ"
        "Mjl0Q2cBAQ==");
}

TEST_CASE("tokens: a refusal is answered by as good as nothing, and its reason is kept, without the token") {
  const std::string json = R"({"status":"invalid_token","scope":"mail"})";
  auto standard = makeOauthBearer(credentials("tim")), older = makeXoauth2(credentials("tim"));
  CHECK(standard->step(json)->reveal() == "\x01");
  CHECK(older->step(json)->reveal() == "");
  for (auto* mechanism : {standard.get(), older.get()}) {
    CHECK(mechanism->reason() == json);
    CHECK_FALSE(mechanism->step("more"));
    CHECK(mechanism->reason() == json);
  }
  auto long_ = makeXoauth2(credentials("tim"));
  long_->step(std::string(5000, 'x'));
  CHECK(long_->reason().size() == kMostReason);
  auto echoing = makeXoauth2(credentials("tim"));
  echoing->step("no " + std::string(kToken) + "!");
  CHECK(echoing->reason() == "no [REDACTED]!");
}

TEST_CASE("tokens: what cannot be one is refused before it is sent, and not shown") {
  for (const char* token : {"", "two words", "line\r",
                            "user=me\x01"
                            "auth=Bearer x",
                            "{\"access_token\":\"x\"}", "caf\xc3\xa9"}) {
    CAPTURE(token);
    CHECK_THROWS_WITH(makeXoauth2(credentials("tim", token)),
                      "XOAUTH2: what is to be the access token holds something that cannot be in one; see "
                      "password-command");
  }
  CHECK_THROWS_WITH(makeOauthBearer(credentials("tim\x01x")),
                    "OAUTHBEARER: the user's name holds a control character");
}
