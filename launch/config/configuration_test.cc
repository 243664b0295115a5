// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/configuration.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"
#include "launch/config/account.h"
#include "launch/show/log_prefix.h"

using namespace interimap;

namespace {

std::string failure(const std::string& text) {
  try {
    Configuration::parse(text, "f");
    return "none";
  } catch (const Failure& failed) {
    CHECK(failed.status == ExitStatus::config);
    return failed.what();
  }
}

const std::string kPin(64, 'a');

// With the line in the section of the local account.
std::string refused(const std::string& line) { return failure("[local]\n" + line + "\n[remote]\n"); }

}  // namespace

TEST_CASE("configuration: defaults") {
  Configuration all = Configuration::parse("[local]\n[remote]\n", "f");
  CHECK(all.database == "localhost.db");
  CHECK(all.log.prefix == "%?n?%?m?%n(%m)&%n?: ?");
  CHECK(all.sync.user == "nobody");
  CHECK_FALSE(all.log.logfile);
  CHECK_FALSE(all.sync.ignore);
  CHECK(all.sync.patterns.empty());
  CHECK(all.sync.selectionOptions.empty());
  for (const auto* account : {&all.local, &all.remote}) {
    const settings::Net& net = account->net;
    CHECK(account->password.kind == PasswordSource::Kind::none);
    CHECK(net.transport == settings::Transport::imaps);
    CHECK(net.host == "localhost");
    CHECK(net.port == "993");
    CHECK(net.startTls);
    CHECK_FALSE(net.nullStderr);
    CHECK(net.auth.empty());
    CHECK(net.maxMessageSize == 512 << 20);
    CHECK(net.tls.verify);
    CHECK_FALSE(net.tls.hostname);
    CHECK_FALSE(net.tls.cipherSuites);
    CHECK(net.user == "nobody");
    CHECK_FALSE(net.keepAlive);
  }
  CHECK(all.local.net.compress == settings::Compress::no);
  CHECK(all.remote.net.compress == settings::Compress::ifItPays);
}

TEST_CASE("configuration: every key") {
  Configuration all = Configuration::parse(std::string(R"(
database = x.db
logfile = /var/log/x
log-prefix = %n
list-mailbox = INBOX "a b"
list-select-opts = subscribed  Remote
ignore-mailbox = ^x(?:\x00|$)
list-reference = perso/
username = both
user = mail

[local]
type = tunnel
command = /usr/lib/dovecot/imap  # not a comment
null-stderr = Yes
list-reference =
max-message-size = 10M
connections = 8

[remote]
type = imap
host = [::1]
port = imap2
proxy = socks5h://u:p@127.0.0.1:9050
STARTTLS = no
username = other
password = caf)") + "\xC3\xA9" +
                                               R"( #;=
auth = login scram-sha-1-plus
compress = NO
database = ignored.db
user = bin
SSL_protocols = !SSLv2 TLSv1.0
SSL_protocol_min = TLSv1.2
SSL_protocol_max = TLSv1.3
SSL_cipherlist = HIGH
SSL_ciphersuites =
SSL_fingerprint = )" + kPin + R"( sha999$ff
SSL_verify = NO
SSL_CAfile = /etc/passwd
SSL_CApath = /etc
SSL_hostname =
[other]
nonsense = 1
)",
                                           "f");
  CHECK(all.database == "x.db");
  CHECK(all.log.logfile == "/var/log/x");
  CHECK(all.log.prefix == "%n");
  CHECK(all.sync.patterns == std::vector<std::string>{"INBOX", "a b"});
  CHECK(all.sync.selectionOptions == std::vector<std::string>{"SUBSCRIBED", "REMOTE"});
  CHECK(all.sync.ignore == "^x(?:\\x00|$)");
  CHECK(all.sync.user == "mail");

  CHECK(all.sync.of.local.reference == "");
  CHECK(all.local.net.transport == settings::Transport::tunnel);
  CHECK(all.local.net.command == "/usr/lib/dovecot/imap  # not a comment");
  CHECK(all.local.net.nullStderr);
  CHECK(all.local.net.username == "both");
  CHECK(all.local.net.user == "mail");
  CHECK(all.local.net.maxMessageSize == 10 << 20);
  CHECK(all.sync.of.local.connections == 8);
  CHECK(accountName(all.local.net) == "tunnel:/usr/lib/dovecot/imap  # not a comment");

  CHECK(all.sync.of.remote.connections == 1);
  const settings::Net& net = all.remote.net;
  CHECK(all.sync.of.remote.reference == "perso/");
  CHECK(net.transport == settings::Transport::imap);
  CHECK(net.host == "[::1]");
  CHECK(net.port == "imap2");
  CHECK(net.proxy == "socks5h://u:p@127.0.0.1:9050");
  CHECK_FALSE(net.startTls);
  CHECK(net.username == "other");
  CHECK(net.password.reveal() == "caf\xC3\xA9 #;=");
  CHECK(net.auth == std::vector<std::string>{"LOGIN", "SCRAM-SHA-1-PLUS"});
  CHECK(net.compress == settings::Compress::no);
  CHECK(net.user == "bin");
  CHECK(net.tls.protocols == std::vector<std::string>{"!SSLv2", "TLSv1.0"});
  CHECK(net.tls.protocolMin == "TLSv1.2");
  CHECK(net.tls.protocolMax == "TLSv1.3");
  CHECK(net.tls.cipherList == "HIGH");
  CHECK(net.tls.cipherSuites == "");
  CHECK(net.tls.fingerprints == std::vector<std::string>{"sha256$" + kPin, "sha999$ff"});
  CHECK_FALSE(net.tls.verify);
  CHECK(net.tls.caFile == "/etc/passwd");
  CHECK(net.tls.caPath == "/etc");
  CHECK(net.tls.hostname == "");
  CHECK(accountName(net) == "other@[::1]");
}

TEST_CASE("configuration, field 31: what keys refuse") {
  for (const std::string line : {"type = IMAP",
                                 "type = pop3",
                                 "host =",
                                 "port =",
                                 "port = 0",
                                 "port = 65536",
                                 "port = 91549",
                                 "port = 4294967439",
                                 "port = 99999999999999999999",
                                 "port = -1",
                                 "port = +143",
                                 "port = 143x",
                                 "port = 0x8f",
                                 "port = no-such-service",
                                 "port = imap imaps",
                                 "auth = CRAM-MD5",
                                 "auth = PLAIN GSSAPI",
                                 "command = \x01",
                                 "null-stderr = true",
                                 "STARTTLS =",
                                 "username =",
                                 "auth = PLAIN  LOGIN",
                                 "auth =",
                                 "auth = PL(AIN",
                                 "compress = 1",
                                 "max-message-size = 0",
                                 "max-message-size = lots",
                                 "SSL_protocols = TLSv2",
                                 "SSL_protocols = TLSv1  TLSv1.1",
                                 "SSL_protocol_min =",
                                 "SSL_cipherlist =",
                                 "SSL_fingerprint = AA:BB",
                                 "SSL_fingerprint = sha256$",
                                 "SSL_fingerprint = $ff",
                                 "SSL_fingerprint = aa  bb",
                                 "SSL_fingerprint = sha-256$ff",
                                 "SSL_verify = on",
                                 "SSL_CAfile =",
                                 "SSL_CApath =",
                                 "SSL_hostname = a\tb",
                                 "database =",
                                 "logfile = relative",
                                 "logfile = /",
                                 "list-mailbox =",
                                 "list-mailbox = \xE9",
                                 "list-select-opts = A*",
                                 "max-deletions =",
                                 "max-deletions = -1",
                                 "max-deletions = 1.5",
                                 "max-deletions = 101%",
                                 "max-deletions = %",
                                 "max-deletions = 5  %",
                                 "max-deletions = 99999999999999999999",
                                 "connections =",
                                 "connections = 0",
                                 "connections = 9",
                                 "connections = 10",
                                 "password-file =",
                                 "password-command =",
                                 "ignore-mailbox =",
                                 "list-reference = \xE9"}) {
    CAPTURE(line);
    auto key = line.substr(0, line.find(' '));
    auto value = line.size() > key.size() + 3 ? line.substr(key.size() + 3) : std::string();
    std::string why = key == "port"   ? " (1 to 65535, or the name of a service expected)"
                      : key == "auth" ? " (PLAIN, LOGIN, SCRAM-SHA-1, SCRAM-SHA-256, these two with -PLUS, "
                                        "OAUTHBEARER, XOAUTH2 or EXTERNAL expected)"
                                      : "";
    CHECK(refused(line) == "f:2: Invalid option " + key + " = " + value + why);
  }
}

TEST_CASE("field 31: trust that can never be had is refused with key and line, where TLS is spoken") {
  const std::string file = "/no/such/file", odd = "SSL_fingerprint = ";
  struct {
    std::string line, error;
  } table[] = {
      {"SSL_CAfile = " + file, "SSL_CAfile = " + file + ": No such file or directory"},
      {"SSL_CAfile = /etc", "SSL_CAfile = /etc: a directory, not a file"},
      {"SSL_CApath = " + file, "SSL_CApath = " + file + ": No such file or directory"},
      {"SSL_CApath = /etc/passwd", "SSL_CApath = /etc/passwd: not a directory"},
      {odd + "aa", odd + "sha256$aa: sha256 has 64 digits, this 2"},
      {odd + kPin + " sha256$" + kPin + "00", odd + "sha256$" + kPin + "00: sha256 has 64 digits, this 66"},
      {odd + "SHA512$" + kPin, odd + "SHA512$" + kPin + ": sha512 has 128 digits, this 64"},
      {odd + "sha1$aabbcc", odd + "sha1$aabbcc: sha1 has 40 digits, this 6"},
  };
  for (const auto& row : table) {
    CAPTURE(row.line);
    CHECK(refused(row.line) == "f:2: Invalid option " + row.error);
    CHECK(refused("type = imap\nSTARTTLS = no\n" + row.line) == "none");
    CHECK(refused("type = tunnel\ncommand = c\n" + row.line) == "none");
    CHECK(refused("type = imap\n" + row.line) == "f:3: Invalid option " + row.error);
  }
}

TEST_CASE("field 31: ports and services that there are") {
  for (const char* port : {"1", "143", "65535", "0993", "imap2", "imaps"}) {
    CAPTURE(port);
    CHECK(Configuration::parse("[local]\nport = " + std::string(port) + "\n[remote]\n", "f").local.net.port ==
          port);
  }
}

TEST_CASE("field 31: a login without name or password is refused, unless there may be none") {
  struct {
    const char *section, *missing;
  } table[] = {
      {"", "username"},
      {"username = u", "password"},
      {"password = p", "username"},
      {"type = imap\nusername = u", "password"},
      {"username = u\npassword = p", nullptr},
      {"type = imap\nSTARTTLS = no", nullptr},
      {"type = tunnel\ncommand = c", nullptr},
  };
  for (const auto& row : table) {
    CAPTURE(row.section);
    auto all = Configuration::parse("[local]\n[remote]\n" + std::string(row.section) + "\n", "f");
    auto require = [&] { requireLogin(all.remote.net, "f", "remote"); };
    if (!row.missing)
      CHECK_NOTHROW(require());
    else
      CHECK_THROWS_WITH_AS(require(), ("f: [remote]: Missing option " + std::string(row.missing)).c_str(),
                           Failure);
  }
}

TEST_CASE("configuration: a log-prefix is bounded, and so is how deep its conditions nest") {
  std::string prefix(kLongestLogPrefix, 'x');
  CHECK(Configuration::parse("log-prefix = " + prefix + "\n[local]\n[remote]\n", "f").log.prefix == prefix);
  CHECK(refused("log-prefix = x" + prefix).starts_with("f:2: Invalid option log-prefix"));
}

TEST_CASE("configuration: errors") {
  struct {
    std::string text, error;
  } table[] = {
      {"", "f: No such section local"},
      {"[local]\n", "f: No such section remote"},
      {"Type = imap\n[local]\n[remote]\n", "f:1: Invalid option Type. Did you mean type?"},
      {"[local]\n[remote]\nPassword = secret\n", "f:3: Invalid option Password. Did you mean password?"},
      {"[local]\n[remote]\nproxy = \x01secret\n", "f:3: Invalid option proxy"},
      {"[local]\n[remote]\npassword =\n", "f:3: Invalid option password"},
      {"[local]\ntype = tunnel\n[remote]\n", "f: [local]: Missing tunnel command"},
      {"[local]\nSSL_protocol_min = TLSv9\n[remote]\n", "f:2: Unknown protocol version TLSv9"},
      {"list-mailbox = \"a\n[local]\n[remote]\n", "f:1: Invalid value for list-mailbox: \"a"},
      {"[local]\n[remote]\nfoo\n", "f:3: neither a [section], nor \"key = value\", nor a comment"},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(failure(row.text) == row.error);
  }
}

TEST_CASE("configuration: the database is named after the remote host") {
  struct {
    std::string text, database;
  } table[] = {
      {"[local]\nhost=l.x\n[remote]\nhost=imap.x\n", "imap.x.db"},
      {"[local]\n[remote]\nhost=[::1]\n", "[::1].db"},
      {"host=both.x\n[local]\n[remote]\ntype=tunnel\ncommand=c\n", "both.x.db"},
      {"[local]\n[remote]\ntype=tunnel\ncommand=c\ndatabase=ignored\n", "localhost.db"},
  };
  for (const auto& row : table) CHECK(Configuration::parse(row.text, "f").database == row.database);
}

TEST_CASE("configuration: how much may be expunged") {
  struct {
    std::string line;
    std::optional<settings::Share> most;
  } table[] = {
      {"", std::nullopt},
      {"max-deletions = 0\n", {{0, false}}},
      {"max-deletions = 100\n", {{100, false}}},
      {"max-deletions = 25%\n", {{25, true}}},
      {"max-deletions = 100 %\n", {{100, true}}},
  };
  for (const auto& row : table) {
    CAPTURE(row.line);
    Configuration all = Configuration::parse(row.line + "[local]\n[remote]\n", "f");
    CHECK(all.sync.maxDeletions == row.most);
  }
}

TEST_CASE("configuration: where the password comes from") {
  using enum PasswordSource::Kind;
  struct {
    std::string defaults, remote;
    PasswordSource::Kind kind;
    std::string value, password;
  } table[] = {
      {"", "", none, "", ""},
      {"", "password = x", none, "", "x"},
      {"password = x", "", none, "", "x"},
      {"", "password-file = /p", file, "/p", ""},
      {"", "password-command = pass show imap | head -1", command, "pass show imap | head -1", ""},
      {"password-command = c", "", command, "c", ""},
      // the section's own way, whatever the default section says
      {"password-command = c", "password = x", none, "", "x"},
      {"password = x", "password-file = /p", file, "/p", ""},
      {"password-file = /d", "password-file = /p", file, "/p", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.defaults);
    CAPTURE(row.remote);
    Configuration all = Configuration::parse(row.defaults + "\n[local]\n[remote]\n" + row.remote + "\n", "f");
    CHECK(all.remote.password.kind == row.kind);
    CHECK(all.remote.password.value == row.value);
    CHECK(all.remote.net.password.reveal() == row.password);
    CHECK(all.holdsPassword() == ((row.defaults + row.remote).find("password = ") != std::string::npos));
  }
  CHECK(refused("password = secret\npassword-file = /p") ==
        "f:3: password and password-file exclude each other");
  CHECK(refused("password-command = c\npassword-file = /p") ==
        "f:2: password-file and password-command exclude each other");
  CHECK(failure("password = secret\npassword-command = c\n[local]\n[remote]\npassword-file = p\n") ==
        "f:2: password and password-command exclude each other");
}
