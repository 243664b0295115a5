// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/pull_section.h"

#include <doctest/doctest.h>
#include <pwd.h>
#include <unistd.h>

#include "ipc/failure.h"
#include "launch/config/pull_values.h"

using namespace interimap;
using namespace std::string_literals;

namespace {

using Texts = std::vector<std::string>;
using Security = settings::Delivery::Security;

PullSection section(const std::string& text) {
  return PullSection::parse(Ini::parse(text, "f"), "work", "f");
}

std::string failure(const std::string& text) {
  try {
    section(text);
    return "none";
  } catch (const Failure& failed) {
    CHECK(failed.status == ExitStatus::config);
    return failed.what();
  }
}

}  // namespace

TEST_CASE("section: defaults") {
  PullSection work = section("[work]\n");
  CHECK(work.name == "work");
  CHECK(work.statefile == "work");
  CHECK(work.sync.mailboxes == Texts{"INBOX"});
  CHECK(work.sync.forwardPaths == Texts{getpwuid(geteuid())->pw_name});
  CHECK_FALSE(work.sync.purgeAfter);
  CHECK_FALSE(work.log.logfile);
  CHECK(work.log.prefix == "%?n?%?m?%n(%m)&%n?: ?");
  CHECK(work.net.transport == settings::Transport::imaps);
  CHECK(work.net.compress == settings::Compress::ifItPays);
  CHECK(work.net.user == "nobody");
  CHECK_FALSE(work.delivery.lmtp);
  CHECK(work.delivery.host == "127.0.0.1");
  CHECK(work.delivery.port == "25");
  CHECK(work.delivery.ehlo == "localhost.localdomain");
  CHECK(work.delivery.security == Security::none);
  CHECK(work.delivery.tls.verify);
  CHECK(work.delivery.username.empty());
  CHECK(work.delivery.user == "nobody");
  CHECK_FALSE(work.holdsPassword());
}

TEST_CASE("section: every key, and what it inherits") {
  PullSection work = section(R"(
logfile = /l
username = everybody
purge-after = 3
[work]
type = imap
host = imap.example.net
username = alice
password = p
user = mail
statefile = s
mailbox = Sent Items
deliver-method = smtp:mail.example.net:587
deliver-ehlo = relay.example.net
deliver-rcpt = bob@example.net
deliver-tls = required
deliver-SSL_verify = no
deliver-SSL_fingerprint = x$12ab
deliver-SSL_protocol_min = TLSv1.2
deliver-SSL_hostname =
deliver-username = relay
deliver-password = q
log-prefix = %n
[other]
nonsense = 1
)");
  CHECK(work.log.logfile == "/l");
  CHECK(work.log.prefix == "%n");
  CHECK(work.sync.purgeAfter == 3);
  CHECK(work.net.username == "alice");
  CHECK(work.net.password.reveal() == "p");
  CHECK(work.net.tls.verify);
  CHECK(work.net.tls.fingerprints.empty());
  CHECK(work.net.user == "mail");
  CHECK(work.statefile == "s");
  CHECK(work.sync.mailboxes == Texts{"Sent Items"});
  CHECK(work.delivery.host == "mail.example.net");
  CHECK(work.delivery.ehlo == "relay.example.net");
  CHECK(work.sync.forwardPaths == Texts{"bob@example.net"});
  CHECK(work.delivery.security == Security::required);
  CHECK_FALSE(work.delivery.tls.verify);
  CHECK(work.delivery.tls.fingerprints == Texts{"x$12ab"});
  CHECK(work.delivery.tls.protocolMin == "TLSv1.2");
  CHECK(work.delivery.tls.hostname == "");
  CHECK(work.delivery.username == "relay");
  CHECK(work.delivery.password.reveal() == "q");
  CHECK(work.delivery.user == "mail");
  CHECK(work.sync.user == "mail");
  CHECK(work.holdsPassword());
}

TEST_CASE("section: where the passwords come from") {
  PullSection work = section(
      "[work]\npassword-command = c\ndeliver-tls = implicit\ndeliver-username = u\n"
      "deliver-password-file = /p\n");
  CHECK(work.password.kind == PasswordSource::Kind::command);
  CHECK(work.deliverPassword.kind == PasswordSource::Kind::file);
  CHECK(work.deliverPassword.value == "/p");
  CHECK_FALSE(work.holdsPassword());
}

TEST_CASE("section: what is refused") {
  struct {
    const char *line, *error;
  } table[] = {
      {"database = x", "f:2: Invalid option database"},
      {"deliver-host = x", "f:2: Invalid option deliver-host"},
      {"deliver-type = imap", "f:2: Invalid option deliver-type"},
      {"deliver-method = smtp:[x]:25", "f:2: Invalid option deliver-method = smtp:[x]:25"},
      {"deliver-ehlo = a b", "f:2: Invalid option deliver-ehlo = a b"},
      {"deliver-ehlo =", "f:2: Invalid option deliver-ehlo = "},
      {"deliver-rcpt = <a@b>", "f:2: Invalid option deliver-rcpt = <a@b>"},
      {"deliver-tls = yes", "f:2: Invalid option deliver-tls = yes"},
      {"deliver-SSL_verify = 1", "f:2: Invalid option deliver-SSL_verify = 1"},
      {"deliver-SSL_protocol_max = 1", "f:2: Unknown protocol version 1"},
      {"deliver-password = secret", "f: [work]: Missing option deliver-username"},
      {"deliver-username = u",
       "f:2: deliver-username needs deliver-tls: a password is not sent in the clear"},
      {"purge-after = -1", "f:2: Invalid option purge-after = -1"},
      {"purge-after = 4294967296", "f:2: Invalid option purge-after = 4294967296"},
      {"statefile =", "f:2: Invalid option statefile = "},
      {"mailbox =", "f:2: Invalid option mailbox = "},
      {"filter = seen", "f:2: Invalid option filter = seen"},
      {"deliver-connections = 0", "f:2: Invalid option deliver-connections = 0"},
      {"deliver-connections = 9", "f:2: Invalid option deliver-connections = 9"},
      {"rcpt-from = Delivered-To",
       "f:2: rcpt-from needs rcpt-allow: anybody may write anything into a header"},
      {"rcpt-allow = *@example.org", "f:2: rcpt-allow says nothing without rcpt-from"},
      {"rcpt-from = X-Original-To cc\nrcpt-allow = *@example.org",
       "f:2: rcpt-from: CC is what the sender wrote, not whom the message was sent to: lists and blind "
       "copies "
       "would go astray"},
      {"rcpt-from = a b c d e f g h i\nrcpt-allow = *", "f:2: rcpt-from: more than 8 header fields"},
      {"rcpt-from = a:b", "f:2: Invalid option rcpt-from = a:b"},
      {"rcpt-allow = <a@b>",
       "f:2: Invalid option rcpt-allow = <a@b> (addresses in which * stands for anything, as *@example.org, "
       "expected)"},
      {"deliver-rcpt = a@%l", "f:2: Invalid option deliver-rcpt = a@%l"},
      {"logfile = l", "f:2: Invalid option logfile = l"},
      {"type = tunnel", "f: [work]: Missing tunnel command"},
  };
  for (const auto& row : table) {
    CAPTURE(row.line);
    CHECK(failure(std::string("[work]\n") + row.line + "\n") == row.error);
  }
  CHECK(failure("[home]\n") == "f: No such section work");
  CHECK(failure("[work]\npurge-after =\n") == "none");
}

TEST_CASE("section: one mailbox or several") {
  struct {
    std::string value;
    std::optional<Texts> mailboxes;
  } table[] = {
      {"INBOX", Texts{"INBOX"}},
      {"inbox", Texts{"INBOX"}},
      {"Sent Items", Texts{"Sent Items"}},
      {"a, \"b\" c", Texts{"a, \"b\" c"}},
      {"(*%", Texts{"(*%"}},
      {"Entw\xC3\xBCrfe", Texts{"Entw&APw-rfe"}},
      {"Entw&APw-rfe", Texts{"Entw&APw-rfe"}},
      {"\"inbox\"", Texts{"INBOX"}},
      {"\"INBOX\" Junk  \"Sent Items\" \"InBox\"", Texts{"INBOX", "Junk", "Sent Items"}},
      {"\"INBOX\" \"Entw\xC3\xBCrfe\" Entw&APw-rfe a&-b", Texts{"INBOX", "Entw&APw-rfe", "a&-b"}},
      {"\"INBOX\" \xFF", std::nullopt},
      {R"("\"quoted\"" \x)", std::nullopt},
      {R"("\"quoted\"")", Texts{"\"quoted\""}},
      {R"("Lists\0*" "%" "a\0b")", Texts{"Lists\0*"s, "%", "a\0b"s}},
      {"\"Entw\xC3\xBCrfe\\0*\"", Texts{"Entw&APw-rfe\0*"s}},
      {"Lists/*", Texts{"Lists/*"}},
      {R"("a\nb")", std::nullopt},
      {"\"", std::nullopt},
      {"\"\"", std::nullopt},
      {"\"a\"b", std::nullopt},
      {"\"a\" (b)", std::nullopt},
      {"", std::nullopt},
      {"\xFF", std::nullopt},
  };
  for (const auto& row : table) {
    CAPTURE(row.value);
    CHECK(parseMailboxes(row.value) == row.mailboxes);
  }
}

TEST_CASE("section: whom messages are for") {
  PullSection work = section(
      "[work]\nrcpt-from = Delivered-To: X-Original-To\nrcpt-allow = *@example.org, Bob*@x.org "
      "*@example.org\nfilter = unseen\ndeliver-connections = 8\ndeliver-rcpt = bob+%l@x.org\n");
  CHECK(work.sync.rcptFrom == Texts{"DELIVERED-TO", "X-ORIGINAL-TO"});
  CHECK(work.sync.rcptAllow == Texts{"*@example.org", "Bob*@x.org"});
  CHECK(work.sync.unseenOnly);
  CHECK(work.sync.connections == 8);
  CHECK(work.sync.forwardPaths == Texts{"bob+%l@x.org"});
  PullSection plain = section("[work]\n");
  CHECK(plain.sync.rcptFrom.empty());
  CHECK_FALSE(plain.sync.unseenOnly);
  CHECK(plain.sync.connections == 1);
  CHECK_FALSE(section("[work]\nfilter = all\n").sync.unseenOnly);
  CHECK_FALSE(parseAfter("move Lists/*"));
}

TEST_CASE("section: what becomes of what is delivered") {
  struct {
    std::string value;
    std::optional<Texts> after;
  } table[] = {
      {"keep", Texts{"keep"}},
      {"delete", Texts{"delete"}},
      {"move Done", Texts{"move", "Done"}},
      {"move   Old mail", Texts{"move", "Old mail"}},
      {"move \"Old mail\"", Texts{"move", "Old mail"}},
      {"move Entw\xC3\xBCrfe", Texts{"move", "Entw&APw-rfe"}},
      {"move \"a\" \"b\"", std::nullopt},
      {"move", std::nullopt},
      {"move ", std::nullopt},
      {"Keep", std::nullopt},
      {"moved", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : table) {
    CAPTURE(row.value);
    CHECK(parseAfter(row.value) == row.after);
  }
}

TEST_CASE("section: one recipient or several") {
  Texts many;
  std::string text;
  for (int i = 0; i < 48; ++i) {
    many.push_back("u" + std::to_string(i));
    text += many.back() + " ";
  }
  struct {
    std::string value;
    std::optional<Texts> paths;
  } table[] = {
      {"alice", Texts{"alice"}},
      {"alice@example.net", Texts{"alice@example.net"}},
      {"alice@[127.0.0.1]", Texts{"alice@[127.0.0.1]"}},
      {R"("a b,\"c"@example.net)", Texts{R"("a b,\"c"@example.net)"}},
      {"a@x b@x,c@x , d@x,", Texts{"a@x", "b@x", "c@x", "d@x"}},
      {R"("a b"@x, c)", Texts{R"("a b"@x)", "c"}},
      {"a a", Texts{"a"}},
      {text, many},
      {text + "one-more", std::nullopt},
      {"a@", std::nullopt},
      {"a b@", std::nullopt},
      {R"("a)", std::nullopt},
      {R"("a\)", std::nullopt},
      {",", std::nullopt},
      {"", std::nullopt},
      {"a>b", std::nullopt},
  };
  for (const auto& row : table) {
    CAPTURE(row.value);
    CHECK(parseForwardPaths(row.value) == row.paths);
  }
}

TEST_CASE("section: the names of all") {
  CHECK(sectionNames(Ini::parse("a=1\n[work]\n[_]\nb=1\n[home]\n[work]\n", "f")) == Texts{"home", "work"});
  CHECK(sectionNames(Ini::parse("a=1\n", "f")).empty());
}

TEST_CASE("field 23: deliver-sender and deliver-drop") {
  CHECK_FALSE(section("[work]\n").sync.sender);
  CHECK(section("[work]\ndeliver-sender = me@example.net\n").sync.sender == "me@example.net");
  CHECK(section("[work]\ndeliver-sender = <me@example.net>\n").sync.sender == "me@example.net");
  CHECK(section("[work]\ndeliver-sender = <>\n").sync.sender == "");
  for (const char* bad : {"me", "a b@example.net", "me@example.net>", ""}) {
    CAPTURE(bad);
    CHECK(failure("[work]\ndeliver-sender = " + std::string(bad) + "\n") != "none");
  }
  CHECK(section("[work]\n").delivery.drop.empty());
  CHECK(section("[work]\ndeliver-drop = Delivered-To, X-Original-To:  Delivered-To\n").delivery.drop ==
        Texts{"Delivered-To", "X-Original-To"});
  CHECK(failure("[work]\ndeliver-drop = a:b\n") != "none");
  CHECK(failure("[work]\ndeliver-drop = " + std::string(77, 'x') + "\n") != "none");
}

TEST_CASE("field 25: deliver-seen") {
  CHECK(section("[work]\n").sync.seen);
  CHECK_FALSE(section("deliver-seen = no\n[work]\n").sync.seen);
  CHECK(failure("[work]\ndeliver-seen = perhaps\n") != "none");
}
