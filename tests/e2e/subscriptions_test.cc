// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Servers that do not tell which mailboxes are subscribed, as GNU imap4d where a user has no home directory.
#include <map>
#include <string>

#include "tests/e2e/scripted.h"
#include "tests/e2e/unpacked.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

constexpr const char* kSaid = "does not tell which mailboxes are subscribed";
constexpr const char* kImap4d =
    "mailutils-imap4d libmailutils9 mailutils-common libgsasl18 libgssglue1 libntlm0 guile-3.0-libs libltdl7 "
    "libidn12 libmariadb3";

// Names of those that are.
std::string subscribed(FakeServer& server) {
  std::string names;
  server.access([&](auto& mailboxes) {
    for (const auto& [name, box] : mailboxes)
      if (box.subscribed) names += (names.empty() ? "" : " ") + name;
  });
  return names;
}

void subscribe(FakeServer& server, const std::string& mailbox, bool whether = true) {
  server.access([&](auto& mailboxes) { mailboxes.at(mailbox).subscribed = whether; });
}

std::size_t times(const Run& run, const std::string& text) {
  const std::string log = run.log();
  std::size_t count = 0;
  for (auto at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("any server: subscriptions that one side does not tell stay as they are on both") {
  NOT_THE_REFERENCE();
  FakeOptions poor;
  poor.capabilities = "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ UNSELECT";
  for (const bool isRemote : {true, false})
    for (const char* answer : {"NO LSUB Cannot unsubscribe", "BAD unknown command"}) {
      CAPTURE(isRemote);
      CAPTURE(answer);
      Scripted bed(isRemote ? FakeOptions() : poor, isRemote ? poor : FakeOptions());
      FakeServer& mute = isRemote ? bed.remote : bed.local;
      const std::string said = std::string(isRemote ? "remote" : "local") + ": WARNING: The server " + kSaid;
      mute.on("LSUB", 0, {.octets = std::string("{tag} ") + answer + "\r\n"});
      Scripted::add(bed.local, "INBOX", 2, 1);
      Scripted::add(bed.local, "a", 2, 2);
      Scripted::add(bed.remote, "INBOX", 2, 3);
      Scripted::add(bed.remote, "b", 2, 4);
      Scripted::add(bed.remote, "INBOX", 1, 5);
      subscribe(bed.local, "a");
      subscribe(bed.local, "INBOX");
      subscribe(bed.remote, "b");
      auto checkLeft = [&](const std::string& here, const std::string& there) {
        Run run = bed.program.run();
        INFO(run.log());
        CHECK(run.exitStatus == 0);
        CHECK(times(run, said) == 1);
        CHECK(subscribed(bed.local) == here);
        CHECK(subscribed(bed.remote) == there);
        CHECK_FALSE(run.says("SUBSCRIBE a"));
        CHECK_FALSE(run.says("SUBSCRIBE b"));
        for (FakeServer* server : {&bed.local, &bed.remote})
          server->access([](auto& mailboxes) {
            CHECK(mailboxes.size() == 3);
            for (auto& each : mailboxes)
              CHECK(each.second.messages.size() == (each.first == "INBOX" ? 5 : 2));
          });
      };
      checkLeft("INBOX a", "b");
      checkLeft("INBOX a", "b");
      subscribe(bed.local, "a", false);
      checkLeft("INBOX", "b");
      subscribe(bed.local, "a");
      subscribe(bed.remote, "b", false);
      checkLeft("INBOX a", "");
      subscribe(bed.remote, "b");

      // Once both tell, what either has is what both get: nothing is taken for unsubscribed.
      mute.forget();
      mute.on("LSUB", 0,
              {.octets = isRemote ? "* LSUB () \"/\" b\r\n{tag} OK done\r\n"
                                  : "* LSUB () \"/\" a\r\n* LSUB () \"/\" INBOX\r\n{tag} OK done\r\n"});
      Run run = bed.program.run();
      INFO(run.log());
      CHECK(run.exitStatus == 0);
      CHECK(times(run, kSaid) == 0);
      CHECK(subscribed(bed.local) == "INBOX a b");
      CHECK(subscribed(bed.remote) == "INBOX a b");

      // And when one falls silent, nothing is lost of it.
      mute.forget();
      mute.on("LSUB", 0, {.octets = std::string("{tag} ") + answer + "\r\n"});
      checkLeft("INBOX a b", "INBOX a b");
    }
}

TEST_CASE("any server: which mailboxes are meant cannot be told without subscriptions, if only those are") {
  NOT_THE_REFERENCE();
  FakeOptions poor;
  poor.capabilities = "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ UNSELECT";
  Scripted bed({}, poor, {"list-select-opts = SUBSCRIBED"});
  bed.remote.on("LSUB", 0, {.octets = "{tag} NO LSUB Cannot unsubscribe\r\n"});
  Scripted::add(bed.local, "INBOX", 2, 1);
  subscribe(bed.local, "INBOX");
  Scripted::add(bed.remote, "INBOX", 2, 3);
  Run run = bed.program.run();
  INFO(run.log());
  CHECK(run.exitStatus == static_cast<int>(ExitStatus::tryAgain));
  CHECK(run.says("LSUB: NO LSUB Cannot unsubscribe"));
  CHECK(subscribed(bed.local) == "INBOX");
}

TEST_CASE("any server: GNU imap4d without a home directory") {
  NOT_THE_REFERENCE();
  if (mailUser().name != "nobody") {
    MESSAGE("skipped: the tests' user has a home directory");
    return;
  }
  std::optional<fs::path> root = unpacked(kImap4d);
  if (!root) return;
  Directory directory;
  Dovecot local(directory / "local");
  const fs::path spool = makeDirectory(directory / "spool"), home = makeDirectory(directory / "home");
  for (const char* part : {"", "cur", "new", "tmp"}) makeDirectory(spool / "nobody" / part);
  const fs::path configuration = directory / "imap4d.conf";
  writeFile(configuration,
            "mode inetd;\npreauth stdio;\nlogging { syslog no; };\ntcp-wrappers { enable no; };\n"
            "mailbox { mail-spool " +
                spool.string() +
                "; mailbox-type maildir; };\n"
                "namespace personal { prefix \"\" { directory " +
                home.string() + "; mailbox-type maildir; delimiter \"/\"; }; };\n");
  const fs::path script = directory / "imap4d";
  writeFile(script,
            "#!/bin/sh\nexec env -i USER=nobody " + libraryPath(*root) + " " +
                (*root / "usr/sbin/imap4d").string() + " --config-file=" + configuration.string() +
                " --inetd --preauth 2>/dev/null\n",
            0755);
  Interimap program(directory / "program", cleartext(local.imap(), "alice"), tunnel(script.string()));
  ImapClient alice = local.client("alice");
  Corpus corpus(7);
  std::vector<Message> messages = corpus.smallMessages(3);
  for (Message& message : messages) message.flags = {"\\Seen"};  // it keeps no keywords
  alice.create("a");
  for (const char* mailbox : {"INBOX", "a"}) alice.append(mailbox, messages);
  alice.subscribe("a");
  Run run = program.run();
  INFO(run.log());
  CHECK(run.exitStatus == 0);
  CHECK(run.says("LSUB Cannot unsubscribe"));
  CHECK(times(run, kSaid) == 1);
  for (const std::string& command : run.commands("remote")) CHECK_FALSE(command.starts_with("SUBSCRIBE"));
  CHECK(alice.command("LSUB \"\" *").responses.size() == 1);
  Run second = program.run();
  INFO(second.log());
  CHECK(second.exitStatus == 0);
  CHECK(second.changes() == "");
}
