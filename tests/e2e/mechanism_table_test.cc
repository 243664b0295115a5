// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Every mechanism to every server that has it, and what it costs: the round trips of a run with nothing to
// do, and of handing over one message.
#include <algorithm>
#include <tuple>

#include "tests/e2e/bed.h"
#include "tests/e2e/cyrus.h"
#include "tests/e2e/dovecot24.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/mta.h"
#include "tests/e2e/port.h"
#include "tests/e2e/pull_scripted.h"
#include "tests/e2e/relay.h"
#include "tests/e2e/submission.h"
#include "tests/e2e/tokens.h"

using namespace interimap::bed;
using interimap::ExitStatus;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

constexpr const char* kAll23 =
    "auth_mechanisms = plain login scram-sha-1 scram-sha-256 oauthbearer xoauth2 external\n";
constexpr auto kDelay = 10ms;  // one way
constexpr unsigned kAttempts = 16;

// In place of a mechanism: the certificate alone, and no login.
constexpr const char* kNoLogin = "";

// A mechanism, and the round trips of the whole connection from its first octet to the last.
struct Row {
  const char* mechanism;
  unsigned trips;
};

struct Logins {
  Directory directory;
  Certificates certificates{directory / "certificates"};
  fs::path client = certificates.issue("client", "/CN=bob", "extendedKeyUsage=clientAuth");
  TokenIssuer tokens{directory / "tokens"};
  unsigned runs = 0;
  std::string table;

  // For a Dovecot 2.3 that can do all that it knows.
  DovecotOptions everything(const std::string& more = "") const {
    return {.certificate = certificates.server(),
            .key = certificates.key(),
            .extra = kAll23 + tokens.passdb() + "ssl_ca = <" + certificates.authority().string() +
                     "\nssl_verify_client_cert = yes\nssl_require_crl = no\n"
                     "auth_ssl_username_from_cert = yes\nssl_cert_username_field = commonName\n"
                     "passdb {\n driver = static\n mechanisms = external\n args = nopassword=y\n}\n" +
                     more};
  }
  // The keys for a login by it, with that in front of each; without the password.
  Words keys(const std::string& mechanism, const std::string& before = "") const {
    Words all{before + "SSL_CAfile = " + certificates.authority().string(),
              before + "SSL_protocol_min = TLSv1.3"};
    if (mechanism != kNoLogin) all.push_back(before + "auth = " + mechanism);
    if (mechanism == "EXTERNAL" || mechanism == kNoLogin) {
      all.push_back(before + "SSL_cert = " + client.string());
      all.push_back(before + "SSL_key = " + certificates.key().string());
    } else {
      all.push_back(before + "password" +
                    (takesToken(mechanism) ? "-command = echo " + tokens.token("bob", 3600)
                                           : std::string(" = ") + kPassword));
    }
    return all;
  }
  static bool takesToken(const std::string& mechanism) {
    return mechanism == "OAUTHBEARER" || mechanism == "XOAUTH2";
  }
  void note(const std::string& where, const std::string& mechanism, unsigned trips) {
    table += where + "  " + (mechanism == kNoLogin ? "no AUTH, a certificate" : mechanism) + "  " +
             std::to_string(trips) + "\n";
  }
};

// The fewest of some attempts: on a machine that is busy a flight may be torn apart, none is ever put
// together.
template <typename Measure>
unsigned fewest(unsigned enough, Measure measure) {
  unsigned least = ~0U;
  for (unsigned i = 0; i < kAttempts && least > enough; ++i) least = std::min(least, measure());
  return least;
}

struct Imap : Logins {
  FakeServer local{{.user = "alice"}};

  void check(const std::string& where, std::uint16_t port, const std::string& type,
             const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      CAPTURE(where);
      CAPTURE(std::string(row.mechanism));
      Relay relay(port, {.delay = kDelay});
      Interimap program(
          directory / ("program" + std::to_string(runs++)), cleartext(local.port(), "alice"),
          {.type = type, .port = relay.port(), .user = "bob", .password = "", .more = keys(row.mechanism)});
      Run first = program.run();
      requireDone(first);
      INFO(first.log());
      CHECK(first.says((row.mechanism == std::string("LOGIN") ? " " : " AUTHENTICATE ") +
                       std::string(row.mechanism) + " ["));
      CHECK_FALSE(first.says(kPassword));
      const unsigned trips = fewest(row.trips, [&] {
        requireDone(program.run({"--quiet"}));
        return relay.connections().back().roundTrips;
      });
      note(where, row.mechanism, trips);
      CHECK(trips == row.trips);
    }
  }
};

struct Smtp : Logins {
  FakeServer server;
  Smtp() {
    server.access([](auto& mailboxes) {
      mailboxes["INBOX"].add(mail("one").text);
      mailboxes["INBOX"].messages.back().envelope =
          R"((NIL "s" ((NIL NIL "bob" "example.net")) ((NIL NIL "bob" "example.net")) NIL NIL NIL NIL NIL NIL))";
    });
  }

  void check(const std::string& where, std::uint16_t port, const std::string& protocol,
             const std::string& tls, const std::string& recipient, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      CAPTURE(where);
      CAPTURE(std::string(row.mechanism));
      const unsigned trips = fewest(row.trips, [&] {
        Relay relay(port, {.delay = kDelay});
        Words more = keys(row.mechanism, "deliver-");
        more.insert(more.end(),
                    {"deliver-method = " + protocol + ":localhost:" + std::to_string(relay.port()),
                     "deliver-rcpt = " + recipient, "deliver-tls = " + tls});
        if (row.mechanism != std::string(kNoLogin)) more.push_back("deliver-username = bob");
        Pullimap program(directory / ("program" + std::to_string(runs++)),
                         {{"work", cleartext(server.port(), "bob")}}, more);
        Run run = program.run();
        requireDone(run);
        INFO(run.log());
        if (row.mechanism == std::string(kNoLogin))
          CHECK_FALSE(run.says("C: AUTH"));
        else
          CHECK(run.says(std::string("AUTH ") + row.mechanism));
        CHECK(run.says("is delivered to"));
        CHECK_FALSE(run.says(kPassword));
        return relay.connections().back().roundTrips;
      });
      note(where, row.mechanism, trips);
      CHECK(trips == row.trips);
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(Imap, "mechanisms by round trips: IMAP, Dovecot 2.3") {
  NOT_THE_REFERENCE();
  if (dovecotIs24()) return;
  Dovecot server(directory / "server", everything());
  // By imaps the second login goes ahead of the greeting, if it is one flight.
  for (const auto& [where, port, type, plain, others] :
       {std::tuple("Dovecot 2.3, imaps", server.imaps(), "imaps", 3U, 5U),
        std::tuple("Dovecot 2.3, STARTTLS", server.imap(), "imap", 5U, 6U)})
    check(where, port, type,
          {{"PLAIN", plain},
           {"LOGIN", plain},
           {"EXTERNAL", others},
           {"OAUTHBEARER", others},
           {"XOAUTH2", others},
           {"SCRAM-SHA-1", others + 1},
           {"SCRAM-SHA-256", others + 1}});
  MESSAGE(table);
}

TEST_CASE_FIXTURE(Imap, "mechanisms by round trips: IMAP, Dovecot 2.4") {
  NOT_THE_REFERENCE();
  auto debian = Debian13::find();
  if (!debian) return;
  Directory place(debian->servers());
  Dovecot24 server(
      *debian, place / "server",
      {.certificate = certificates.server(),
       .key = certificates.key(),
       .mechanisms = "plain login scram-sha-1 scram-sha-1-plus scram-sha-256 scram-sha-256-plus"});
  check("Dovecot 2.4, imaps", server.imaps(), "imaps",
        {{"PLAIN", 3},
         {"LOGIN", 3},
         {"SCRAM-SHA-1", 6},
         {"SCRAM-SHA-256", 6},
         {"SCRAM-SHA-1-PLUS", 6},
         {"SCRAM-SHA-256-PLUS", 6}});
  MESSAGE(table);
}

namespace {

CyrusOptions withTls(const Logins& bed) {
  return {.certificate = bed.certificates.server(),
          .key = bed.certificates.key(),
          .authority = bed.certificates.authority(),
          .mechanisms = "PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256 EXTERNAL"};
}

// It drops what is sent behind AUTHENTICATE, though not what is sent behind LOGIN.
void checkCyrus(Imap& bed, const std::string& name, const Cyrus& server) {
  server.client("bob").select("INBOX");
  for (const auto& [where, port, type, login, others] :
       {std::tuple(", imaps", server.imaps(), "imaps", 4U, 6U),
        std::tuple(", STARTTLS", server.imap(), "imap", 6U, 7U)})
    bed.check(name + where, port, type,
              {{"LOGIN", login},
               {"PLAIN", others},
               {"EXTERNAL", others},
               {"SCRAM-SHA-1", others + 2},
               {"SCRAM-SHA-256", others + 2},
               {"SCRAM-SHA-1-PLUS", others + 2},
               {"SCRAM-SHA-256-PLUS", others + 2}});
  MESSAGE(bed.table);
}

}  // namespace

TEST_CASE_FIXTURE(Imap, "mechanisms by round trips: IMAP, Cyrus 3.6") {
  NOT_THE_REFERENCE();
  auto programs = Cyrus::programs();
  if (!programs) return;
  checkCyrus(*this, "Cyrus 3.6", Cyrus(*programs, directory / "server", withTls(*this)));
}

TEST_CASE_FIXTURE(Imap, "mechanisms by round trips: IMAP, Cyrus 3.10") {
  NOT_THE_REFERENCE();
  auto debian = Debian13::find();
  if (!debian) return;
  Directory place(debian->servers());
  checkCyrus(*this, "Cyrus 3.10", Cyrus(*debian, place / "server", withTls(*this)));
}

namespace {

// Postfix offers EXTERNAL where Dovecot, which it asks, has it, and then it cannot succeed: of the client's
// certificate it tells Dovecot nothing (src/xsasl/xsasl_dovecot_server.c), so there is no name to log in by.
// What it has for certificates is permit_tls_clientcerts, without any login.
void checkPostfixAndCertificates(Smtp& bed, const Postfix& postfix) {
  auto pull = [&](std::uint16_t port, const std::string& tls, Words more) {
    more.insert(more.end(), {"deliver-method = smtp:localhost:" + std::to_string(port),
                             std::string("deliver-rcpt = ") + kRecipient, "deliver-tls = " + tls});
    return Pullimap(bed.directory / ("program" + std::to_string(bed.runs++)),
                    {{"work", cleartext(bed.server.port(), "bob")}}, more)
        .run();
  };
  Words external = bed.keys("EXTERNAL", "deliver-");
  external.push_back("deliver-username = bob");
  checkStatus(pull(postfix.submission(), "required", external), ExitStatus::noPermission);

  checkStatus(pull(postfix.certified(), "required",
                   {"deliver-SSL_CAfile = " + bed.certificates.authority().string()}),
              ExitStatus::data);
  bed.check("Postfix, STARTTLS", postfix.certified(), "smtp", "required", kRecipient, {{kNoLogin, 8}});
  bed.check("Postfix, TLS", postfix.certifieds(), "smtp", "implicit", kRecipient, {{kNoLogin, 7}});
}

}  // namespace

TEST_CASE_FIXTURE(Smtp, "mechanisms by round trips: SMTP, Dovecot's submission server, and Postfix") {
  NOT_THE_REFERENCE();
  if (dovecotIs24()) return;
  auto programs = Submission::programs();
  if (!programs) return;
  Sink sink, lmtpSink({.lmtp = true});
  Submission submission;
  const std::uint16_t authPort = freePort();
  Dovecot server(directory / "server",
                 everything(submission.configuration(*programs, sink.port()) +
                            "service auth {\n inet_listener postfix {\n  address = 127.0.0.1\n  port = " +
                            std::to_string(authPort) + "\n }\n}\n"));
  INFO(server.log());
  auto checkBoth = [&](const std::string& name, std::uint16_t starttls, std::uint16_t implicit,
                       const std::vector<Row>& beyondPlain) {
    for (const auto& [where, port, tls, plain] : {std::tuple(", STARTTLS", starttls, "required", 9U),
                                                  std::tuple(", TLS", implicit, "implicit", 8U)}) {
      std::vector<Row> rows = beyondPlain;
      for (Row& row : rows) row.trips += plain;
      check(name + where, port, "smtp", tls, kRecipient, rows);
    }
  };
  checkBoth("Dovecot submission", submission.starttls, submission.implicit,
            {{"PLAIN", 0},
             {"LOGIN", 2},
             {"EXTERNAL", 0},
             {"OAUTHBEARER", 0},
             {"XOAUTH2", 0},
             {"SCRAM-SHA-1", 2},
             {"SCRAM-SHA-256", 2}});
  if (auto root = Postfix::programs()) {
    Postfix postfix(*root, directory / "postfix", certificates, authPort, lmtpSink);
    INFO(postfix.log());
    checkBoth("Postfix", postfix.submission(), postfix.submissions(),
              {{"PLAIN", 0},
               {"LOGIN", 2},
               {"OAUTHBEARER", 0},
               {"XOAUTH2", 0},
               {"SCRAM-SHA-1", 2},
               {"SCRAM-SHA-256", 2}});
    checkPostfixAndCertificates(*this, postfix);
  }
  MESSAGE(table);
}

TEST_CASE_FIXTURE(Smtp, "mechanisms by round trips: LMTP, Cyrus 3.6") {
  NOT_THE_REFERENCE();
  auto programs = Cyrus::programs();
  if (!programs) return;
  Cyrus server(*programs, directory / "server", withTls(*this));
  server.client("alice").select("INBOX");
  check("Cyrus 3.6, LMTP", server.lmtp(), "lmtp", "required", "alice",
        {{"PLAIN", 10}, {"LOGIN", 12}, {"EXTERNAL", 10}, {"SCRAM-SHA-1", 12}, {"SCRAM-SHA-256", 12}});
  MESSAGE(table);
}
