#include <unistd.h>

#include "tests/e2e/bed.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/port.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

// Two servers with certificates and some mail; the remote account is the one that is varied.
struct Connection {
  Directory directory;
  Certificates certificates{directory / "certificates"};
  DovecotOptions options{.certificate = certificates.server(), .key = certificates.key(), .compress = true};
  Dovecot local{directory / "local"}, remote{directory / "remote", options};

  Connection() {
    Corpus corpus(1);
    local.client("alice").append("INBOX", corpus.smallMessages(5));
    remote.client("bob").append("INBOX", corpus.smallMessages(5));
  }

  std::string trust() const { return "SSL_CAfile = " + certificates.authority().string(); }

  Interimap program(const Account& account) const {
    return Interimap(directory / "program", cleartext(local.imap(), "alice"), account);
  }
  Account imaps(std::vector<std::string> more) const {
    return {.type = "imaps", .port = remote.imaps(), .user = "bob", .more = std::move(more)};
  }
  Account startTls(std::vector<std::string> more) const {
    return {.port = remote.imap(), .user = "bob", .more = std::move(more)};
  }

  void checkWorks(const Account& account) const {
    Interimap it = program(account);
    requireDone(it.run());
    checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
    CHECK(Snapshot::of(remote.client("bob")).messages() == 10);
    checkNothingToDo(it);
  }

  void checkRefused(const Account& account) const {
    Run run = program(account).run();
    checkStatus(run, ExitStatus::noPermission);
    CHECK(run.says("remote: ERROR: "));
    for (const std::string& command : run.commands("remote"))
      CHECK_FALSE(command.starts_with("AUTHENTICATE"));
    CHECK(Snapshot::of(remote.client("bob")).messages() == 5);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Connection, "type imaps, the authority in a file") { checkWorks(imaps({trust()})); }

TEST_CASE_FIXTURE(Connection, "type imap becomes TLS by STARTTLS") { checkWorks(startTls({trust()})); }

TEST_CASE_FIXTURE(Connection, "type imap in cleartext") { checkWorks(startTls({"STARTTLS = NO"})); }

TEST_CASE_FIXTURE(Connection, "type tunnel on both sides") {
  Interimap it(directory / "program", tunnel(local.tunnelCommand("alice")),
               tunnel(remote.tunnelCommand("bob")));
  requireDone(it.run());
  checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
  checkNothingToDo(it);
}

TEST_CASE_FIXTURE(Connection, "the host is an IPv6 address, or a name") {
  if (!hasIpv6()) {
    MESSAGE("skipped: no IPv6 here");
    return;
  }
  Account account = imaps({trust()});
  account.host = "[::1]";
  checkWorks(account);
  account.host = "localhost";
  checkNothingToDo(program(account));
}

TEST_CASE_FIXTURE(Connection, "PLAIN and LOGIN") {
  for (const std::string mechanism : {"PLAIN", "LOGIN"}) {
    CAPTURE(mechanism);
    Run run = program(imaps({trust(), "auth = " + mechanism})).run();
    requireDone(run);
    CHECK(run.says(mechanism == "LOGIN" ? "LOGIN [REDACTED]" : "AUTHENTICATE PLAIN [REDACTED]"));
    CHECK_FALSE(run.says(kPassword));
  }
}

TEST_CASE("PLAIN where the server lacks SASL-IR") {
  Bed bed;
  FakeServer server({.capabilities = "IMAP4rev1 AUTH=PLAIN LITERAL+ ENABLE CONDSTORE QRESYNC UIDPLUS "
                                     "LIST-EXTENDED LIST-STATUS"});
  Corpus corpus(1);
  bed.alice().append("INBOX", corpus.smallMessages(3));
  Interimap program(bed.directory / "fake", cleartext(bed.local.imap(), "alice"),
                    cleartext(server.port(), "bob"));
  requireDone(program.run());
  CHECK(Snapshot::of(ImapClient(server.port(), "bob", "sekrit")).messages() == 3);
}

TEST_CASE(
    "synchronising literals where the server lacks LITERAL+, one APPEND each where it lacks MULTIAPPEND") {
  Bed bed;
  FakeServer server(
      {.capabilities = "IMAP4rev1 AUTH=PLAIN ENABLE CONDSTORE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS"});
  Corpus corpus(1);
  bed.alice().append("INBOX", corpus.smallMessages(20));
  Interimap program(bed.directory / "fake", cleartext(bed.local.imap(), "alice"),
                    cleartext(server.port(), "bob"));
  requireDone(program.run());
  CHECK(difference(bed.here(), Snapshot::of(ImapClient(server.port(), "bob", "sekrit"))) == "");
  checkNothingToDo(program);
}

TEST_CASE_FIXTURE(Connection, "COMPRESS is used on the remote side by default, and not where it is refused") {
  Run run = program(imaps({trust()})).run();
  requireDone(run);
  CHECK(run.sent("COMPRESS DEFLATE"));
  remote.client("bob").append("INBOX", Corpus(7).smallMessages(3));
  Run plain = program(imaps({trust(), "compress = NO"})).run();
  requireDone(plain);
  CHECK_FALSE(plain.sent("COMPRESS"));
  checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
}

TEST_CASE_FIXTURE(Connection, "a pin is enough when verification is off") {
  checkWorks(imaps({"SSL_verify = NO", "SSL_fingerprint = sha256$" + certificates.pin()}));
}

TEST_CASE_FIXTURE(Connection,
                  "one matching pin of several suffices; none is fatal, even with a trusted authority") {
  std::string wrong(64, '0');
  checkRefused(imaps({trust(), "SSL_fingerprint = sha256$" + wrong}));
  checkRefused(imaps({"SSL_verify = NO", "SSL_fingerprint = sha256$" + wrong}));
  checkWorks(imaps({trust(), "SSL_fingerprint = " + wrong + " " + certificates.pin()}));
}

TEST_CASE_FIXTURE(Connection, "an unknown authority is refused, and a pin does not excuse it") {
  std::string other = "SSL_CAfile = " + certificates.otherAuthority().string();
  checkRefused(imaps({other}));
  checkRefused(startTls({other}));
  checkRefused(imaps({other, "SSL_fingerprint = sha256$" + certificates.pin()}));
}

TEST_CASE("a certificate for another name, or out of date, is refused") {
  Directory directory;
  Certificates certificates(directory / "certificates");
  Dovecot local(directory / "local");
  for (const fs::path& file : {certificates.otherName(), certificates.expired()}) {
    CAPTURE(file.string());
    Dovecot remote(directory / file.stem().string(), {.certificate = file, .key = certificates.key()});
    Interimap program(directory / "program", cleartext(local.imap(), "alice"),
                      {.type = "imaps",
                       .port = remote.imaps(),
                       .user = "bob",
                       .more = {"SSL_CAfile = " + certificates.authority().string()}});
    Run run = program.run();
    checkStatus(run, ExitStatus::noPermission);
    CHECK(run.says("remote: ERROR: "));
  }
}

TEST_CASE_FIXTURE(Connection, "STARTTLS that the server does not offer ends the run before login") {
  FakeServer server;
  Run run = program({.port = server.port(), .user = "bob"}).run();
  CHECK(run.exitStatus != 0);
  for (const std::string& command : server.commands()) CHECK_FALSE(command.starts_with("AUTHENTICATE"));
}

TEST_CASE("started as root, the program still works") {
  NOT_THE_REFERENCE();
  if (geteuid() != 0) {
    MESSAGE("skipped: not root");
    return;
  }
  Bed bed;
  bed.alice().append("INBOX", Corpus(1).smallMessages(5));
  bed.program.startAsRoot();
  requireDone(bed.program.run());
  checkEqual(bed.here(), bed.there());
}
