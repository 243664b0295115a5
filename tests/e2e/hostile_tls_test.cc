// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Certificates that are not good enough, whatever is wrong with them: refused by net and by delivery alike,
// with the reason, before a word of the protocol that somebody could use.
#include <fstream>

#include "tests/e2e/hostile_pull_bed.h"

using namespace interimap::bed;

namespace {

// A subjectAltName of one dNSName, with whatever octets.
std::string alternativeName(const std::string& octets) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string name{static_cast<char>(0x82), static_cast<char>(octets.size())}, text = "subjectAltName=DER";
  name += octets;
  for (unsigned char c : std::string{0x30, static_cast<char>(name.size())} + name) {
    text += ':';
    text += kDigits[c >> 4];
    text += kDigits[c & 15];
  }
  return text;
}

struct Forged {
  Directory directory;
  Certificates certificates{directory / "certificates"};

  struct Row {
    std::string what;
    fs::path certificate;
    std::string says;
    int status = 77;
  };
  std::vector<Row> rows() const {
    using namespace std::string_literals;
    return {
        {"expired", certificates.expired(), "certificate has expired"},
        {"for another name", certificates.otherName(), "IP address mismatch"},
        {"for clients",
         certificates.issue("client", "/CN=localhost",
                            "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=clientAuth"),
         "unsuitable certificate purpose"},
        {"NUL in the name", certificates.issue("nul", "/CN=x", alternativeName("127.0.0.1\0.evil.test"s)),
         "mismatch"},
        {"control characters in the name",
         certificates.issue("control", "/CN=x", alternativeName("\x1b[2J\r\nERROR: \x1b]0;x\a"s)),
         "mismatch"},
        {"a name of an address",
         certificates.issue("address", "/CN=127.0.0.1", "subjectAltName=DNS:127.0.0.1"),
         "IP address mismatch"},
        {"an authority that is none", belowLeaf(), "invalid CA certificate"},
        {"hundreds of names", certificates.issue("names", "/CN=x", manyNames()), "mismatch"},
        {"a chain of 300 certificates", chain(300), "excessive message size", 69},
    };
  }

 private:
  static std::string manyNames() {
    std::string names = "subjectAltName=DNS:0.example.test";
    for (int i = 1; i < 900; ++i) names += ",DNS:" + std::to_string(i) + ".example.test";
    return names;
  }
  // The server's certificate, and the authority's over and over.
  fs::path chain(unsigned length) const {
    const fs::path path = certificates.server().parent_path() / "chain.pem";
    std::ofstream file(path);
    file << readFile(certificates.server());
    for (unsigned i = 1; i < length; ++i) file << readFile(certificates.authority());
    return path;
  }
  // Signed by a certificate that may not sign.
  fs::path belowLeaf() const {
    const fs::path leaf = certificates.issue("leaf", "/CN=leaf", "basicConstraints=critical,CA:FALSE");
    const fs::path below =
        certificates.issueBelow(leaf, "below", "/CN=localhost", "subjectAltName=IP:127.0.0.1");
    std::ofstream(below, std::ios::app) << readFile(leaf);
    return below;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Forged, "certificates that net refuses") {
  NOT_THE_REFERENCE();
  for (const Row& row : rows()) {
    CAPTURE(row.what);
    FakeServer local({.user = "alice"}),
        remote({.inClear = "IMAP4rev1 STARTTLS", .certificate = row.certificate, .key = certificates.key()});
    Scripted::add(local, "INBOX", 2, 1);
    Directory place;
    Interimap program(place / "program", cleartext(local.port(), "alice"),
                      {.port = remote.port(),
                       .user = "bob",
                       .more = {"SSL_CAfile = " + certificates.authority().string()}});
    Run run = watched(program.command(programPath(), {"--debug"}));
    INFO(run.log());
    CHECK(run.exitStatus == row.status);
    CHECK(run.says("remote: ERROR: Can't initiate TLS/SSL handshake: "));
    CHECK(run.says(row.says));
    for (const std::string& command : run.commands("remote")) CHECK(command == "STARTTLS");
    for (const std::string& command : local.commands()) CHECK_FALSE(changesSomething(command));
  }
}

TEST_CASE_FIXTURE(Forged, "certificates that delivery refuses") {
  for (const Row& row : rows()) {
    for (bool implicit : {false, true}) {
      CAPTURE(row.what);
      CAPTURE(implicit);
      HostilePull bed({.certificate = row.certificate, .key = certificates.key(), .implicitTls = implicit},
                      {},
                      {implicit ? "deliver-tls = implicit" : "deliver-tls = required",
                       "deliver-SSL_CAfile = " + certificates.authority().string()});
      Run run = bed.attacked();
      INFO(run.log());
      CHECK(run.exitStatus == (row.status == 77 ? 77 : 75));
      CHECK(run.says(row.says));
      CHECK(bed.sink.count("MAIL|AUTH") == 0);
      CHECK(bed.sink.messages().empty());
    }
  }
}
