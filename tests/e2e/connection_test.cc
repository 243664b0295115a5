// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Scenarios 19, 20, 30 and 31: the way to the server, and what is compressed on it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <regex>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/oracle.h"
#include "tests/e2e/port.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

using Words = std::vector<std::string>;

// Two servers with certificates and some mail; the remote account is the one that is varied.
struct Connection {
  Directory directory;
  Certificates certificates{directory / "certificates"};
  DovecotOptions options{.certificate = certificates.server(), .key = certificates.key(), .compress = true};
  Dovecot local{directory / "local", options}, remote{directory / "remote", options};

  Connection() {
    Corpus corpus(1);
    local.client("alice").append("INBOX", corpus.smallMessages(5));
    remote.client("bob").append("INBOX", corpus.smallMessages(5));
  }

  Interimap program(const Account& account) const {
    return Interimap(directory / "program", cleartext(local.imap(), "alice"), account);
  }
  Account startTls(Words more) const {
    return {.port = remote.imap(), .user = "bob", .more = std::move(more)};
  }
  void checkWorks(const Account& account) const {
    Interimap it = program(account);
    requireDone(it.run());
    checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
    CHECK(Snapshot::of(remote.client("bob")).messages() == 10);
    checkNothingToDo(it);
  }
};

// A run in which /etc/hosts is another file; nothing where that cannot be.
std::optional<Run> runWithHosts(const Interimap& it, const std::string& which, const std::string& hosts) {
  fs::path file = it.directory() / "hosts";
  writeFile(file, hosts, 0644);
  const MailUser& user = mailUser();
  Command command = it.command("unshare", {});
  command.arguments = {
      "unshare",
      "-m",
      "sh",
      "-c",
      "mount --bind \"$0\" /etc/hosts || exit 99; exec setpriv --reuid=" + std::to_string(user.uid) +
          " --regid=" + std::to_string(user.gid) + " --clear-groups \"$@\"",
      file.string(),
      which,
      "--debug"};
  command.unprivileged = false;
  Run run{interimap::bed::run(command)};
  if (geteuid() == 0 && run.exitStatus != 99 && !run.says("unshare: ")) return run;
  MESSAGE("skipped: cannot have an /etc/hosts of our own");
  return std::nullopt;
}

// A port on ::1 that completes no further connection, as a host behind a filter.
struct Silent {
  int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), filler[8];
  explicit Silent(std::uint16_t port) {
    sockaddr_in6 address{.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
    auto* at = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener, at, sizeof address) != 0 || listen(listener, 0) != 0)
      throw std::runtime_error("port " + std::to_string(port) + " is taken on ::1");
    for (int& s : filler) {
      s = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      (void)connect(s, at, sizeof address);
    }
  }
  ~Silent() {
    for (int s : filler) close(s);
    close(listener);
  }
};

Message largeMessage(std::size_t size, bool compressible) {
  Message message = Corpus(7).smallMessage();
  std::mt19937 random(static_cast<unsigned>(size));
  message.text += "\r\n";
  while (message.text.size() < size) {
    for (int i = 0; i < 70; ++i) message.text += compressible ? 'x' : static_cast<char>('!' + random() % 90);
    message.text += "\r\n";
  }
  return message;
}

bool compresses(const Run& run, const std::string& side) {
  for (const std::string& command : run.commands(side))
    if (command == "COMPRESS DEFLATE") return true;
  return false;
}

bool showsFactor(const Run& run, const std::string& side) {
  const std::string part = " [0-9.]+[KM]? \\(compr\\. [0-9.]+[KM]?, factor [0-9]+\\.[0-9]{2}\\)";
  return std::regex_search(run.log(),
                           std::regex(side + ": IMAP traffic \\(bytes\\): recv" + part + " sent" + part));
}

}  // namespace

TEST_CASE_FIXTURE(Connection, "type imap becomes TLS by STARTTLS, or stays in cleartext") {
  SUBCASE("TLS") { checkWorks(startTls({"SSL_CAfile = " + certificates.authority().string()})); }
  SUBCASE("cleartext") { checkWorks(startTls({"STARTTLS = NO"})); }
}

TEST_CASE_FIXTURE(Connection, "scenario 17: type tunnel on both sides") {
  Interimap it(directory / "program", tunnel(local.tunnelCommand("alice")),
               tunnel(remote.tunnelCommand("bob")));
  requireDone(it.run());
  checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
  checkNothingToDo(it);
}

TEST_CASE_FIXTURE(Connection, "scenario 19: the host is an address, in brackets or not, or a name") {
  Account account{.type = "imaps",
                  .port = remote.imaps(),
                  .user = "bob",
                  .more = {"SSL_CAfile = " + certificates.authority().string()}};
  checkWorks(account);
  Words hosts{"localhost", "[127.0.0.1]"};
  if (hasIpv6())
    hosts.insert(hosts.end(), {"[::1]", "::1"});
  else
    MESSAGE("skipped in part: no IPv6 here");
  for (const std::string& host : hosts) {
    for (const std::string& which : programs()) {
      CAPTURE(host);
      CAPTURE(which);
      if (which == kPerl && host == "::1") continue;  // it needs the brackets for the certificate
      account.host = host;
      requireDone(program(account).runWith(which));
    }
  }
  for (const std::string host : {"[name]", "[]", "[localhost]"}) {
    CAPTURE(host);
    account.host = host;
    Run run = program(account).run();
    checkStatus(run, ExitStatus::config);
    CHECK(run.says("Invalid IP literal"));
  }
}

TEST_CASE("scenario 19, W27: a server that cannot be reached is named, and why") {
  Directory directory;
  FakeServer local({.user = "alice"});
  const std::uint16_t port = freePort();
  struct {
    std::string host, says;
  } table[] = {
      {"127.0.0.1", "remote: ERROR: Can't connect to 127.0.0.1:" + std::to_string(port)},
      {"localhost", "remote: ERROR: Can't connect to localhost:" + std::to_string(port)},
      {"nowhere.invalid", "remote: ERROR: getaddrinfo(nowhere.invalid): "},
  };
  for (const auto& row : table) {
    CAPTURE(row.host);
    Account account = cleartext(port, "bob");
    account.host = row.host;
    Run run = Interimap(directory / "program", cleartext(local.port(), "alice"), account).run();
    checkStatus(run, ExitStatus::unavailable);
    CHECK(run.says(row.says));
    if (!isReference() && row.host != "nowhere.invalid")
      CHECK(run.says(row.says + ": Connection refused. Does a server listen there? See host and port\n"));
  }
}

TEST_CASE("scenario 20: the next address when the first is dead, or silent") {
  if (!hasIpv6()) {
    MESSAGE("skipped: no IPv6 here");
    return;
  }
  Directory directory;
  FakeServer local({.user = "alice"}), remote;  // both on 127.0.0.1 alone
  Account account = cleartext(remote.port(), "bob");
  account.host = "two.test";
  account.more.push_back("auth = PLAIN LOGIN");  // in clear to somewhere else
  Interimap it(directory / "program", cleartext(local.port(), "alice"), account);
  const std::string hosts = "127.0.0.1 localhost\n::1 two.test\n127.0.0.1 two.test\n";
  for (const std::string& which : programs()) {
    auto run = runWithHosts(it, which, hosts);
    if (!run) return;
    requireDone(*run);
  }
  NOT_THE_REFERENCE();
  {
    Silent silent(remote.port());
    auto run = runWithHosts(it, programPath(), hosts);
    requireDone(*run);
    CHECK(run->wall.count() < 25);  // the address that is silent has 30 seconds
  }
  account.port = freePort();
  Interimap dead(directory / "dead", cleartext(local.port(), "alice"), account);
  auto run = runWithHosts(dead, programPath(), hosts);
  checkStatus(*run, ExitStatus::unavailable);
  CHECK(run->says("remote: ERROR: Can't connect to two.test:" + std::to_string(account.port) +
                  ": Connection refused"));
}

TEST_CASE_FIXTURE(
    Connection, "scenario 30, scenario 31: COMPRESS where it is wanted, and by default not on a fast link") {
  struct {
    Words local, remote;
    bool compressesLocal, compressesRemote;
  } table[] = {
      {{}, {}, false, false},  // the Perl program: the remote side
      {{"compress = YES"}, {"compress = YES"}, true, true},
      {{"compress = yes"}, {"compress = NO"}, true, false},
      {{"compress = NO"}, {"compress = no"}, false, false},
  };
  unsigned seed = 100;
  for (const auto& row : table) {
    for (const std::string& which : programs()) {
      CAPTURE(row.compressesLocal);
      CAPTURE(row.compressesRemote);
      CAPTURE(which);
      local.client("alice").append("INBOX", Corpus(seed++).smallMessages(2));
      remote.client("bob").append("INBOX", Corpus(seed++).smallMessages(2));
      Account here = cleartext(local.imap(), "alice"), there = cleartext(remote.imap(), "bob");
      here.more.insert(here.more.end(), row.local.begin(), row.local.end());
      there.more.insert(there.more.end(), row.remote.begin(), row.remote.end());
      Interimap it(directory / "program", here, there);
      Run run = it.runWith(which);
      requireDone(run);
      for (bool isLocal : {true, false}) {
        const std::string side = isLocal ? "local" : "remote";
        bool expected =
            isLocal ? row.compressesLocal : row.compressesRemote || (which == kPerl && row.remote.empty());
        CHECK(compresses(run, side) == expected);
        CHECK(showsFactor(run, side) == expected);
      }
      checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
    }
  }
}

TEST_CASE_FIXTURE(Connection,
                  "scenario 30: large messages through COMPRESS, both ways, and through TLS below it") {
  const std::string trust = "SSL_CAfile = " + certificates.authority().string();
  local.client("alice").append("INBOX", {largeMessage(100 << 10, false), largeMessage(3 << 20, true)});
  remote.client("bob").append("INBOX", {largeMessage(101 << 10, true), largeMessage(1 << 20, false)});
  for (const Words& more : {Words{"STARTTLS = NO"}, Words{trust}}) {
    Account account = startTls(more), here = cleartext(local.imap(), "alice");
    here.more.push_back("compress = YES");
    Interimap it(directory / "program", here, account);
    Run run = it.run();
    requireDone(run);
    checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
    remote.client("bob").append("INBOX", {largeMessage(200 << 10, false)});
  }
}

TEST_CASE("scenario 30: a server that refuses to compress, can only do it otherwise, or ends the stream") {
  Directory directory;
  FakeServer local({.user = "alice"});
  const std::string without = FakeOptions().capabilities;
  struct {
    std::string capability, answer;
    bool finishes, compressed, warns;
    bool both = true;  // the Perl program goes on as well
  } table[] = {
      {" COMPRESS=DEFLATE", "", false, true, false},
      {" COMPRESS=DEFLATE", "", true, true, false},
      {" COMPRESS=DEFLATE", "{tag} NO [COMPRESSIONACTIVE] TLS does that\r\n", false, false, false},
      {" COMPRESS=DEFLATE", "{tag} NO out of memory\r\n", false, false, false, false},
      {" COMPRESS=DEFLATE", "{tag} BAD what?\r\n", false, false, false, false},
      {" COMPRESS=LZ4", "", false, false, true},
      {"", "", false, false, false},
  };
  unsigned runs = 0;
  for (const auto& row : table) {
    for (const std::string& which : programs()) {
      if (which == kPerl && !row.both) continue;
      CAPTURE(row.capability);
      CAPTURE(row.answer);
      CAPTURE(which);
      FakeServer remote({.capabilities = without + row.capability, .finishesDeflate = row.finishes});
      if (!row.answer.empty()) remote.on("COMPRESS", 1, {.octets = row.answer});
      local.access([&](auto& mailboxes) {
        mailboxes["INBOX"].messages.clear();
        mailboxes["INBOX"].add(largeMessage(100 << 10, false).text);
      });
      remote.access([&](auto& mailboxes) { mailboxes["INBOX"].add(largeMessage(150 << 10, true).text); });
      Account there = cleartext(remote.port(), "bob");
      there.more.push_back("compress = YES");
      Interimap it(directory / std::to_string(runs++), cleartext(local.port(), "alice"), there);
      Run run = it.runWith(which);
      requireDone(run);
      CHECK(showsFactor(run, "remote") == row.compressed);
      CHECK(run.says("Couldn't find a suitable compression algorithm") == row.warns);
      CHECK(run.says("remote: WARNING") == row.warns);
      CHECK(Snapshot::of(ImapClient(remote.port(), "bob", "sekrit")).messages() == 2);
    }
  }
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

TEST_CASE("a watcher's connections are kept alive by the kernel, those of a single run are not") {
  NOT_THE_REFERENCE();
  Directory directory;
  FakeServer local({.user = "alice"}), remote;
  Interimap it(directory / "program", cleartext(local.port(), "alice"), cleartext(remote.port(), "bob"));
  requireDone(it.run());
  // proc_pid_net(5), tcp: rem_address, st, …, tr; timer 2 is keepalive.
  auto keptAlive = [&](std::uint16_t port) {
    char hexadecimal[8];
    snprintf(hexadecimal, sizeof hexadecimal, "%04X", static_cast<unsigned>(port));
    const std::regex line(" [0-9A-F]{8}:[0-9A-F]{4} 0100007F:" + std::string(hexadecimal) +
                          " 01 [0-9A-F]{8}:[0-9A-F]{8} 02:");
    return std::regex_search(readFile("/proc/net/tcp"), line);
  };
  {
    BackgroundProcess watcher = it.runInBackground({"--watch=600"});
    CHECK(eventually([&] { return keptAlive(local.port()) && keptAlive(remote.port()); }));
    watcher.signal(SIGTERM);
    CHECK(watcher.wait(std::chrono::seconds(15)).exitStatus == 0);
  }
  bool once = false;
  remote.on("LIST", 0, {.alsoAnswer = true, .meanwhile = [&](auto&) { once = keptAlive(remote.port()); }});
  requireDone(it.run());
  CHECK_FALSE(once);
}
