// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The Perl program's own sample configuration, and the set-ups that its documentation tells to make, work
// with our program as they are: only host, port, user and password are filled in, and where the sample means
// the system's Dovecot, a private one.
#include <sstream>

#include "tests/e2e/bed.h"
#include "tests/e2e/oracle.h"

using namespace interimap::bed;

namespace {

const fs::path kDocumentation = "/usr/share/doc/interimap";

bool installed(const fs::path& name) {
  if (dovecotIs24()) {
    MESSAGE("skipped: what it says of Dovecot is for 2.3");
    return false;
  }
  if (fs::exists(kDocumentation / name)) return true;
  MESSAGE("skipped: no " << (kDocumentation / name).string());
  return false;
}

std::string uncompressed(const fs::path& name) {
  return interimap::bed::run({{"gzip", "-dc", (kDocumentation / name).string()}, {}}).output;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  std::size_t at = text.find(what);
  INFO(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

// The commands of a tutorial that make directories and files, as one script. They stand behind "$ ",
// indented; here-documents are indented with tabs.
std::string setUpCommands(const std::string& tutorial) {
  std::istringstream lines(tutorial);
  std::string script = "set -e\n";
  bool here = false;
  for (std::string line; std::getline(lines, line);) {
    std::size_t text = line.find_first_not_of(" \t");
    std::string content = text == std::string::npos ? "" : line.substr(text);
    if (here) {
      // The list that it stands in may have indented it by blanks, which <<- does not take away.
      std::size_t tab = line.find('\t');
      script += (content.empty() || tab == std::string::npos ? content : line.substr(tab)) + "\n";
      here = content != "EOF";
    } else if (content.starts_with("$ install ") || content.starts_with("$ cat >")) {
      if (content.find(".muttrc") != std::string::npos || content.find("systemd") != std::string::npos)
        continue;
      script += content.substr(2) + "\n";
      here = content.ends_with("<<-EOF");
    }
  }
  return script;
}

// Somebody with a home directory and the mail user's rights, and a server elsewhere.
struct Home {
  Directory directory;
  Certificates certificates{directory / "certificates"};
  DovecotOptions overTls(char delimiter) const {
    return {.delimiter = delimiter, .certificate = certificates.server(), .key = certificates.key()};
  }
  fs::path home = makeDirectory(directory / "home");

  Home() {
    for (const char* part : {".config", ".local", ".local/share"}) makeDirectory(home / part);
  }

  Command command(std::vector<std::string> arguments) const {
    Command command;
    command.arguments = {"env", "HOME=" + home.string(), "USER=" + mailUser().name,
                         "SSL_CERT_FILE=" + certificates.authority().string()};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    return command;
  }
  void follow(const std::string& tutorial) const {
    Outcome outcome = interimap::bed::run(command({"sh", "-c", setUpCommands(tutorial)}));
    INFO(outcome.errors);
    REQUIRE(outcome.succeeded());
  }
  // `account` is what stands there for host and user.
  void fillIn(const fs::path& config, const std::string& host, const std::string& user,
              const Dovecot& server) const {
    std::string text = readFile(config);
    text = replaced(text, "host = " + host, "host = localhost\nport = " + std::to_string(server.imaps()));
    text = replaced(text, "username = " + user, "username = bob");
    std::size_t password = text.find("password = x");
    REQUIRE(password != std::string::npos);
    text.replace(password, text.find('\n', password) - password, std::string("password = ") + kPassword);
    writeFile(config, text);
  }
  Run interimap(const std::string& program, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), program);
    return Run{interimap::bed::run(command(arguments))};
  }
  // What the local account shows, by a second client of the same kind.
  std::string listing(const std::string& commands) const {
    Command wrapper = command({(home / ".local/bin/dovecot-imap").string()});
    wrapper.input = commands + "z LOGOUT\r\n";
    return interimap::bed::run(wrapper).output;
  }
};

}  // namespace

TEST_CASE("the Perl program's sample configuration works unchanged") {
  if (!installed("interimap.sample")) return;
  for (const std::string& program : programs()) {
    CAPTURE(program);
    Home bed;
    Dovecot remote(bed.directory / "remote", bed.overTls('/'));
    Dovecot local(bed.directory / "local");
    Corpus corpus(1);
    {
      ImapClient bob = remote.client("bob");
      fill(bob, corpus, {"INBOX", "work", "virtual/all", "unsubscribed"}, 3);
      for (const char* name : {"INBOX", "work", "virtual/all"}) bob.subscribe(name);
    }
    fs::path config = bed.home / ".config/interimap/config";
    makeDirectory(config.parent_path());
    std::string sample = readFile(kDocumentation / "interimap.sample");
    sample = replaced(sample, "command = doveadm exec imap",
                      "command = doveadm -c " + local.configuration().string() + " exec imap");
    writeFile(config, sample);
    bed.fillIn(config, "imap.example.net", "guilhem", remote);
    Run run = bed.interimap(program, {});
    requireDone(run);
    INFO(run.log());
    CHECK(run.says("Creating new schema in database file " +
                   (bed.home / ".local/share/interimap/localhost.db").string()));
    CHECK(fs::exists(bed.home / "Maildir/cur"));
    CHECK(fs::exists(bed.home / "Maildir/.work/cur"));
    CHECK_FALSE(fs::exists(bed.home / "Maildir/.virtual.all"));
    CHECK_FALSE(fs::exists(bed.home / "Maildir/.unsubscribed"));
    Run again = bed.interimap(program, {"--debug"});
    requireDone(again);
    CHECK(again.changes() == "");
  }
}

TEST_CASE("the set-up of the Perl program's getting-started document works unchanged") {
  if (!installed("getting-started.md.gz")) return;
  for (const std::string& program : programs()) {
    CAPTURE(program);
    Home bed;
    Dovecot remote(bed.directory / "remote", bed.overTls('.'));
    Corpus corpus(2);
    {
      ImapClient bob = remote.client("bob");
      fill(bob, corpus, {"INBOX", "lists.announce"}, 3);
      for (const char* name : {"INBOX", "lists.announce"}) bob.subscribe(name);
    }
    bed.follow(uncompressed("getting-started.md.gz"));
    bed.fillIn(bed.home / ".config/interimap/config", "imap.example.net", "myname", remote);
    Run run = bed.interimap(program, {});
    requireDone(run);
    CHECK(run.says("database: Created mailbox INBOX"));
    std::string shown = bed.listing("a STATUS lists/announce (MESSAGES)\r\nb STATUS INBOX (MESSAGES)\r\n");
    CAPTURE(shown);
    CHECK(shown.find("STATUS lists/announce (MESSAGES 3)") != std::string::npos);
    CHECK(shown.find("STATUS INBOX (MESSAGES 3)") != std::string::npos);
    Run again = bed.interimap(program, {"--debug"});
    requireDone(again);
    CHECK(again.changes() == "");
  }
}

TEST_CASE("the set-up of the Perl program's multi-account document works unchanged") {
  if (!installed("multi-account.md.gz") || !installed("getting-started.md.gz")) return;
  for (const std::string& program : programs()) {
    CAPTURE(program);
    Home bed;
    Dovecot personal(bed.directory / "personal", bed.overTls('/')),
        work(bed.directory / "work", bed.overTls('.'));
    Corpus corpus(3);
    {
      ImapClient bob = personal.client("bob"), other = work.client("bob");
      fill(bob, corpus, {"INBOX", "debian", "debian/debian-devel", "archives"}, 2);
      fill(other, corpus, {"INBOX", "INBOX.todo", "attic"}, 3);
    }
    bed.follow(uncompressed("getting-started.md.gz"));
    bed.follow(uncompressed("multi-account.md.gz"));
    bed.fillIn(bed.home / ".config/interimap/personal", "imap.example.net", "myname", personal);
    bed.fillIn(bed.home / ".config/interimap/work", "imap.example.com", "myname2", work);
    for (const char* config : {"--config=personal", "--config=work"}) {
      Run run = bed.interimap(program, {config});
      requireDone(run);
      CHECK(run.says(config == std::string("--config=work") ? "local: Created mailbox work/INBOX"
                                                            : "local: Created mailbox perso/INBOX"));
    }
    std::string shown = bed.listing(
        "a STATUS perso/debian/debian-devel (MESSAGES)\r\nb STATUS work/INBOX/todo (MESSAGES)\r\n"
        "c STATUS INBOX (MESSAGES)\r\nd STATUS perso/INBOX (MESSAGES)\r\n");
    CAPTURE(shown);
    for (const char* expected : {"perso/debian/debian-devel (MESSAGES 2)", "work/INBOX/todo (MESSAGES 3)",
                                 "INBOX (MESSAGES 0)", "perso/INBOX (MESSAGES 2)"}) {
      CHECK(shown.find(std::string("STATUS ") + expected) != std::string::npos);
    }
    for (const char* config : {"--config=personal", "--config=work"}) {
      Run again = bed.interimap(program, {config, "--debug"});
      requireDone(again);
      CHECK(again.changes() == "");
    }
  }
}
