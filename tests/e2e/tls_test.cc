// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Scenarios 34 to 46: who the server has to be, and how TLS is agreed on.
#include <openssl/evp.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <regex>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/fake_proxy.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/oracle.h"
#include "tests/e2e/relay.h"

using namespace interimap::bed;
using namespace std::chrono_literals;
using interimap::ExitStatus;

namespace {

using Words = std::vector<std::string>;

// A scripted local server, so that all the noise is the remote's: a Dovecot with a certificate.
struct Tls {
  Directory directory;
  Certificates certificates{directory / "certificates"};
  FakeServer local{{.user = "alice"}};
  unsigned runs = 0;

  std::string trust() const { return "SSL_CAfile = " + certificates.authority().string(); }
  std::string distrust() const { return "SSL_CAfile = " + certificates.otherAuthority().string(); }

  Dovecot server(const fs::path& certificate, const std::string& extra = {},
                 const std::string& extra24 = {}) const {
    static unsigned servers = 0;
    return Dovecot(
        directory / ("server" + std::to_string(servers++)),
        {.certificate = certificate, .key = certificates.key(), .extra = extra, .extra24 = extra24});
  }
  Dovecot server() const { return server(certificates.server()); }

  Interimap program(const Account& account) {
    return Interimap(directory / ("program" + std::to_string(runs++)), cleartext(local.port(), "alice"),
                     account);
  }
  static Account imaps(const Dovecot& server, Words more, const std::string& host = "127.0.0.1") {
    return {.type = "imaps", .host = host, .port = server.imaps(), .user = "bob", .more = std::move(more)};
  }
  static Account startTls(const Dovecot& server, Words more) {
    return {.port = server.imap(), .user = "bob", .more = std::move(more)};
  }

  Run checkWorks(const Account& account, const std::string& which = programPath()) {
    Run run = program(account).runWith(which);
    requireDone(run);
    return run;
  }
  Run checkFails(const Account& account, ExitStatus status, const std::string& says) {
    Run run = program(account).run();
    checkStatus(run, status);
    INFO(run.log());
    CHECK(run.says("remote: "));
    if (!isReference()) CHECK(run.says(says));
    for (const std::string& command : run.commands("remote")) {
      CAPTURE(command);
      CHECK((command == "STARTTLS" || command == "CAPABILITY"));
    }
    return run;
  }
  // Before anything is started.
  void checkMisconfigured(const Account& account, const std::string& says) {
    Run run = program(account).run();
    checkStatus(run, ExitStatus::config);
    INFO(run.log());
    if (!isReference()) CHECK(run.says(says));
  }
  Run checkRefused(const Account& account, const std::string& says) {
    return checkFails(account, ExitStatus::noPermission, says);
  }
};

// Whatever follows `what` on its line.
std::string told(const Run& run, const std::string& what) {
  std::size_t at = run.log().rfind(what);
  if (at == std::string::npos) return "";
  at += what.size();
  return run.log().substr(at, run.log().find('\n', at) - at);
}

std::string upperHex(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// Of a whole certificate, which is what the Perl program shows, and no pin.
std::string certificateDigest(const fs::path& certificate) {
  Outcome out =
      run({{"sh", "-c", "openssl x509 -outform DER -in \"$0\" | sha256sum", certificate.string()}, {}});
  return out.output.substr(0, 64);
}

}  // namespace

TEST_CASE_FIXTURE(Tls, "scenario 34, W27: an unknown authority: 77, the reason, and not a word of IMAP") {
  Dovecot remote = server();
  const std::string reason =
      "remote: ERROR: Can't initiate TLS/SSL handshake: unable to get local issuer certificate";
  Run run = checkRefused(imaps(remote, {}), reason);
  CHECK(run.commands("remote").empty());
  CHECK(checkRefused(imaps(remote, {distrust()}), reason).commands("remote").empty());
  checkRefused(startTls(remote, {}), reason);
  checkWorks(imaps(remote, {"SSL_verify = NO"}));

  checkRefused(imaps(server(certificates.expired()), {trust()}), "certificate has expired");
  for (const std::string missing : {"SSL_CAfile = /nonexistent/ca.pem", "SSL_CApath = /nonexistent"})
    checkMisconfigured(imaps(remote, {missing}), "Invalid option " + missing + ": No such file or directory");
}

TEST_CASE_FIXTURE(Tls, "scenario 34, W27: a handshake that comes to nothing says why") {
  FakeServer plain;
  Account account{.type = "imaps", .port = plain.port(), .user = "bob"};
  checkFails(account, ExitStatus::unavailable, "Can't initiate TLS/SSL handshake: wrong version number");
  for (std::size_t octets : {0u, 100u, 700u}) {
    Relay relay(server().imaps(), {.cutAfter = octets});
    account.port = relay.port();
    checkFails(account, ExitStatus::unavailable, "Can't initiate TLS/SSL handshake: ");
  }
}

TEST_CASE_FIXTURE(Tls, "scenario 35: SSL_CAfile, SSL_CApath, SSL_CERT_FILE, SSL_CERT_DIR") {
  Dovecot remote = server();
  for (const std::string& which : programs()) {
    CAPTURE(which);
    checkWorks(imaps(remote, {trust()}), which);
    checkWorks(startTls(remote, {trust()}), which);
    checkWorks(imaps(remote, {"SSL_CApath = " + certificates.hashedAuthority().string()}), which);
  }
  checkWorks(imaps(remote, {distrust(), "SSL_CApath = " + certificates.hashedAuthority().string()}));
  for (const std::string& variable : {"SSL_CERT_FILE=" + certificates.authority().string(),
                                      "SSL_CERT_DIR=" + certificates.hashedAuthority().string()})
    requireDone(program(imaps(remote, {})).run({"--debug"}, {variable}));
}

TEST_CASE_FIXTURE(Tls, "scenario 36: the certificate has to be for `host`") {
  NOT_THE_REFERENCE();
  const fs::path byName = certificates.issue("name", "/CN=x", "subjectAltName=DNS:localhost"),
                 byCommonName = certificates.issue("cn", "/CN=localhost", ""),
                 both = certificates.issue("both", "/CN=localhost", "subjectAltName=DNS:other.example.test"),
                 wildcard = certificates.issue("wild", "/CN=x", "subjectAltName=DNS:*.example.test");
  struct {
    fs::path certificate;
    std::string host, reason;  // none: it is good
  } table[] = {
      {certificates.server(), "127.0.0.1", ""},
      {certificates.server(), "localhost", ""},
      {certificates.otherName(), "127.0.0.1", "IP address mismatch"},
      {certificates.otherName(), "localhost",
       "hostname mismatch (the certificate is for other.example.test, not for localhost)"},
      {byName, "localhost", ""},
      {byName, "127.0.0.1", "IP address mismatch"},
      {byCommonName, "localhost", ""},
      {byCommonName, "127.0.0.1", "IP address mismatch"},
      {both, "localhost", "hostname mismatch"},
      {wildcard, "mail.example.test", ""},
      {wildcard, "deep.mail.example.test", "hostname mismatch"},
      {wildcard, "example.test", "hostname mismatch"},
  };
  fs::path up;
  std::optional<Dovecot> remote;
  std::optional<FakeProxy> proxy;  // by which a server can have any name
  for (const auto& row : table) {
    CAPTURE(row.certificate.string());
    CAPTURE(row.host);
    if (up != row.certificate) {
      remote.emplace(server(row.certificate));
      proxy.emplace(FakeProxyOptions{.leadsTo = remote->imaps()});
      up = row.certificate;
    }
    Account account =
        imaps(*remote, {trust(), "proxy = socks5h://127.0.0.1:" + std::to_string(proxy->port())}, row.host);
    if (row.reason.empty())
      checkWorks(account);
    else
      checkRefused(account, row.reason);
  }
}

TEST_CASE_FIXTURE(Tls, "scenario 37: a certificate for clients is none for a server") {
  Dovecot remote = server(certificates.issue(
      "client", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=clientAuth"));
  checkRefused(imaps(remote, {trust()}), "unsuitable certificate purpose");
  checkWorks(imaps(remote, {"SSL_verify = NO"}));
}

TEST_CASE_FIXTURE(Tls, "scenario 38, W28: a pin of the key, as it is shown, is enough without verification") {
  Dovecot remote = server();
  const std::string off = "SSL_verify = NO", key = "SSL_fingerprint = ", pin = certificates.pin();
  for (const std::string& value :
       {pin, upperHex(pin), "sha256$" + pin, "SHA256$" + upperHex(pin), "sha1$" + certificates.pin("sha1"),
        "sha512$" + certificates.pin("sha512")}) {
    CAPTURE(value);
    checkWorks(imaps(remote, {off, key + value}));
    checkWorks(startTls(remote, {off, key + value}));
  }
  if (programs().size() > 1)
    checkWorks(imaps(remote, {off, key + "sha1$" + certificates.pin("sha1")}), kPerl);

  Run wrong = checkRefused(imaps(remote, {off, key + certificateDigest(certificates.server())}),
                           "the server's key, sha256$" + pin + ", is none of SSL_fingerprint");
  checkMisconfigured(imaps(remote, {off, key + "sha256$" + pin.substr(0, 62)}),
                     "sha256 has 64 digits, this 62");
  checkFails(imaps(remote, {off, key + "nonsense$" + pin}), ExitStatus::config,
             "Can't find MD value for name 'nonsense'");
  NOT_THE_REFERENCE();
  std::string shown = told(wrong, "Fingerprint of the server's key: ");
  CHECK(shown == "sha256$" + pin);
  checkWorks(imaps(remote, {off, key + shown}));
}

TEST_CASE_FIXTURE(Tls,
                  "scenario 39: a pin that does not match is fatal, a trusted authority notwithstanding") {
  Dovecot remote = server();
  const std::string wrong = "SSL_fingerprint = sha256$" + std::string(64, '0');
  for (const Words& more : {Words{trust(), wrong}, Words{"SSL_verify = NO", wrong}}) {
    for (const Account& account : {imaps(remote, more), startTls(remote, more)}) {
      Run run =
          checkRefused(account, "remote: ERROR: Can't initiate TLS/SSL handshake: the server's key, sha256$");
      CHECK(run.says("WARNING: Fingerprint doesn't match! MiTM in action?"));
    }
  }
}

TEST_CASE_FIXTURE(Tls, "scenario 40: one pin of several suffices; a server with two keys needs both") {
  const std::string names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  const fs::path rsa = certificates.issueRsa("rsa", "/CN=localhost", names);
  const fs::path rsaKey = fs::path(rsa).replace_extension(".key");
  Dovecot remote =
      server(certificates.server(), "ssl_alt_cert = <" + rsa.string() + "\nssl_alt_key = <" + rsaKey.string(),
             "ssl_server_alt_cert_file = " + rsa.string() + "\nssl_server_alt_key_file = " + rsaKey.string());
  const std::string ecPin = certificates.pin(), rsaPin = certificates.pinOf(rsaKey), wrong(64, '0');
  const Words onlyRsa{trust(), "SSL_protocol_max = TLSv1.2", "SSL_cipherlist = ECDHE-RSA-AES256-GCM-SHA384"},
      onlyEc{trust(), "SSL_protocol_max = TLSv1.2", "SSL_cipherlist = ECDHE-ECDSA-AES256-GCM-SHA384"};
  auto with = [](Words more, const std::string& pins) {
    more.push_back("SSL_fingerprint = " + pins);
    return more;
  };
  for (const std::string& which : programs()) {
    CAPTURE(which);
    for (const Words& more : {onlyRsa, onlyEc})
      checkWorks(imaps(remote, with(more, wrong + " " + ecPin + " sha256$" + rsaPin)), which);
  }
  checkWorks(imaps(remote, with(onlyRsa, rsaPin)));
  checkRefused(imaps(remote, with(onlyRsa, ecPin)), "is none of SSL_fingerprint");
  checkRefused(imaps(remote, with(onlyEc, rsaPin)), "is none of SSL_fingerprint");
}

TEST_CASE_FIXTURE(Tls, "scenario 41: a good pin does not excuse a bad chain") {
  Dovecot remote = server();
  const std::string pin = "SSL_fingerprint = " + certificates.pin();
  checkRefused(imaps(remote, {distrust(), pin}), "unable to get local issuer certificate");
  checkRefused(startTls(remote, {distrust(), pin}), "unable to get local issuer certificate");
  checkWorks(imaps(remote, {trust(), pin}));
  checkRefused(imaps(server(certificates.otherName()), {trust(), pin}), "IP address mismatch");
}

TEST_CASE_FIXTURE(Tls, "scenario 42: bounds of the protocol version") {
  Dovecot remote = server();
  struct {
    Words more;
    std::string version;
    bool deprecated = false;
  } good[] = {
      {{}, "TLSv1.3"},
      {{"SSL_protocol_max = TLSv1.2"}, "TLSv1.2"},
      {{"SSL_protocol_min = TLSv1.2", "SSL_protocol_max = TLSv1.2"}, "TLSv1.2"},
      {{"SSL_protocol_min = TLSv1.3"}, "TLSv1.3"},
      {{"SSL_protocols = !SSLv2 !SSLv3 !TLSv1 !TLSv1.1 !TLSv1.3"}, "TLSv1.2", true},
      {{"SSL_protocols = TLSv1.2"}, "TLSv1.2", true},
      {{"SSL_protocols = TLSv1.2", "SSL_protocol_min = TLSv1.3"}, "TLSv1.3"},
  };
  for (const auto& row : good) {
    for (const std::string& which : programs()) {
      CAPTURE(row.more);
      CAPTURE(which);
      Words more = row.more;
      more.push_back(trust());
      Run run = checkWorks(imaps(remote, more), which);
      CHECK(told(run, "SSL protocol: ").starts_with(row.version));
      CHECK(run.says("SSL_protocols is deprecated") == row.deprecated);
    }
  }
  Dovecot modern = server(certificates.server(), "ssl_min_protocol = TLSv1.3");
  checkFails(imaps(modern, {trust(), "SSL_protocol_max = TLSv1.2"}), ExitStatus::unavailable,
             "Can't initiate TLS/SSL handshake: ");
  Run bogus = program(imaps(remote, {trust(), "SSL_protocol_min = TLSv9"})).run();
  checkStatus(bogus, ExitStatus::config);
  CHECK(bogus.says(isReference() ? "Unknown protocol version" : "Unknown protocol version TLSv9"));
  CHECK(
      program(imaps(remote, {trust(), "SSL_protocols = TLSv9"})).run().says("Invalid option SSL_protocols"));
  CHECK(program(imaps(remote, {trust(), "SSL_protocol_min = TLSv1.3", "SSL_protocol_max = TLSv1.2"}))
            .run()
            .exitStatus != 0);
}

TEST_CASE_FIXTURE(Tls, "scenario 43: cipher lists and cipher suites") {
  Dovecot remote = server();
  struct {
    Words more;
    std::string cipher;
  } good[] = {
      {{"SSL_protocol_max = TLSv1.2", "SSL_cipherlist = ECDHE-ECDSA-CHACHA20-POLY1305"},
       "ECDHE-ECDSA-CHACHA20-POLY1305"},
      {{"SSL_ciphersuites = TLS_AES_128_GCM_SHA256"}, "TLS_AES_128_GCM_SHA256"},
      {{"SSL_ciphersuites = TLS_CHACHA20_POLY1305_SHA256", "SSL_cipherlist = ECDHE-ECDSA-AES256-GCM-SHA384"},
       "TLS_CHACHA20_POLY1305_SHA256"},
      {{"SSL_ciphersuites =", "SSL_protocol_max = TLSv1.2", "SSL_cipherlist = ECDHE-ECDSA-AES128-GCM-SHA256"},
       "ECDHE-ECDSA-AES128-GCM-SHA256"},
  };
  for (const auto& row : good) {
    for (const std::string& which : programs()) {
      CAPTURE(row.more);
      CAPTURE(which);
      Words more = row.more;
      more.push_back(trust());
      CHECK(told(checkWorks(imaps(remote, more), which), "SSL cipher: ").starts_with(row.cipher));
    }
  }
  checkFails(
      imaps(remote, {trust(), "SSL_protocol_max = TLSv1.2", "SSL_cipherlist = ECDHE-RSA-AES128-SHA256"}),
      ExitStatus::unavailable, "Can't initiate TLS/SSL handshake: ");
  checkFails(imaps(remote, {trust(), "SSL_cipherlist = NO-SUCH-CIPHER"}), ExitStatus::config,
             "SSL_CTX_set_cipher_list(NO-SUCH-CIPHER): no cipher match");
  checkFails(imaps(remote, {trust(), "SSL_ciphersuites = TLS_NONE"}), ExitStatus::config,
             "SSL_CTX_set_ciphersuites(TLS_NONE): ");
}

TEST_CASE_FIXTURE(Tls, "scenario 44: the server name indication") {
  const fs::path other = certificates.otherName();
  Dovecot remote = server(certificates.server(),
                          "login_log_format_elements = user=<%u> sni=<%{local_name}>\n"
                          "local_name other.example.test {\n ssl_cert = <" +
                              other.string() + "\n}",
                          "login_log_format_elements = user=<%{user}> sni=<%{local_name}>\n"
                          "local_name other.example.test {\n ssl_server_cert_file = " +
                              other.string() + "\n}");
  struct {
    std::string host;
    Words more;
    std::string sni;
  } table[] = {
      {"localhost", {}, "localhost"},
      {"127.0.0.1", {}, ""},
      {"127.0.0.1", {"SSL_hostname = imap.example.test"}, "imap.example.test"},
      {"localhost", {"SSL_hostname = imap.example.test"}, "imap.example.test"},
      {"localhost", {"SSL_hostname ="}, ""},
  };
  for (const auto& row : table) {
    for (const std::string& which : programs()) {
      CAPTURE(row.host);
      CAPTURE(row.more);
      CAPTURE(which);
      Words more = row.more;
      more.push_back(trust());
      std::size_t before = remote.log().size();
      Run run = checkWorks(imaps(remote, more, row.host), which);
      const std::string log = remote.log().substr(before);
      INFO(log);
      CHECK(log.find("user=<bob>") != std::string::npos);
      CHECK((log.find("sni=<" + row.sni) != std::string::npos) == !row.sni.empty());
      CHECK(run.says("Using SNI with name " + row.sni) == !row.sni.empty());
    }
  }
  // The certificate follows the SNI, and has to be for the host all the same.
  checkRefused(imaps(remote, {trust(), "SSL_hostname = other.example.test"}, "localhost"),
               "hostname mismatch (the certificate is for other.example.test, not for localhost)");
}

TEST_CASE_FIXTURE(Tls, "scenario 45: STARTTLS is done where it is wanted, and nothing is said without it") {
  Dovecot remote = server();
  Run run = checkWorks(startTls(remote, {trust()}));
  CHECK(run.commands("remote").at(0) == "STARTTLS");
  struct {
    std::string capabilities, answer, says;
  } table[] = {
      {"IMAP4rev1 AUTH=PLAIN", "", "Server did not advertise STARTTLS capability."},
      {"IMAP4rev1 AUTH=PLAIN STARTTLS", "{tag} NO no certificate\r\n", "NO no certificate"},
      {"IMAP4rev1 AUTH=PLAIN STARTTLS", "{tag} BAD what?\r\n", "BAD what?"},
  };
  for (const auto& row : table) {
    CAPTURE(row.says);
    FakeServer fake({.capabilities = row.capabilities});
    fake.on("STARTTLS", 1, {.octets = row.answer});
    checkFails({.port = fake.port(), .user = "bob", .more = {trust()}}, ExitStatus::protocol,
               "remote: ERROR: " + row.says);
    for (const std::string& command : fake.commands())
      CHECK((command == "STARTTLS" || command == "CAPABILITY"));
  }
}

TEST_CASE_FIXTURE(Tls, "scenario 46, W40: whatever comes behind the STARTTLS reply is an attack: 76") {
  for (const std::string injected : {"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", "x", "\r\n", "* BYE\r\n",
                                     "000001 OK [CAPABILITY IMAP4rev1] fake\r\n"}) {
    for (const std::string greeting : {"* OK hello\r\n", "* OK [CAPABILITY {capabilities}] hello\r\n"}) {
      CAPTURE(injected);
      FakeServer fake({.greeting = greeting,
                       .inClear = "IMAP4rev1 STARTTLS",
                       .certificate = certificates.server(),
                       .key = certificates.key()});
      fake.on("STARTTLS", 1, {.octets = "{tag} OK begin\r\n" + injected});
      NOT_THE_REFERENCE();
      checkFails({.port = fake.port(), .user = "bob", .more = {trust()}}, ExitStatus::protocol,
                 "remote: ERROR: Data after the STARTTLS reply: possible injection by a man in the middle");
      for (const std::string& command : fake.commands())
        CHECK((command == "STARTTLS" || command == "CAPABILITY"));
    }
  }
}

TEST_CASE_FIXTURE(Tls,
                  "W9, W17: a TLS server that closes while a watcher sleeps is reported, and asked again") {
  NOT_THE_REFERENCE();
  Dovecot remote = server();
  Interimap it = program(imaps(remote, {trust()}));
  requireDone(it.run());
  BackgroundProcess watcher = it.runInBackground({"--watch=1"});
  auto log = [&] { return readFile(it.directory() / "stderr"); };
  auto arrived = [&](std::size_t count) {
    std::size_t found = 0;
    local.access([&](auto& mailboxes) { found = mailboxes["INBOX"].messages.size(); });
    return found == count;
  };
  remote.client("bob").append("INBOX", Corpus(1).smallMessages(1));
  REQUIRE(eventually([&] { return arrived(1); }));
  remote.stop();
  CHECK(eventually([&] { return log().find("trying again in ") != std::string::npos; }));
  remote.restart();
  remote.client("bob").append("INBOX", Corpus(2).smallMessages(1));
  CHECK(eventually([&] { return arrived(2); }));
  CHECK(watcher.running());
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(15s).exitStatus == 0);
  INFO(log());
  CHECK(log().find("remote: ERROR: ") != std::string::npos);
}
