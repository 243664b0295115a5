// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How one logs in: every mechanism, to real servers.
#include <signal.h>

#include "tests/e2e/bed.h"
#include "tests/e2e/cyrus.h"
#include "tests/e2e/dovecot24.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/oracle.h"
#include "tests/e2e/tokens.h"
#include "tests/e2e/workers.h"

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

namespace {

// A Dovecot that takes tokens of ours, and a command that prints them.
struct Tokens : Mechanisms {
  TokenIssuer issuer{directory / "oauth"};
  Dovecot server{directory / "server",
                 {.certificate = certificates.server(),
                  .key = certificates.key(),
                  .extra = "auth_mechanisms = plain oauthbearer xoauth2\n" + issuer.passdb()}};

  std::string token(long validFor) const { return issuer.token("bob", validFor); }
  // Prints them one after the other, then the last one over and over.
  Words prints(const Words& tokens) {
    const fs::path place = makeDirectory(directory / ("tokens" + std::to_string(runs)));
    for (std::size_t i = 0; i < tokens.size(); ++i)
      writeFile(place / std::to_string(i + 1), tokens[i] + "\n");
    fs::permissions(place, fs::perms::all);
    const std::string last = std::to_string(tokens.size());
    writeFile(place / "command", "cd " + place.string() +
                                     " && echo >>asked && n=$(wc -l <asked) && cat $n 2>&- || cat " + last +
                                     "\n");
    asked_ = place / "asked";
    return {"password-command = sh " + (place / "command").string()};
  }
  std::size_t asked() const { return readFile(asked_).size(); }

  Account with(std::uint16_t port, const char* mechanism, const Words& tokens,
               const std::string& type = "imaps") {
    Account account = this->account(port, prints(tokens), type);
    account.more.push_back(std::string("auth = ") + mechanism);
    account.password = "";
    return account;
  }

 private:
  fs::path asked_;
};

}  // namespace

TEST_CASE_FIXTURE(Tokens,
                  "access tokens to Dovecot: good ones, one that is stale, and ones that are no good") {
  NOT_THE_REFERENCE();
  if (dovecotIs24()) return;
  INFO(server.log());
  const std::string good = token(3600), old = token(-60);
  for (const char* mechanism : {"OAUTHBEARER", "XOAUTH2"}) {
    CAPTURE(mechanism);
    auto secret = [&](const Run& run) {
      for (const std::string& hidden :
           {good.substr(0, 40), old.substr(40), base64("user=bob\x01").substr(0, 11), std::string("eyJ")})
        CHECK_FALSE(run.says(hidden));
    };
    Run once = run(with(server.imaps(), mechanism, {good}));
    requireDone(once);
    CHECK(login(once) == std::string("AUTHENTICATE ") + mechanism);
    CHECK(asked() == 1);
    secret(once);

    Run again = run(with(server.imap(), mechanism, {old, good}, "imap"));
    requireDone(again);
    CHECK(asked() == 2);
    CHECK(again.says("Asking for the access token once more"));
    for (const char* bad : {"ERROR", "WARNING"}) CHECK_FALSE(again.says(bad));
    secret(again);

    Run never = run(with(server.imaps(), mechanism, {old}));
    checkStatus(never, ExitStatus::noPermission);
    CHECK(asked() == 2);
    CHECK(never.says("remote: ERROR: NO [AUTHENTICATIONFAILED]"));
    CHECK(never.says("({\"status\":\""));
    CHECK(never.says("See username and password-command, which is to print an access token"));
    secret(never);
  }
}

TEST_CASE_FIXTURE(Tokens, "a watcher whose token expires, twice: a fresh one at once, and nothing is lost") {
  NOT_THE_REFERENCE();
  FakeServer remote({.capabilities = FakeOptions().capabilities + " AUTH=XOAUTH2", .password = "fresh"});
  for (auto [nth, bye] : {std::pair(3U, "* BYE Session expired, please login again.\r\n"),
                          std::pair(6U, "* BYE Session invalidated - AccessTokenExpired\r\n")})
    remote.on("LIST", nth, {.octets = bye, .close = true});
  Interimap it(directory / "watcher", cleartext(local.port(), "alice"),
               with(remote.port(), "XOAUTH2", {"fresh"}, "imap"));
  requireDone(it.run());  // the first LIST, and the first token
  BackgroundProcess watcher = it.runInBackground({"--watch=1"});
  CHECK(eventually([&] { return asked() == 4; }));
  remote.access([](auto& mailboxes) { mailboxes["INBOX"].add(Corpus(1).smallMessage().text); });
  CHECK(eventually([&] {
    std::size_t found = 0;
    local.access([&](auto& mailboxes) { found = mailboxes["INBOX"].messages.size(); });
    return found == 1;
  }));
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(std::chrono::seconds(15)).exitStatus == 0);
  const std::string log = readFile(it.directory() / "stderr");
  INFO(log);
  CHECK(asked() == 4);
  CHECK(log.find("BYE Session expired") != log.npos);
  CHECK(log.find("AccessTokenExpired") != log.npos);
  for (const char* bad : {"ERROR", "WARNING", "trying again", "fresh\n"}) CHECK(log.find(bad) == log.npos);
}

TEST_CASE_FIXTURE(Mechanisms,
                  "auth-min = scram: a server that offers less, or somebody in between, is refused") {
  NOT_THE_REFERENCE();
  FakeServer weak({.capabilities = FakeOptions().capabilities + " AUTH=XOAUTH2"});
  Run refused = run(account(weak.port(), {"auth-min = scram"}, "imap"));
  checkStatus(refused, ExitStatus::noPermission);
  CHECK(refused.says("the server offers PLAIN XOAUTH2 LOGIN"));
  CHECK(refused.says("as auth-min = scram asks for"));
  CHECK(login(refused).empty());
  for (const std::string& command : weak.commands()) {
    CHECK(command.find("LOGIN") == command.npos);
    CHECK(command.find("AUTHENTICATE") == command.npos);
  }

  Run forbidden = run(account(weak.port(), {"auth-min = scram", "auth = PLAIN LOGIN"}, "imap"));
  checkStatus(forbidden, ExitStatus::config);
  CHECK(forbidden.says("auth-min = scram leaves none of the mechanisms of auth"));

  Dovecot server(directory / "server", {.extra = "auth_mechanisms = plain login scram-sha-256"});
  checkLogin(run(account(server.imap(), {"auth-min = scram", "auth = PLAIN SCRAM-SHA-256"}, "imap")),
             "SCRAM-SHA-256");
}

TEST_CASE_FIXTURE(Mechanisms, "EXTERNAL: by a client certificate, its key with and without a passphrase") {
  NOT_THE_REFERENCE();
  if (dovecotIs24()) return;
  const fs::path client = certificates.issue("client", "/CN=bob", "extendedKeyUsage=clientAuth");
  const fs::path locked = certificates.key().parent_path() / "locked.key";
  REQUIRE(interimap::bed::run({{"openssl", "pkey", "-in", certificates.key().string(), "-aes256", "-passout",
                                "pass:open sesame", "-out", locked.string()},
                               {}})
              .succeeded());
  fs::permissions(locked, fs::perms::all);
  Dovecot server(
      directory / "server",
      {.certificate = certificates.server(),
       .key = certificates.key(),
       .extra = "auth_mechanisms = plain external\nssl_ca = <" + certificates.authority().string() +
                "\nssl_verify_client_cert = yes\nssl_require_crl = no\n"
                "auth_ssl_username_from_cert = yes\nssl_cert_username_field = commonName\n"
                "passdb {\n driver = static\n mechanisms = external\n args = nopassword=y\n}\n"});
  INFO(server.log());
  const std::string cert = "SSL_cert = " + client.string(), key = "SSL_key = " + certificates.key().string(),
                    lockedKey = "SSL_key = " + locked.string();
  const struct {
    const char* what;
    const char* type;
    Words keys;
  } good[] = {
      {"from the first octet", "imaps", {cert, key}},
      {"behind STARTTLS", "imap", {cert, key, "auth = EXTERNAL"}},
      {"passphrase", "imaps", {cert, lockedKey, "SSL_key-password-command = echo open sesame"}},
  };
  for (const auto& row : good) {
    CAPTURE(row.what);
    const bool implicit = row.type == std::string("imaps");
    Account account = this->account(implicit ? server.imaps() : server.imap(), row.keys);
    account.type = row.type;
    account.password = "";
    Run run = this->run(account);
    checkLogin(run, "EXTERNAL");
    CHECK_FALSE(run.says("sesame"));
  }
  const struct {
    Words keys;
    const char* said;
  } bad[] = {
      {{cert, lockedKey, "SSL_key-password = wrong"}, "SSL_key = "},
      {{cert, lockedKey}, "A passphrase goes into SSL_key-password-command"},
      {{cert}, "SSL_key = "},
      {{key}, "SSL_cert is missing"},
      {{"SSL_cert = " + certificates.authority().string(), key}, "is not the key of SSL_cert"},
  };
  for (const auto& row : bad) {
    CAPTURE(row.said);
    Run run = this->run(account(server.imaps(), row.keys));
    checkStatus(run, ExitStatus::config);
    CHECK(run.says(row.said));
  }
}

TEST_CASE_FIXTURE(Mechanisms, "authzid: a master user of Dovecot acts as another") {
  NOT_THE_REFERENCE();
  Dovecot server(directory / "server",
                 {.extra = "auth_mechanisms = plain login\npassdb {\n driver = static\n "
                           "args = password=master-key user=master\n master = yes\n "
                           "result_success = continue\n}\n",
                  .extra24 = "auth_mechanisms = plain login\npassdb master {\n driver = static\n "
                             "passdb_static_password = master-key\n fields {\n  user = master\n }\n "
                             "master = yes\n result_success = continue\n}\n"});
  Account master = account(server.imap(), {"authzid = bob", "auth = LOGIN PLAIN"}, "imap");
  master.user = "master";
  master.password = "master-key";
  INFO(server.log());
  Run run = this->run(master);
  requireDone(run);
  CHECK(login(run) == "AUTHENTICATE PLAIN");  // LOGIN has no word for it
}

TEST_CASE_FIXTURE(Tokens, "a command that fails is not guessed for: 77, with its last words") {
  NOT_THE_REFERENCE();
  Account account = with(server.imaps(), "XOAUTH2", {});
  account.more[0] = "password-command = echo 'the keyring is locked' >&2; exit 3";
  Run run = this->run(account);
  checkStatus(run, ExitStatus::noPermission);
  CHECK(run.says("ERROR: [remote]: password-command ended with exit status 3: the keyring is locked"));
}

TEST_CASE_FIXTURE(Tokens, "a command that fails for a while: a watcher tries again, and loses nothing") {
  NOT_THE_REFERENCE();
  FakeServer remote({.capabilities = FakeOptions().capabilities + " AUTH=XOAUTH2", .password = "fresh"});
  remote.on("LIST", 3, {.octets = "* BYE Session expired, please login again.\r\n", .close = true});
  Account account = with(remote.port(), "XOAUTH2", {"fresh"}, "imap");
  const fs::path place = makeDirectory(directory / "keyring");
  writeFile(place / "command", "cd " + place.string() +
                                   " && echo >>asked && case $(wc -l <asked) in 3) echo 'the keyring is "
                                   "locked' >&2; exit 3;; *) echo fresh;; esac\n");
  fs::permissions(place, fs::perms::all);
  account.more[0] = "password-command = sh " + (place / "command").string();
  Interimap it(directory / "watcher", cleartext(local.port(), "alice"), account);
  requireDone(it.run());
  BackgroundProcess watcher = it.runInBackground({"--watch=1"});
  CHECK(eventually([&] { return readFile(place / "asked").size() >= 4; }));
  remote.access([](auto& mailboxes) { mailboxes["INBOX"].add(Corpus(1).smallMessage().text); });
  CHECK(eventually([&] {
    std::size_t found = 0;
    local.access([&](auto& mailboxes) { found = mailboxes["INBOX"].messages.size(); });
    return found == 1;
  }));
  watcher.signal(SIGTERM);
  CHECK(watcher.wait(std::chrono::seconds(15)).exitStatus == 0);
  const std::string log = readFile(it.directory() / "stderr");
  INFO(log);
  CHECK(log.find("password-command ended with exit status 3: the keyring is locked") != log.npos);
  CHECK(log.find("trying again in ") != log.npos);
}

TEST_CASE_FIXTURE(Mechanisms, "a watcher keeps no memory of how it logged in") {
  NOT_THE_REFERENCE();
  Dovecot server(directory / "server", {.certificate = certificates.server(),
                                        .key = certificates.key(),
                                        .extra = "auth_mechanisms = plain login scram-sha-256\n"});
  auto afterLogin = [&](const std::string& mechanism) {
    Interimap it(directory / ("watcher" + mechanism), cleartext(local.port(), "alice"),
                 account(server.imaps(), {"auth = " + mechanism}));
    requireDone(it.run());
    BackgroundProcess watcher = it.runInBackground({"--watch=1", "--debug"});
    CHECK(eventually([&] {  // it has looked once more, and waits
      const std::string log = readFile(it.directory() / "stderr");
      const std::size_t first = log.find("remote: S: * LIST");
      return first != log.npos && log.find("remote: C: ", log.find("remote: C: ", first) + 1) != log.npos;
    }));
    std::uint64_t octets = anonymousMemoryOf(workersOf(watcher.pid())["remote"]);
    watcher.signal(SIGTERM);
    CHECK(watcher.wait(std::chrono::seconds(15)).exitStatus == 0);
    CHECK(readFile(it.directory() / "stderr").find("AUTHENTICATE " + mechanism) != std::string::npos);
    return octets;
  };
  const std::uint64_t plain = afterLogin("PLAIN"), scram = afterLogin("SCRAM-SHA-256");
  MESSAGE("KiB: ", plain >> 10, " after PLAIN, ", scram >> 10, " after SCRAM-SHA-256");
  CHECK(scram < plain + (100 << 10));
}
