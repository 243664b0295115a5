// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The bed is tested with itself: what the tests rely on, before any program is run in it.

#include "tests/e2e/bed.h"
#include "tests/e2e/fake_server.h"
#include "tests/e2e/port.h"
#include "tests/e2e/relay.h"

using namespace interimap::bed;

TEST_CASE("a process gives its output, errors, status, and is killed when its time is over") {
  Outcome outcome = run({{"sh", "-c", "cat; echo oops >&2; exit 3"}, {}, "hello"});
  CHECK(outcome.output == "hello");
  CHECK(outcome.errors == "oops\n");
  CHECK(outcome.exitStatus == 3);
  Outcome slow = run({{"sleep", "60"}, {}, "", std::chrono::milliseconds(50)});
  CHECK(slow.timedOut);
  CHECK(slow.signal == 9);
}

TEST_CASE("a snapshot of a Dovecot shows what was appended") {
  Directory directory;
  Dovecot server(directory / "server");
  Corpus corpus(1);
  std::vector<Message> messages = corpus.messages(200);
  ImapClient client = server.client("alice");
  client.append("INBOX", messages);
  Snapshot before = Snapshot::of(client);
  CHECK(before.messages() == 200);
  CHECK(before.duplicates().empty());
  client.append("INBOX", {messages[7]});
  Snapshot after = Snapshot::of(client);
  CHECK(after.duplicates().size() == 1);
  CHECK(difference(before, after).starts_with("INBOX: there"));
}

TEST_CASE("a copied user has the same mail, dates included") {
  for (const std::string location : {"maildir:~/Maildir", "sdbox:~/sdbox", "mdbox:~/mdbox"}) {
    CAPTURE(location);
    Directory directory;
    Dovecot server(directory / "server", {.mailLocation = location});
    Corpus corpus(2);
    {
      ImapClient client = server.client("alice");
      fill(client, corpus, {"INBOX", "a/b"}, 5);
    }
    server.copyUser("alice", "carol");
    CHECK(difference(Snapshot::of(server.client("alice")), Snapshot::of(server.client("carol"))) == "");
  }
}

TEST_CASE("odd mailbox names work on every mail format") {
  for (const std::string location : {"maildir:~/Maildir", "sdbox:~/sdbox"}) {
    CAPTURE(location);
    Directory directory;
    Dovecot server(directory / "server", {.mailLocation = location});
    ImapClient client = server.client("alice");
    for (const std::string& name : mailboxNames('/')) {
      CAPTURE(name);
      CHECK(client.tryCommand("CREATE " + ImapClient::quoted(name)).ok());
    }
    CHECK(Snapshot::of(client).mailboxes.size() >= mailboxNames('/').size() + 1);
  }
}

TEST_CASE("the relay counts octets and round trips, delays, and cuts") {
  FakeServer server;
  {
    Relay relay(server.port(), {.delay = std::chrono::milliseconds(20)});
    ImapClient client(relay.port(), "bob", "sekrit");
    client.command("NOOP");
    REQUIRE(relay.connections().size() == 1);
    CHECK(relay.connections()[0].roundTrips == 3);  // TCP, LOGIN, NOOP
    CHECK(relay.connections()[0].toServer > 30);
  }
  Relay relay(server.port(), {.cutAfter = 400});
  ImapClient client(relay.port(), "bob", "sekrit");
  CHECK_THROWS([&] {
    for (int i = 0; i < 20; ++i) client.command("LIST \"\" \"*\"");
  }());
  CHECK(relay.connections()[0].toClient == 400);
}

TEST_CASE("the fake server is a server, and goes wrong where it is told") {
  FakeServer server;
  ImapClient client(server.port(), "bob", "sekrit");
  Corpus corpus(3);
  client.create("a/b");
  client.append("a/b", corpus.smallMessages(3));
  client.select("a/b");
  CHECK(client.uids() == std::vector<std::uint32_t>{1, 2, 3});
  client.expunge("2");
  CHECK(client.uids() == std::vector<std::uint32_t>{1, 3});
  CHECK(Snapshot::of(client).messages() == 2);
  server.refuse([](const std::string&) { return "[OVERQUOTA] full"; });
  CHECK_THROWS(client.append("a/b", corpus.smallMessages(1)));
  server.on("NOOP", 2, {.octets = "* OK odd\r\n{tag} NO no\r\n"});
  CHECK(client.tryCommand("NOOP").ok());
  CHECK(client.tryCommand("NOOP").completion == "NO");
  server.on("UID FETCH", 1, {.octets = "* 1 FETCH (UID 1 BODY[] {100}\r\nhalf", .close = true});
  CHECK_THROWS(Snapshot::of(client));
}

TEST_CASE("certificates are for the right names") {
  Directory directory;
  Certificates certificates(directory / "certificates");
  CHECK(certificates.pin().size() == 64);
  auto verify = [&](const fs::path& file) {
    return run(
        {{"openssl", "verify", "-verify_hostname", "localhost", "-CAfile", certificates.authority(), file},
         {}});
  };
  CHECK(verify(certificates.server()).succeeded());
  CHECK_FALSE(verify(certificates.otherName()).succeeded());
  CHECK(verify(certificates.expired()).errors.find("expired") != std::string::npos);
}
