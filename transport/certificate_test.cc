// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Certificates, authorities and pins.
#include "transport/certificate.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "transport/handshake_test.h"

using namespace interimap;
using namespace interimap::test;

TEST_CASE("certificates: a trusted certificate for the host is accepted") {
  for (auto host :
       {"localhost", "LOCALHOST", "localhost.", "imap.example.test", "127.0.0.1", "::1", "[::1]"}) {
    CAPTURE(host);
    Outcome outcome = connect(bed().trusting(), bed().good, host);
    CAPTURE(outcome.text);
    CHECK_FALSE(outcome.failed);
    CHECK(outcome.lines.has(LogLevel::debug, "SSL protocol: TLSv1.3"));
    CHECK(outcome.lines.has(LogLevel::debug, "sha256$" + keyDigest(bed().good, "sha256")));
  }
}

TEST_CASE("certificates: every certificate that is not good enough is refused, with the reason") {
  Bed& b = bed();
  Identified stranger = issue({.commonName = "Stranger CA", .authority = true});
  struct Row {
    Wanted wanted;
    const Identified* issuer;
    const char* host;
    std::string reason;
  };
  const Row rows[] = {
      {{.alternativeNames = "DNS:localhost", .fromDay = -9, .toDay = -2},
       &b.authority,
       "localhost",
       "certificate has expired (depth 0, CN=localhost)"},
      {{.alternativeNames = "DNS:localhost", .fromDay = 2}, &b.authority, "localhost", "not yet valid"},
      {{.alternativeNames = "DNS:other.example.test"},
       &b.authority,
       "localhost",
       "hostname mismatch (the certificate is for other.example.test, not for localhost)"},
      {{.alternativeNames = "DNS:*.example.test"}, &b.authority, "a.b.example.test", "hostname mismatch"},
      {{.alternativeNames = "DNS:a*.example.test"}, &b.authority, "ab.example.test", "hostname mismatch"},
      // The CN counts only without a DNS name, and never for an address.
      {{.alternativeNames = "DNS:other.example.test,IP:127.0.0.2"},
       &b.authority,
       "localhost",
       "other.example.test, 127.0.0.2"},
      {{.commonName = "127.0.0.1"}, &b.authority, "127.0.0.1", "IP address mismatch"},
      {{.alternativeNames = "DNS:127.0.0.1"}, &b.authority, "127.0.0.1", "IP address mismatch"},
      {{.alternativeNames = "IP:127.0.0.1"}, &b.authority, "127.0.0.2", "127.0.0.1, not for 127.0.0.2"},
      {{.alternativeNames = "DNS:localhost"},
       &stranger,
       "localhost",
       "unable to get local issuer certificate"},
      {{.alternativeNames = "DNS:localhost"}, nullptr, "localhost", "self-signed certificate"},
      {{.commonName = "below a leaf", .alternativeNames = "DNS:localhost"},
       &b.good,
       "localhost",
       "unable to get local issuer"},
      {{.alternativeNames = "DNS:localhost", .purpose = "clientAuth"}, &b.authority, "localhost", "purpose"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    Outcome outcome = connect(b.trusting(), issue(row.wanted, row.issuer), row.host);
    checkRefused(outcome, ExitStatus::noPermission, row.reason);
    CHECK(outcome.text.starts_with("Can't initiate TLS/SSL handshake: "));
    // With SSL_verify=NO it is good enough.
    settings::Tls lax;
    lax.verify = false;
    CHECK_FALSE(connect(lax, issue(row.wanted, row.issuer), row.host).failed);
  }
}

TEST_CASE("certificates: what else is good enough") {
  Bed& b = bed();
  const std::pair<Wanted, const char*> rows[] = {
      {{.commonName = "localhost"}, "localhost"},                                      // CN only
      {{.commonName = "localhost", .alternativeNames = "IP:127.0.0.9"}, "localhost"},  // no DNS name
      {{.alternativeNames = "DNS:localhost", .purpose = "serverAuth,clientAuth"}, "localhost"},
  };
  for (const auto& [wanted, host] : rows) {
    Outcome outcome = connect(b.trusting(), issue(wanted, &b.authority), host);
    CAPTURE(outcome.text);
    CHECK_FALSE(outcome.failed);
  }
}

TEST_CASE("certificates: an intermediate authority that the server sends, or that is trusted") {
  Bed& b = bed();
  Identified middle = issue({.commonName = "Middle CA", .authority = true}, &b.authority);
  Identified leaf = issue({.alternativeNames = "DNS:localhost"}, &middle);
  CHECK(connect(b.trusting(), leaf).failed);
  CHECK_FALSE(connect(b.trusting(), leaf, "localhost", [&](SSL_CTX* context) {
                SSL_CTX_add1_chain_cert(context, middle.certificate.get());
              }).failed);
  settings::Tls both;
  both.caFile = b.directory.write("both.pem", pem(middle) + pem(b.authority));
  CHECK_FALSE(connect(both, leaf).failed);
}

TEST_CASE("certificates: pins and the chain are independent of each other") {
  Bed& b = bed();
  Identified untrusted = issue({.alternativeNames = "DNS:localhost"});
  std::string sha256 = keyDigest(b.good, "sha256"), upper = sha256;
  std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
  std::string wrong = keyDigest(untrusted, "sha256");
  struct Row {
    bool verify;
    const Identified* server;
    std::vector<std::string> pins;
    const char* refused;  // null: it is not
  };
  const char* mismatch = "is none of SSL_fingerprint";
  const Row rows[] = {
      {true, &b.good, {sha256}, nullptr},
      {true, &b.good, {"sha256$" + sha256}, nullptr},
      {true, &b.good, {"SHA256$" + upper}, nullptr},
      {true, &b.good, {"sha1$" + keyDigest(b.good, "sha1")}, nullptr},
      {true, &b.good, {"sha512$" + keyDigest(b.good, "sha512")}, nullptr},
      {true, &b.good, {wrong, "sha256$" + sha256}, nullptr},
      {true, &b.good, {wrong}, mismatch},
      {true, &b.good, {"sha1$" + sha256}, mismatch},
      {true, &b.good, {sha256.substr(0, 62)}, mismatch},
      {true, &b.good, {certificateDigest(b.good)}, mismatch},
      {true, &untrusted, {wrong}, "self-signed certificate"},
      {false, &untrusted, {wrong}, nullptr},
      {false, &untrusted, {sha256}, mismatch},
  };
  for (const Row& row : rows) {
    settings::Tls tls = b.trusting();
    tls.verify = row.verify;
    tls.fingerprints = row.pins;
    CAPTURE(row.pins.front());
    Outcome outcome = connect(tls, *row.server);
    CAPTURE(outcome.text);
    CHECK(outcome.failed.has_value() == (row.refused != nullptr));
    if (row.refused) checkRefused(outcome, ExitStatus::noPermission, row.refused);
    bool warned = outcome.lines.has(LogLevel::warning, "Fingerprint doesn't match! MiTM in action?");
    CHECK(warned == (row.refused == mismatch));
  }
}

TEST_CASE("certificates: authorities from a directory, from the environment") {
  Bed& b = bed();
  Directory directory;
  settings::Tls tls;
  tls.caPath = directory.path();
  directory.write("ca.pem", pem(b.authority));
  Outcome outcome = connect(tls, b.good);
  CHECK(outcome.failed);
  CHECK(outcome.lines.has(LogLevel::warning, "openssl rehash"));
  char name[16];
  snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(b.authority.certificate.get()));
  directory.write(name, pem(b.authority));
  CHECK_FALSE(connect(tls, b.good).failed);

  setenv("SSL_CERT_FILE", b.caFile.c_str(), 1);
  setenv("SSL_CERT_DIR", "/nonexistent", 1);
  CHECK_FALSE(connect({}, b.good).failed);
  setenv("SSL_CERT_FILE", "/nonexistent", 1);
  CHECK(connect({}, b.good).failed);
  setenv("SSL_CERT_DIR", ("/nonexistent:" + directory.path()).c_str(), 1);
  CHECK_FALSE(connect({}, b.good).failed);
  unsetenv("SSL_CERT_FILE");
  unsetenv("SSL_CERT_DIR");
  CHECK(connect({}, b.good).failed);
}
