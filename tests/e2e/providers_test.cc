// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The configurations of the section "Providers" of interimap.conf(5), each on a server that has what that
// provider's server has. Filled in is only what there is one of everywhere: host, port, user and password;
// and the certificate, which is the tests'.
#include <regex>

#include "tests/e2e/bed.h"
#include "tests/e2e/lesser_server.h"

using namespace interimap::bed;

namespace {

const fs::path kManual = "man/interimap.conf.5";

// What stands in the display behind ".Em NAME".
std::string configurationOf(const std::string& provider) {
  const std::string manual = readFile(kManual);
  std::size_t at = manual.find(".Ss Providers\n");
  REQUIRE(at != std::string::npos);
  at = manual.find(".Em " + provider + "\n", at);
  REQUIRE(at != std::string::npos);
  const std::string begin = ".Bd -literal -offset indent\n";
  at = manual.find(begin, at) + begin.size();
  return std::regex_replace(manual.substr(at, manual.find(".Ed\n", at) - at), std::regex("\\\\e"), "\\");
}

std::string filledIn(std::string text, std::uint16_t port) {
  const std::pair<const char*, std::string> kLines[] = {
      {"type = .*", "type = imap\nSTARTTLS = NO"},
      {"host = .*", "host = 127.0.0.1\nport = " + std::to_string(port)},
      {"(^|\n)port = [0-9]{3,4}(?=\n)", "$1"},
      {"username = .*", "username = bob"},
      {"password-command = .*", "password = sekrit"},
      {"auth = XOAUTH2", "auth = PLAIN"},
      {"SSL_[A-Za-z]+ = .*\n", ""}};
  for (const auto& [line, instead] : kLines) text = std::regex_replace(text, std::regex(line), instead);
  return text;
}

}  // namespace

TEST_CASE("providers: each configuration of the manual works on a server like theirs") {
  NOT_THE_REFERENCE();
  if (!fs::exists(kManual)) {
    MESSAGE("skipped: not started in the source tree");
    return;
  }
  LesserOptions bridge = LesserOptions::bare();
  bridge.before = bridge.after = "IMAP4rev1 IDLE UNSELECT UIDPLUS MOVE ID";
  bridge.namesUids = false;
  bridge.permanentFlags = {};
  LesserOptions yahoo = LesserOptions::yahoo();
  yahoo.limit = 1000;
  const struct {
    const char* provider;
    LesserOptions options;
    std::vector<std::string> leftOut = {};
  } kCases[] = {{"Gmail", LesserOptions::gmail(), {"[Gmail]/All Mail"}},
                {"Microsoft 365", LesserOptions::exchange()},
                {"iCloud", LesserOptions::icloud()},
                {"Yahoo", yahoo},
                {"Fastmail", LesserOptions::full()},
                {"Proton Bridge", bridge, {"All Mail", "Starred", "Labels/work"}}};
  for (const auto& each : kCases) {
    CAPTURE(std::string(each.provider));
    const std::string use =
        "namespace inbox {\n mailbox \"[Gmail]/All Mail\" {\n  special_use = \\All\n }\n}";
    Bed bed({}, {.extra = use, .extra24 = use});
    LesserServer lesser(bed.remote.imap(), each.options);
    ImapClient alice = bed.alice(), bob = bed.bob();
    std::vector<Message> mail = Corpus(1).smallMessages(6);
    for (Message& message : mail) message.flags = {"\\Seen"};
    bob.append("INBOX", mail);
    for (const char* name : {"Sent", "Folders/a"}) {
      bob.create(name);
      bob.append(name, mail);
    }
    for (const std::string& name : each.leftOut) {
      bob.create(name);
      bob.append(name, mail);
    }
    alice.append("INBOX", Corpus(2).smallMessages(3));
    const std::string text = filledIn(configurationOf(each.provider), lesser.port());
    INFO(text);
    const auto section = text.find("[remote]");
    const std::string ours = bed.program.configuration();
    bed.program.configure(text.substr(0, section) + ours.substr(0, ours.find("[remote]")) +
                          text.substr(section));
    Run run = bed.program.run({});
    INFO(run.log());
    CHECK((run.exitStatus == 0 || run.says("cannot be stored here")));
    CHECK(alice.select("INBOX") == 9);
    CHECK(alice.select("Sent") == 6);
    CHECK(alice.select("Folders/a") == 6);
    CHECK(bob.select("INBOX") == 9);
    for (const std::string& name : each.leftOut)
      CHECK_FALSE(alice.tryCommand("SELECT \"" + name + "\"").ok());
    Run second = bed.program.run();
    INFO(second.log());
    CHECK(second.changes() == "");
  }
}
