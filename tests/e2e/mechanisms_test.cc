// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How one logs in: every mechanism, to real servers.
#include "tests/e2e/bed.h"
#include "tests/e2e/cyrus.h"
#include "tests/e2e/dovecot24.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/oracle.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

using Words = std::vector<std::string>;

struct Mechanisms {
  Directory directory;
  Certificates certificates{directory / "certificates"};
  FakeServer local{{.user = "alice"}};
  unsigned runs = 0;

  std::string trust() const { return "SSL_CAfile = " + certificates.authority().string(); }

  Account account(std::uint16_t port, Words more, const std::string& type = "imaps") const {
    more.push_back(type == "imaps" ? trust() : "STARTTLS = NO");
    return {.type = type, .host = "127.0.0.1", .port = port, .user = "bob", .more = std::move(more)};
  }
  Run run(Account remote) {
    return Interimap(directory / ("program" + std::to_string(runs++)), cleartext(local.port(), "alice"),
                     std::move(remote))
        .run();
  }
  // What was said to log in: "AUTHENTICATE PLAIN".
  static std::string login(const Run& run) {
    std::string said;
    for (const std::string& command : run.commands("remote"))
      if (command.starts_with("AUTHENTICATE ") || command.starts_with("LOGIN"))
        said += (said.empty() ? "" : "; ") + command.substr(0, command.find(" [", 13));
    return said;
  }
  void checkLogin(const Run& run, const std::string& mechanism) {
    requireDone(run);
    CHECK(login(run) == "AUTHENTICATE " + mechanism);
    for (const char* secret : {"sekrit", "c2Vrcml0", ",r=", "cj0", "v="}) CHECK_FALSE(run.says(secret));
  }
};

}  // namespace

TEST_CASE_FIXTURE(Mechanisms, "SCRAM to Dovecot: the strongest by default, in clear and by TLS") {
  NOT_THE_REFERENCE();
  Dovecot server(directory / "server", {.certificate = certificates.server(),
                                        .key = certificates.key(),
                                        .extra = "auth_mechanisms = plain login scram-sha-1 scram-sha-256"});
  const struct {
    Words keys;
    const char* mechanism;
  } table[] = {
      {{}, "SCRAM-SHA-256"},
      {{"auth = SCRAM-SHA-1"}, "SCRAM-SHA-1"},
      {{"auth = scram-sha-256-plus scram-sha-1"}, "SCRAM-SHA-1"},
      {{"auth = PLAIN SCRAM-SHA-256"}, "PLAIN"},
  };
  for (const auto& row : table) {
    CAPTURE(row.mechanism);
    checkLogin(run(account(server.imaps(), row.keys)), row.mechanism);
    checkLogin(run(account(server.imap(), row.keys, "imap")), row.mechanism);
  }
  Account wrong = account(server.imaps(), {});
  wrong.password = "wrong";
  Run refused = run(wrong);
  checkStatus(refused, ExitStatus::noPermission);
  CHECK(refused.says("refused the login of bob (SCRAM-SHA-256)"));
}

TEST_CASE_FIXTURE(Mechanisms,
                  "SCRAM-PLUS to Dovecot 2.4: by the exporter with TLS 1.3, by tls-unique before") {
  NOT_THE_REFERENCE();
  auto debian = Debian13::find();
  if (!debian) return;
  Directory place(debian->servers());
  Dovecot24 server(*debian, place / "server",
                   {.certificate = certificates.server(),
                    .key = certificates.key(),
                    .mechanisms = "plain scram-sha-1 scram-sha-1-plus scram-sha-256 scram-sha-256-plus"});
  INFO(server.log());
  const struct {
    Words keys;
    const char* mechanism;
  } table[] = {
      {{}, "SCRAM-SHA-256-PLUS"},
      {{"SSL_protocol_max = TLSv1.2"}, "SCRAM-SHA-256-PLUS"},
      {{"auth = SCRAM-SHA-1-PLUS"}, "SCRAM-SHA-1-PLUS"},
      {{"auth = SCRAM-SHA-256"}, "SCRAM-SHA-256"},
  };
  for (const auto& row : table) {
    CAPTURE(row.keys.size());
    checkLogin(run(account(server.imaps(), row.keys)), row.mechanism);
  }
}
