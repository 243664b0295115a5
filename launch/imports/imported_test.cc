// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/imports/imported.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include "ipc/failure.h"
#include "launch/config/configuration.h"
#include "launch/imports/draft.h"

using namespace interimap;

namespace {

std::string made(Origin origin, std::string_view text, const std::string& name = {}) {
  return imported(origin, text, "theirs", name);
}

// Without remarks, and without what is always the same.
std::string keys(const std::string& text) {
  std::string all;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    if (!line.empty() && !line.starts_with("#")) all += line + "\n";
    at = end + 1;
  }
  return all;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

constexpr const char* kStores =
    "IMAPAccount far\nHost imap.example.net\nUser alice\nTLSType IMAPS\n\nIMAPStore far\nAccount far\n\n"
    "IMAPStore near\nHost localhost\nTLSType None\nUser bob\n\n";

std::string channel(const std::string& more) {
  return std::string(kStores) + "Channel all\nFar :far:\nNear :near:\nPatterns *\n" + more;
}

constexpr const char* kBoth =
    "database = all.db\n[local]\ntype = imap\nSTARTTLS = NO\nhost = localhost\nusername = bob\n[remote]\n"
    "type = imaps\nhost = imap.example.net\nusername = alice\n";

// The section [mailbox *] that comes of it, in one line.
std::string policyOf(const std::string& text) {
  std::string all = keys(text);
  const auto from = all.find("[mailbox *]\n"), to = all.find("[local]\n");
  if (from == all.npos) return "";
  all = all.substr(from + 12, to - from - 12);
  std::string line;
  for (char c : all) line += c == '\n' ? ';' : c;
  return line;
}

}  // namespace

TEST_CASE("import: mbsync, an everyday configuration") {
  setenv("HOME", "/home/alice", 1);
  const std::string text = made(Origin::mbsync, R"(# everything
CopyArrivalDate yes
Create Both
Expunge Both

IMAPAccount work
Host imap.example.net
Port 1993
User "alice@example.net"
PassCmd "pass show \"mail/work\""
SSLType IMAPS   # since 1.2
AuthMechs PLAIN scram-sha-256 NTLM
CertificateFile /etc/passwd
ClientKey ~/missing.pem
PipelineDepth 1

IMAPStore work-remote
Account work

MaildirStore work-local
SubFolders Verbatim
Path ~/Mail/work/
Inbox ~/Mail/work/INBOX

Channel work
Far :work-remote:
Near :work-local:
Patterns * !Junk !"[Gmail]/All Mail"
SyncState *

Group all
Channel work
)");
  CHECK(keys(text) ==
        "database = work.db\n"
        "ignore-mailbox = ^(Junk|\\[Gmail\\]\\x00All\\ Mail)$\n"
        "[local]\n"
        "type = tunnel\n"
        "command = /usr/lib/dovecot/imap -o "
        "'mail_location=maildir:/home/alice/Mail/work:LAYOUT=fs:INBOX=/home/alice/Mail/work/INBOX'\n"
        "[remote]\n"
        "type = imaps\n"
        "host = imap.example.net\n"
        "port = 1993\n"
        "username = alice@example.net\n"
        "password-command = pass show \"mail/work\"\n"
        "auth = PLAIN SCRAM-SHA-256\n"
        "SSL_CAfile = /etc/passwd\n"
        "pipeline = 1\n");
  CHECK(
      has(text, "# Left out: Invalid option SSL_key = /home/alice/missing.pem: No such file or directory\n"));
  CHECK(has(text, "authmechs, is not taken over: a mechanism is not known here"));
}

TEST_CASE("import: mbsync, what goes which way") {
  struct {
    const char *theirs, *ours;
  } table[] = {
      {"Create Both\nExpunge Both\n", ""},
      {"Sync All\nCreate Both\nExpunge Both\n", ""},
      {"", "deletions = never;create = no;"},
      {"Create Near\nExpunge Both\n", ""},
      {"Create Both\n", "deletions = never;"},
      {"Create Both\nExpunge Near\n", "deletions = to-local;"},
      {"Create Both\nExpunge Far\n", "deletions = to-remote;"},
      {"Create Slave\nExpunge Slave\nSync Pull\n", "direction = to-local;"},
      {"Create Near\nSync Pull\n", "direction = to-local;deletions = never;"},
      {"Create Far\nSync Push\nExpunge Both\n", "direction = to-remote;"},
      {"Create Both\nSync Pull New Flags\nExpunge Both\n", "direction = to-local;deletions = never;"},
      {"Create Both\nSync New Delete\nExpunge Both\n", "flags = no;"},
      {"Create Both\nSync New Gone Flags\nExpunge Both\n", ""},
      {"Create Both\nSync PullNew PushFlags\nExpunge Both\n", "direction = to-local;deletions = never;"},
      {"Create Both\nExpunge Both\nMaxSize 5m\n", "max-size = 5M;"},
      {"Create Both\nExpunge Both\nMaxSize 4000\n", "max-size = 4000;"},
      {"Create Both\nExpunge Both\nMaxSize lots\n", ""},
      {"Create Both\nExpunge Both\nRemove Both\n", "delete-mailboxes = empty;"},
      {"Create Both\nExpunge Both\nRemove None\n", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.theirs);
    CHECK(policyOf(made(Origin::mbsync, channel(row.theirs))) == row.ours);
    // The same for all channels.
    CHECK(policyOf(made(Origin::mbsync, std::string(row.theirs) + "\n" + channel(""))) == row.ours);
  }
}

TEST_CASE("import: mbsync, several channels of two accounts, others, and names") {
  const std::string two =
      std::string(kStores) +
      "Channel inbox\nFar :far:\nNear :near:\nCreate Both\nExpunge Both\n\n"
      "Channel archive\nFar :far:\nNear :near:\nPatterns Archive/% \"Entw\xc3\xbcrfe und so\"\n"
      "Create Both\nExpunge None\n\n"
      "Channel sent\nFar :far:\"Sent Mail\"\nNear :near:Sent\n\n"
      "MaildirStore m\nInbox ~/Maildir\n\nChannel other\nFar :far:\nNear :m:\n";
  const std::string text = made(Origin::mbsync, two);
  CHECK(keys(text) ==
        "database = inbox.db\n"
        "list-mailbox = INBOX \"Archive\\0%\" \"Entw&APw-rfe und so\"\n"
        "[mailbox \"Archive\\0%\"]\n"
        "deletions = never\n"
        "[mailbox \"Entw&APw-rfe und so\"]\n"
        "deletions = never\n" +
            std::string(kBoth).substr(std::string("database = all.db\n").size()));
  CHECK(has(text, "# Channel sent pairs mailboxes of different names, Sent Mail and Sent"));
  CHECK(has(text, "# Also there, for a file of its own: channel other"));
  CHECK(has(keys(made(Origin::mbsync, two, "other")), "maildir:/home/alice/Maildir'"));
  CHECK_THROWS_WITH_AS(made(Origin::mbsync, two, "none"), "theirs: there is no Channel of that name",
                       Failure);
}

TEST_CASE("import: mbsync, patterns: the last that matches is the one that counts there") {
  auto head = [](const std::string& patterns) {
    const std::string all =
        keys(made(Origin::mbsync,
                  std::string(kStores) + "Channel all\nFar :far:\nNear :near:\nPatterns " + patterns + "\n"));
    return all.substr(0, all.find("[mailbox"));
  };
  CHECK(head("!Trash *") == "database = all.db\n");
  CHECK(head("* !Trash") == "database = all.db\nignore-mailbox = ^(Trash)$\n");
  CHECK(head("A* !A/*") == "database = all.db\nlist-mailbox = A*\nignore-mailbox = ^(A\\x00.*)$\n");
  CHECK(head("INBOX INBOX") == "database = all.db\nlist-mailbox = INBOX\n");
}

TEST_CASE("import: no secret, and no value that is not known to be none") {
  const std::string mbsync = made(Origin::mbsync, channel("Foo s3cret\n") + "\nIMAPAccount x\n");
  CHECK_FALSE(has(mbsync, "s3cret"));
  const std::string pass =
      made(Origin::mbsync,
           "IMAPStore a\nHost h\nPass s3cret\nUserCmd \"echo s3cret\"\nKeyPass s3cret\n\n"
           "IMAPStore b\nTunnel \"ssh h imapd\"\nPass s3cret\n\n"
           "Channel c\nFar :a:\nNear :b:\ns3cret x\n");
  CHECK_FALSE(has(pass, "s3cret"));
  CHECK(has(pass, "# Pass is left out"));
  CHECK(has(pass, "type = tunnel\ncommand = ssh h imapd\n"));
  const std::string offlineImap =
      made(Origin::offlineImap,
           "[general]\naccounts = a\n[Account a]\nlocalrepository = l\nremoterepository = r\nfoo = s3cret\n"
           "[Repository l]\ntype = IMAP\nremotepass = s3cret\nssl = no\nstarttls = no\n[Repository r]\ntype "
           "= Gmail\n"
           "remoteuser = alice\nremotepasseval = \"s3cret\"\noauth2_client_secret = s3cret\n s3cret\n");
  CHECK_FALSE(has(offlineImap, "s3cret"));
  CHECK(has(offlineImap, "# remotepass is left out"));
  CHECK(has(offlineImap, "host = imap.gmail.com\nusername = alice\n"));
}

TEST_CASE("import: OfflineIMAP, an everyday configuration") {
  setenv("HOME", "/home/alice", 1);
  const std::string text = made(Origin::offlineImap, R"([general]
accounts = work,
  home
pythonfile = ~/.offlineimap.py

[DEFAULT]
ssl: yes

[Account work]
localrepository = Local
remoterepository = Remote
maxsize = 2000000
maxage = 365
autorefresh = 5

[Repository Local]
type = Maildir
localfolders = ~/Maildir
sep = /

[Repository Remote]
type = IMAP
remotehost = imap.example.net
remoteuser = 100%%alice
remotepassfile = ~/.pass
sslcacertfile = /etc/passwd
maxconnections = 20
readonly = True
folderfilter = lambda name: name not in ['Trash', "Junk/old"]

[Account home]
localrepository = Local
remoterepository = Remote
)");
  CHECK(keys(text) ==
        "database = work.db\n"
        "ignore-mailbox = ^(Trash|Junk\\x00old)$\n"
        "[mailbox *]\n"
        "direction = to-local\n"
        "max-size = 2000000\n"
        "max-age = 365d\n"
        "[local]\n"
        "type = tunnel\n"
        "command = /usr/lib/dovecot/imap -o "
        "'mail_location=maildir:/home/alice/Maildir:LAYOUT=fs:INBOX=/home/alice/Maildir/INBOX'\n"
        "[remote]\n"
        "type = imaps\n"
        "host = imap.example.net\n"
        "SSL_CAfile = /etc/passwd\n"
        "username = 100%alice\n"
        "password-file = /home/alice/.pass\n"
        "connections = 8\n");
  CHECK(has(text, "autorefresh, is not taken over: see --notify."));
  CHECK(has(text, "# Also there, for a file of its own: account home"));
}

TEST_CASE("import: OfflineIMAP, filters and what goes which way") {
  auto text = [](const std::string& account, const std::string& local, const std::string& remote) {
    return made(Origin::offlineImap,
                "[general]\naccounts=a\n[Account a]\nlocalrepository=l\nremoterepository=r\n" + account +
                    "\n[Repository l]\ntype=IMAP\npreauthtunnel=imapd\n" + local +
                    "\n[Repository r]\ntype=IMAP\nremotehost=h\n" + remote + "\n");
  };
  struct {
    const char *local, *remote, *ours;
  } table[] = {
      {"", "", ""},
      {"readonly=yes", "", "direction = to-remote;"},
      {"", "readonly=yes", "direction = to-local;"},
      {"sync_deletes=no", "", "deletions = to-remote;"},
      {"", "sync_deletes=no", "deletions = to-local;"},
      {"", "expunge=no", "deletions = to-local;"},
      {"sync_deletes=no", "sync_deletes=no", "deletions = never;"},
      {"sync_deletes=no", "readonly=yes", "direction = to-local;deletions = never;"},
      {"", "readonly=yes\nsync_deletes=no", "direction = to-local;"},
      {"", "createfolders=no", "create = no;"},
  };
  for (const auto& row : table) {
    CAPTURE(row.local);
    CAPTURE(row.remote);
    CHECK(policyOf(text("", row.local, row.remote)) == row.ours);
  }
  CHECK_THROWS_AS(text("", "readonly=yes", "readonly=yes"), Failure);
  CHECK(has(text("", "", "folderfilter=lambda f: f in ('A', 'B c')"), "list-mailbox = A \"B c\"\n"));
  for (const char* python :
       {"lambda f: re.match('x', f)", "lambda f: f in ['a' if x]", "lambda f: g in ['a']",
        "lambda f: f in []", "lambda f: f in ['a\\n']", "lambda f: f in ['a'", "lambda", ""}) {
    CAPTURE(python);
    const std::string all = text("", "", std::string("folderfilter=") + python);
    CHECK_FALSE(has(all, "list-mailbox ="));
    CHECK(has(all, "folderfilter is Python"));
  }
  CHECK(has(text("proxy=SOCKS5:localhost:9999", "", ""), "proxy = socks5h://localhost:9999\n"));
  CHECK(has(text("", "", "auth_mechanisms=XOAUTH2, GSSAPI ,plain"), "auth = XOAUTH2 PLAIN\n"));
}

TEST_CASE("import: what is no such file names the line, and does not quote it") {
  struct {
    Origin origin;
    std::string text;
    ExitStatus status;
    const char* why;
  } table[] = {
      {Origin::mbsync, "", ExitStatus::data, "theirs: there is no Channel"},
      {Origin::mbsync, "\nFoo \"secret", ExitStatus::config, "theirs:2: a quotation mark has no other"},
      {Origin::mbsync, "Foo secret\\", ExitStatus::config, "theirs:1: there is nothing behind the backslash"},
      {Origin::mbsync, "secret", ExitStatus::config, "theirs:1: a key without a value"},
      {Origin::mbsync, std::string("a b\0c", 5), ExitStatus::config, "theirs:1: a NUL character"},
      {Origin::mbsync, "Channel c\nFar :a:\n", ExitStatus::config,
       "theirs:1: the channel has no Near of the form :store:mailbox"},
      {Origin::mbsync, "Channel c\nFar a\nNear :b:", ExitStatus::config,
       "theirs:1: the channel has no Far of the form :store:mailbox"},
      {Origin::mbsync, "Channel c\nFar :a:\nNear :b:", ExitStatus::data, "theirs: there is no store b"},
      {Origin::mbsync, "IMAPStore b\nAccount x\n\nChannel c\nFar :a:\nNear :b:", ExitStatus::config,
       "theirs:2: there is no IMAPAccount of that name"},
      {Origin::mbsync, "IMAPStore b\nPort 65536\n\nChannel c\nFar :b:\nNear :b:", ExitStatus::config,
       "theirs:2: not a number from 1 to 65535"},
      {Origin::offlineImap, "", ExitStatus::data, "theirs: accounts in [general] names none"},
      {Origin::offlineImap, "secret", ExitStatus::config,
       "theirs:1: neither a [section], nor \"key = value\", nor a comment"},
      {Origin::offlineImap, "a = secret", ExitStatus::config, "theirs:1: a key before the first section"},
      {Origin::offlineImap, "[]", ExitStatus::config, "theirs:1: a section without a name"},
      {Origin::offlineImap, "[general]\naccounts=x", ExitStatus::data, "theirs: there is no [Account x]"},
      {Origin::offlineImap, "[general]\naccounts=x\n[Account x]", ExitStatus::data,
       "theirs: [Account x] has no localrepository"},
      {Origin::offlineImap,
       "[general]\naccounts=x\n[Account x]\nlocalrepository=a\nremoterepository=a\n[Repository "
       "a]\ntype=secret",
       ExitStatus::data, "theirs: [Repository a] is of no type that is known here"},
      {Origin::offlineImap,
       "[general]\naccounts=x\n[Account x]\nlocalrepository=a\nremoterepository=a\n[Repository "
       "a]\ntype=IMAP\n"
       "remoteport=secret",
       ExitStatus::config, "theirs:8: not a number from 1 to 65535"},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    try {
      made(row.origin, row.text);
      FAIL("taken");
    } catch (const Failure& failure) {
      CHECK(failure.what() == std::string(row.why));
      CHECK(failure.status == row.status);
    }
  }
}

TEST_CASE("import: whatever a value holds, it becomes no other line of ours") {
  for (const std::string value :
       {"a ; b", " a", "a ", "a\tb", "\x1b[2J", "\xff", "a]\r[local]", "#a", "; a", "%i", "[x]"}) {
    CAPTURE(value);
    std::string quoted = "\"";
    for (char c : value) quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    const std::string text = made(Origin::mbsync, "IMAPStore a\nHost h\nUser " + quoted +
                                                      "\"\n\nIMAPStore b\nHost i\n\n"
                                                      "Channel c\nFar :a:\nNear :b:\n");
    const Configuration ours = Configuration::parse(text, "ours");
    const std::string user = ours.remote.net.username;
    CHECK((user == value || user.empty()));
    CHECK(user.empty() == has(text, "# username: the value cannot be written here"));
    CHECK(text.find('\r') == text.npos);
    CHECK(text.find('\x1b') == text.npos);
  }
  // Of any octets there may be: it is refused, or what comes of it is read again, which imported() sees to.
  std::uint32_t random = 1;
  const std::string_view kAlphabet =
      "[]=: \n\t\"\\#;%*!/\xc3\xbc"
      "aPath\0far";
  for (int round = 0; round < 20'000; ++round) {
    std::string noise;
    for (int i = 0; i < 40; ++i) {
      random = random * 1664525 + 1013904223;
      noise += kAlphabet[(random >> 16) % kAlphabet.size()];
    }
    const std::string general = "[general]\naccounts=a\n[Account a]\nlocalrepository=l\nremoterepository=r\n";
    const std::pair<Origin, std::string> files[] = {
        {Origin::mbsync, channel(noise)},
        {Origin::offlineImap, general + "[Repository l]\ntype=Maildir\nlocalfolders=" + noise +
                                  "\n[Repository r]\ntype=IMAP\nfolderfilter=" + noise}};
    for (const auto& [origin, text] : files) try {
        made(origin, text);
      } catch (const Failure& failure) {
        const bool refused = failure.status == ExitStatus::config || failure.status == ExitStatus::data;
        CHECK(refused);
      }
  }
}
