// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// TLS and AUTH towards the server that mail is delivered to.

#include "tests/e2e/pull_scripted.h"

using namespace interimap::bed;

namespace {

struct Secured {
  Secured() : certificates(directory / "certificates") {}

  SinkOptions options(bool implicit = false) const {
    return {.certificate = certificates.server(), .key = certificates.key(), .implicitTls = implicit};
  }
  std::string trust() const { return "deliver-SSL_CAfile = " + certificates.authority().string(); }

  Directory directory;
  Certificates certificates;
};

}  // namespace

TEST_CASE_FIXTURE(Secured, "W36: STARTTLS and TLS from the start, certificates, fingerprints") {
  struct Row {
    const char* what;
    bool implicit;
    std::vector<std::string> keys;
    int status;
    bool encrypted;
  };
  const std::string other = "deliver-SSL_CAfile = " + certificates.otherAuthority().string();
  const Row rows[] = {
      {"no", false, {"deliver-tls = no"}, 0, false},
      {"no is the default", false, {}, 0, false},
      {"starttls", false, {"deliver-tls = starttls", trust()}, 0, true},
      {"required", false, {"deliver-tls = required", trust()}, 0, true},
      {"implicit", true, {"deliver-tls = implicit", trust()}, 0, true},
      {"unknown authority", false, {"deliver-tls = required", other}, 77, false},
      {"unknown authority, opportunistic", false, {"deliver-tls = starttls", other}, 77, false},
      {"unknown authority, implicit", true, {"deliver-tls = implicit", other}, 77, false},
      {"not verified", false, {"deliver-tls = required", "deliver-SSL_verify = NO"}, 0, true},
      {"fingerprint",
       false,
       {"deliver-tls = required", trust(), "deliver-SSL_fingerprint = sha256$" + certificates.pin()},
       0,
       true},
      {"another fingerprint",
       false,
       {"deliver-tls = required", trust(), "deliver-SSL_fingerprint = sha256$" + std::string(64, 'a')},
       77,
       false},
      {"old versions only",
       false,
       {"deliver-tls = required", trust(), "deliver-SSL_protocol_max = TLSv1.2"},
       0,
       true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    PullScripted bed(options(row.implicit), {}, row.keys);
    bed.add(mails("m", 2));
    checkStatus(bed.program.run(), row.status);
    std::vector<SinkMessage> got = bed.sink.messages();
    CHECK(got.size() == (row.status == 0 ? 2 : 0));
    for (const SinkMessage& message : got) CHECK(message.encrypted == row.encrypted);
    if (row.status != 0) CHECK(bed.sink.count("MAIL") == 0);
    checkNoViolations(bed.sink);
  }
}

TEST_CASE_FIXTURE(
    Secured, "STARTTLS: what is required and not offered, or refused, ends it before any mail is named") {
  for (int kind = 0; kind < 3; ++kind) {
    CAPTURE(kind);
    PullScripted bed(kind == 0 ? SinkOptions{} : options(), {}, {"deliver-tls = required", trust()});
    if (kind == 1) bed.sink.on("STARTTLS", 0, {"454 4.7.0 not now\r\n"});
    // Octets behind the reply, before the handshake, are an injection: RFC 3207 section 4.2.
    if (kind == 2) bed.sink.on("STARTTLS", 0, {"220 go on\r\n250 2.0.0 injected\r\n"});
    bed.add(mails("m", 1));
    Run run = bed.program.run();
    INFO(run.log());
    CHECK(run.exitStatus != 0);
    CHECK(bed.sink.count("MAIL|AUTH") == 0);
    CHECK(bed.sink.messages().empty());
  }
}

TEST_CASE_FIXTURE(Secured, "AUTH: PLAIN and LOGIN, under TLS only; a wrong password ends it with 77") {
  struct Row {
    const char* what;
    std::vector<std::string> mechanisms;
    const char* tls;
    const char* password;
    bool inClear;
    int status;
  };
  const Row rows[] = {
      {"PLAIN", {"PLAIN", "LOGIN"}, "required", "sekrit", false, 0},
      {"LOGIN", {"LOGIN"}, "required", "sekrit", false, 0},
      {"no mechanism", {"CRAM-MD5"}, "required", "sekrit", false, 77},
      {"wrong password", {"PLAIN"}, "required", "wrong", false, 77},
      {"opportunistic", {"PLAIN"}, "starttls", "sekrit", false, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    SinkOptions sink = options();
    sink.user = "carol";
    sink.password = "sekrit";
    sink.mechanisms = row.mechanisms;
    sink.authInClear = row.inClear;
    PullScripted bed(sink, {},
                     {std::string("deliver-tls = ") + row.tls, trust(), "deliver-username = carol",
                      std::string("deliver-password = ") + row.password});
    bed.add(mails("m", 2));
    Run run = bed.program.run();
    INFO(run.log());
    CHECK(run.exitStatus == row.status);
    CHECK(bed.sink.messages().size() == (row.status == 0 ? 2 : 0));
    for (const SinkMessage& message : bed.sink.messages()) CHECK(message.authenticated);
    CHECK_FALSE(run.says(row.password));
    CHECK_FALSE(run.says("AGNhcm9sAHNla3JpdA"));
    checkNoViolations(bed.sink);
  }
}

TEST_CASE_FIXTURE(Secured, "AUTH by access token: one that is stale is replaced at once, without a warning") {
  const struct {
    const char* mechanism;
    std::vector<std::string> printed;
    int status;
  } rows[] = {{"XOAUTH2", {"good"}, 0},
              {"OAUTHBEARER", {"old", "good"}, 0},
              {"XOAUTH2", {"old", "good"}, 0},
              {"XOAUTH2", {"old", "old"}, 77}};
  int runs = 0;
  for (const auto& row : rows) {
    CAPTURE(row.mechanism);
    CAPTURE(row.printed.size());
    const fs::path place = makeDirectory(certificates.authority().parent_path() / std::to_string(runs++));
    fs::permissions(place, fs::perms::all);
    for (std::size_t i = 0; i < row.printed.size(); ++i)
      writeFile(place / std::to_string(i + 1), row.printed[i] + "-token\n");
    SinkOptions sink = options();
    sink.user = "carol";
    sink.password = "good-token";
    sink.mechanisms = {"PLAIN", row.mechanism};
    PullScripted bed(
        sink, {},
        {"deliver-tls = required", trust(), "deliver-username = carol",
         std::string("deliver-auth = ") + row.mechanism,
         "deliver-password-command = cd " + place.string() + " && echo >>asked && cat $(wc -l <asked)"});
    bed.add(mails("m", 2));
    Run run = bed.program.run();
    INFO(run.log());
    CHECK(run.exitStatus == row.status);
    CHECK(bed.sink.messages().size() == (row.status == 0 ? 2 : 0));
    CHECK(readFile(place / "asked").size() == row.printed.size());
    CHECK_FALSE(run.says("-token"));
    CHECK(run.says("WARNING") == false);
    CHECK(run.says("ERROR") == (row.status != 0));
    if (row.status != 0) CHECK(run.says("({\"status\":\"401\"})"));
    checkNoViolations(bed.sink);
  }
}

TEST_CASE_FIXTURE(Secured, "AUTH: deliver-auth-min = scram shows the password to nobody") {
  SinkOptions sink = options();
  sink.user = "carol";
  sink.password = "sekrit";
  PullScripted bed(sink, {},
                   {"deliver-tls = required", trust(), "deliver-username = carol",
                    "deliver-password = sekrit", "deliver-auth-min = scram"});
  bed.add(mails("m", 1));
  Run run = bed.program.run();
  INFO(run.log());
  CHECK(run.exitStatus == 77);
  CHECK(run.says("deliver-auth-min = scram allows nothing else"));
  CHECK(bed.sink.count("AUTH") == 0);
}

TEST_CASE_FIXTURE(Secured, "AUTH: a password is never sent in clear, whatever the server offers") {
  SinkOptions sink{.user = "carol", .password = "sekrit", .authInClear = true};
  for (const char* tls : {"no", "starttls"}) {
    CAPTURE(tls);
    PullScripted bed(sink, {},
                     {std::string("deliver-tls = ") + tls, trust(), "deliver-username = carol",
                      "deliver-password = sekrit"});
    bed.add(mails("m", 1));
    Run run = bed.program.run();
    INFO(run.log());
    CHECK(run.exitStatus != 0);
    CHECK(bed.sink.count("AUTH") == 0);
    CHECK(bed.sink.messages().empty());
  }
}
