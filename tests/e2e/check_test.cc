// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// --check: each step of a run to come, by its real workers, and nothing written anywhere.
#include <set>

#include "tests/e2e/bed.h"
#include "tests/e2e/pull_scripted.h"
#include "tests/e2e/scripted.h"

using namespace interimap::bed;
using interimap::ExitStatus;

namespace {

using Words = std::vector<std::string>;

void checkHas(const std::string& text, const Words& parts) {
  INFO(text);
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

struct Checked {
  Directory directory;
  Certificates certificates{directory / "certificates"};
  FakeServer local{{.user = "alice"}};
  unsigned runs = 0;

  std::string trust() const { return "SSL_CAfile = " + certificates.authority().string(); }
  Interimap program(Account remote) {
    return Interimap(directory / ("program" + std::to_string(runs++)), cleartext(local.port(), "alice"),
                     std::move(remote));
  }
  Account account(const std::string& type, std::uint16_t port, Words more) const {
    return {.type = type, .host = "127.0.0.1", .port = port, .user = "bob", .more = std::move(more)};
  }
  // The check says so, and a run ends in the same way.
  void checkFails(Account remote, ExitStatus status, const std::string& text) {
    CAPTURE(text);
    Interimap it = program(remote);
    Run checked = it.run({"--check"});
    checkStatus(checked, status);
    checkHas(checked.output, {"ok: local: Logged in as alice by PLAIN\n", "FAILED: remote: ", text});
    CHECK_MESSAGE(checked.output.find("FAILED: ") == checked.output.rfind("FAILED: "), checked.output);
    CHECK(checked.log() == "");
    CHECK_FALSE(checked.output.find("sekrit") != std::string::npos);
    CHECK_FALSE(fs::exists(it.database()));
    checkStatus(it.run(), status);
  }
  // Nobody was asked for anything that changes something.
  static void checkOnlyLooked(const FakeServer& server) {
    for (const std::string& command : server.commands()) {
      std::string verb = command.substr(0, command.find(' '));
      CAPTURE(command);
      CHECK(std::set<std::string>{"CAPABILITY", "AUTHENTICATE", "LOGIN", "ENABLE", "LIST", "LOGOUT", "STATUS",
                                  "ID", "GETQUOTAROOT", "NAMESPACE"}
                .contains(verb));
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(Checked, "check: every step of a good set-up, and nothing is written") {
  NOT_THE_REFERENCE();
  Dovecot server(directory / "server", {.certificate = certificates.server(), .key = certificates.key()});
  Scripted::add(local, "INBOX", 2, 1);
  Interimap it = program(account("imaps", server.imaps(), {trust()}));
  const fs::path data = it.database().parent_path();
  fs::remove_all(data);
  checkStatus(it.run({"--check"}), ExitStatus::ok);
  CHECK_FALSE(fs::exists(data));
  makeDirectory(data);
  Run first = it.run({"--check"});
  checkStatus(first, ExitStatus::ok);
  checkHas(
      first.output,
      {"ok: local: 127.0.0.1 has the address 127.0.0.1\n", "ok: local: Logged in as alice by PLAIN\n",
       "ok: local: 1 mailbox to be synchronised, 2 messages\n",
       "ok: remote: Connected to 127.0.0.1 port " + std::to_string(server.imaps()) + "\n",
       "ok: remote: Certificate for ", " days left. To pin its key: SSL_fingerprint = sha256$",
       "ok: remote: TLSv1.3, TLS_", "ok: remote: Greeting: Dovecot", "ok: remote: Mechanisms offered: PLAIN",
       "; used: PLAIN\n", "ok: remote: Logged in as bob by PLAIN\n", "ok: remote: Capabilities: IMAP4REV1 ",
       "ok: remote: Product: Dovecot",
       "ok: remote: Changes and expunges are found by QRESYNC; news is told by NOTIFY\n",
       " does not exist yet: the first run creates it\n"});
  CHECK(first.output.find("FAILED") == std::string::npos);
  CHECK(first.log() == "");
  CHECK_FALSE(fs::exists(it.database()));
  CHECK(fs::is_empty(it.database().parent_path()));
  checkOnlyLooked(local);

  requireDone(it.run());
  const std::string before = readFile(it.database());
  const auto modified = fs::last_write_time(it.database());
  Run again = it.run({"--check", "--log-format=json"});
  checkStatus(again, ExitStatus::ok);
  checkHas(again.output, {"{\"findings\":[{\"component\":\"", R"("step":"login","result":"ok")",
                          R"("step":"certificate","result":"ok","names":)", R"("daysLeft":)",
                          R"("step":"database","result":"ok","version":1,"mailboxes":1,"paired":2,"held":0)",
                          "],\"exitStatus\":0}\n"});
  CHECK(std::count(again.output.begin(), again.output.end(), '\n') == 1);
  CHECK(readFile(it.database()) == before);
  CHECK(fs::last_write_time(it.database()) == modified);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& file : fs::directory_iterator(it.database().parent_path())) ++files;
  CHECK(files == 2);  // that, and when a run succeeded
}

TEST_CASE_FIXTURE(Checked, "check: what fails is explained, with the key that mends it, as a run ends") {
  NOT_THE_REFERENCE();
  Dovecot server(directory / "server", {.certificate = certificates.server(), .key = certificates.key()});
  Dovecot old(directory / "old", {.certificate = certificates.expired(), .key = certificates.key()});
  Dovecot other(directory / "other", {.certificate = certificates.otherName(), .key = certificates.key()});
  const std::string stranger = "SSL_CAfile = " + certificates.otherAuthority().string();
  checkFails(account("imap", 1, {"STARTTLS = NO"}), ExitStatus::unavailable,
             "Connection refused. Does a server listen there? See host and port\n");
  checkFails(account("imaps", server.imap(), {trust()}), ExitStatus::unavailable,
             "This port does not speak TLS: is it another port, or type = imap (STARTTLS)?\n");
  checkFails(account("imaps", server.imaps(), {stranger}), ExitStatus::noPermission,
             "The certificate's issuer is not trusted: a CA of your own goes into SSL_CAfile\n");
  checkFails(account("imaps", other.imaps(), {trust()}), ExitStatus::noPermission,
             "The certificate is for another name: see host and SSL_hostname\n");
  checkFails(account("imaps", old.imaps(), {trust()}), ExitStatus::noPermission, "certificate has expired");
  checkFails(account("imaps", server.imaps(), {trust(), "auth = XOAUTH2"}), ExitStatus::protocol,
             "the server offers PLAIN");
  Account wrong = account("imaps", server.imaps(), {trust()});
  wrong.password = "wrong";
  checkFails(wrong, ExitStatus::noPermission, "See username and password\n");
}

TEST_CASE_FIXTURE(Checked, "check: in clear to a port for TLS") {
  NOT_THE_REFERENCE();
  Dovecot server(directory / "server", {.certificate = certificates.server(), .key = certificates.key()});
  Run run = program(account("imap", server.imaps(), {"STARTTLS = NO"})).run({"--check"});
  checkStatus(run, ExitStatus::unavailable);
  checkHas(run.output, {"FAILED: remote: ", "is it a port for TLS (type = imaps)?"});
}

TEST_CASE_FIXTURE(Checked,
                  "check: servers without QRESYNC, a UIDVALIDITY that changed, a stranger's database") {
  NOT_THE_REFERENCE();
  FakeServer remote(
      {.capabilities = "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ UIDPLUS LIST-EXTENDED LIST-STATUS"});
  Scripted::add(remote, "INBOX", 1, 1);
  Interimap it = program(cleartext(remote.port(), "bob"));
  requireDone(it.run());
  Run good = it.run({"--check"});
  checkStatus(good, ExitStatus::ok);
  checkHas(good.output,
           {"ok: remote: Changes are found by reading all flags, expunges are found by comparing UIDs: no "
            "CONDSTORE, no QRESYNC; news is asked for: no NOTIFY, no IDLE\n",
            "; local is alice@127.0.0.1, remote is bob@127.0.0.1\n"});

  const std::string before = readFile(it.database());
  remote.access([](auto& mailboxes) { mailboxes["INBOX"].uidValidity = 4711; });
  Run changed = it.run({"--check"});
  checkStatus(changed, ExitStatus::data);
  checkHas(changed.output,
           {"FAILED: remote(INBOX): UIDVALIDITY changed! (4711 != ", "interimap --adopt INBOX"});
  CHECK(readFile(it.database()) == before);

  FakeServer another({.user = "carol"});
  std::string text = it.configuration();
  for (const auto& [from, to] :
       {std::pair("port = " + std::to_string(remote.port()), "port = " + std::to_string(another.port())),
        std::pair(std::string("username = bob"), std::string("username = carol"))})
    text.replace(text.find(from), from.size(), to);
  it.configure(text);
  Run strange = it.run({"--check"});
  checkStatus(strange, ExitStatus::data);
  checkHas(strange.output, {"FAILED: database: belongs to bob@127.0.0.1 on the remote side, not to "
                            "carol@127.0.0.1. Another pair of accounts needs another `database`."});
  CHECK(readFile(it.database()) == before);
  checkStatus(it.run(), ExitStatus::data);
}

TEST_CASE("check of pullimap: the delivery server is asked for each recipient, and no mail is sent") {
  PullScripted bed;
  bed.add(mails("m", 2));
  Run good = bed.program.run({"--check", "work"});
  checkStatus(good, ExitStatus::ok);
  checkHas(good.output, {"ok: work: Logged in as bob by PLAIN\n", "ok: work(INBOX): 2 messages\n",
                         "ok: work: delivery: Connected to 127.0.0.1 port " + std::to_string(bed.sink.port()),
                         "ok: work: delivery: Greeting: 220 sink.example.test ready\n",
                         "ok: work: delivery: The server offers PIPELINING, SIZE 100000000",
                         std::string("ok: work: delivery: Recipient <") + kRecipient + "> is accepted\n",
                         " does not exist yet: the first run creates it\n"});
  CHECK(good.log() == "");
  CHECK(bed.sink.count("RCPT") == 1);
  CHECK(bed.sink.count("DATA|BDAT") == 0);
  CHECK(bed.sink.messages().empty());
  CHECK(bed.sink.violations().empty());
  CHECK_FALSE(fs::exists(bed.program.state()));
  for (const std::string& command : bed.server.commands()) CHECK(command.find("SELECT") == command.npos);

  bed.sink.on("RCPT", 0, {.octets = "550 5.7.1 not for you\r\n"});
  Run refused = bed.program.run({"--check", "work"});
  checkStatus(refused, ExitStatus::data);
  checkHas(refused.output, {std::string("FAILED: work: delivery: The server does not accept <") + kRecipient +
                                ">: 550 not for you. See deliver-rcpt",
                            "ok: work: Logged in as bob"});
  checkStatus(bed.program.run(), ExitStatus::data);

  bed.sink.forget();
  requireDone(bed.program.run({"--retry-refused", "work"}));
  const std::string before = readFile(bed.program.state());
  bed.sink.stop();
  Run gone = bed.program.run({"--check", "work", "--log-format=json"});
  checkStatus(gone, ExitStatus::tryAgain);
  checkHas(gone.output, {"{\"section\":\"work\",\"findings\":[", "\"result\":\"failed\"",
                         "See deliver-method", "],\"exitStatus\":75}\n"});
  CHECK(readFile(bed.program.state()) == before);
}

TEST_CASE_FIXTURE(Checked, "check: a password that cannot be had is told at the login, with its key") {
  NOT_THE_REFERENCE();
  FakeServer remote;
  Account account = cleartext(remote.port(), "bob");
  account.password = "";
  account.more.push_back("password-command = echo 'the keyring is locked' >&2; exit 3");
  Interimap it = program(account);
  Run run = it.run({"--check"});
  checkStatus(run, ExitStatus::noPermission);
  checkHas(run.output, {"ok: local: Logged in as alice by PLAIN\n", "ok: remote: Greeting: ready\n",
                        "FAILED: remote: [remote]: password-command ended with exit status 3: the keyring "
                        "is locked\n",
                        "FAILED: remote: There is no password to log in with\n"});
  CHECK(run.log() == "the keyring is locked\n");  // the command's
  Run json = it.run({"--check", "--log-format=json"});
  checkStatus(json, ExitStatus::noPermission);
  checkHas(json.output,
           {R"("component":"remote","mailbox":"","text":"[remote]: password-command ended with )",
            R"("result":"failed"})", "],\"exitStatus\":77}\n"});
  checkStatus(it.run(), ExitStatus::noPermission);

  // What keeps it from beginning at all.
  account.more.back() = "password-file = /nowhere";
  Interimap none = program(account);
  Run file = none.run({"--check"});
  CHECK(file.exitStatus == none.run().exitStatus);
  CHECK(file.exitStatus != 0);
  checkHas(file.output, {"FAILED: ", "/nowhere"});
  CHECK(file.log() == "");
}

TEST_CASE_FIXTURE(Checked, "check: what mailboxes are for") {
  NOT_THE_REFERENCE();
  FakeServer remote({.rewrite = [](const std::string& line) {
    std::string text = line;
    for (const char* name : {"Drafts", "Sent", "All"})
      if (text.starts_with("* LIST (") && text.find(name) != text.npos)
        text.insert(8, std::string("\\") + name + (text[8] == ')' ? "" : " "));
    return text;
  }});
  remote.access([](auto& mailboxes) {
    for (const char* name : {"Drafts", "Sent mail", "All mail"}) mailboxes[name];
  });
  Run run = program(cleartext(remote.port(), "bob")).run({"--check"});
  checkStatus(run, ExitStatus::ok);
  checkHas(run.output, {"ok: remote: Special uses: All mail (\\All), Drafts (\\Drafts), Sent mail (\\Sent)\n",
                        "ok: remote: Leaving out All mail (\\All)"});
}

TEST_CASE("check of pullimap: what mailboxes are for") {
  PullScripted bed;
  FakeServer server({.user = "bob", .rewrite = [](const std::string& line) {
                       std::string text = line;
                       if (text.starts_with("* LIST (") && text.find("Sent") != text.npos)
                         text.insert(8, std::string("\\Sent") + (text[8] == ')' ? "" : " "));
                       return text;
                     }});
  server.access([](auto& mailboxes) { mailboxes["Sent mail"]; });
  bed.program.configure(
      {{"work", cleartext(server.port(), "bob")}},
      {"deliver-method = " + bed.sink.method(), std::string("deliver-rcpt = ") + kRecipient});
  Run run = bed.program.run({"--check", "work"});
  checkStatus(run, ExitStatus::ok);
  checkHas(run.output, {"ok: work: Special uses: Sent mail (\\Sent)\n"});
  Run json = bed.program.run({"--check", "work", "--log-format=json"});
  checkStatus(json, ExitStatus::ok);
  checkHas(json.output, {R"x("step":"special-use","result":"ok","uses":"Sent mail (\\Sent)"})x"});
}

TEST_CASE("check of pullimap: passwords that cannot be had, of either server") {
  PullScripted bed;
  Account account = cleartext(bed.server.port(), "bob");
  account.password = "";
  account.more.push_back("password-command = echo locked >&2; exit 3");
  const Certificates certificates(bed.directory / "certificates");
  Sink sink({.certificate = certificates.server(),
             .key = certificates.key(),
             .user = "alice",
             .password = "sekrit"});
  bed.program.configure(
      {{"work", account}},
      {"deliver-method = " + sink.method(), std::string("deliver-rcpt = ") + kRecipient,
       "deliver-tls = required", "deliver-SSL_CAfile = " + certificates.authority().string(),
       "deliver-username = alice", "deliver-password-command = exit 4"});
  Run run = bed.program.run({"--check", "work"});
  checkStatus(run, ExitStatus::noPermission);
  checkHas(run.output, {"ok: work: Greeting: ready\n",
                        "FAILED: work: [work]: password-command ended with exit status 3: locked\n",
                        "ok: work: delivery: Greeting: 220 ",
                        "FAILED: work: [work]: deliver-password-command ended with exit status 4\n"});
  CHECK(run.log() == "locked\n");  // the command's
  CHECK(sink.count("RCPT") == 0);
}
