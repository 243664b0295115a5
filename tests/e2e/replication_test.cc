// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A pair of servers as interimap-replication(7) has it, with the configuration of dist/replicate: several
// users, mail that comes to both sides at once, mailboxes that are renamed and deleted, and either server
// killed.
#include <signal.h>

#include <thread>

#include "tests/e2e/bed.h"
#include "tests/e2e/eventually.h"

using namespace interimap::bed;
using namespace std::chrono_literals;
using interimap::ExitStatus;

namespace {

constexpr int kUsers = 5, kDeliveries = 12;
constexpr auto kPatience = 90s;

// Master users log in by a password of their own.
DovecotOptions replicated(const fs::path& passwords) {
  const std::string separator = "auth_master_user_separator = *\n", file = passwords.string();
  return {.extra = separator + "passdb {\n driver = passwd-file\n args = " + file + "\n master = yes\n}\n",
          .extra24 = separator + "passdb master {\n driver = passwd-file\n passwd_file_path = " + file +
                     "\n master = yes\n}\n"};
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  REQUIRE(at != text.npos);
  return text.replace(at, what.size(), by);
}

struct Passwords {
  Directory place;
  fs::path file = place / "sync.passwd";
  Passwords() { writeFile(file, "sync:{PLAIN}master\n", 0644); }
};

struct Pair : Passwords, Bed {
  Pair() : Bed(replicated(file), replicated(file)) {
    std::string text = readFile("dist/replicate/all"), names;
    auto at = [](const Dovecot& server) {
      return "type = imap\nSTARTTLS = NO\nhost = 127.0.0.1\nport = " + std::to_string(server.imap());
    };
    text = replaced(text, "host = mail1.example.net", at(local));
    text = replaced(text, "host = mail2.example.net", at(remote));
    program.configure(replaced(text, "max-pause = 30", "max-pause = 2"));
    for (int n = 0; n < kUsers; ++n) users.push_back("user" + std::to_string(n));
    for (const std::string& user : users) names += user + "\n";
    const fs::path directory = program.directory() / "config/interimap";
    writeFile(directory / "all.list", names, 0600);
    writeFile(directory / "sync.password", "master\n", 0600);
  }

  // To each user, one after the other.
  void deliver(const Dovecot& server, unsigned seed) {
    Corpus corpus(seed, Keywords::none);
    for (int n = 0; n < kDeliveries; ++n)
      for (const std::string& user : users) server.client(user).append("INBOX", corpus.smallMessages(1));
  }
  void deliverToBoth() {
    std::thread there([&, seed = ++seed_] { deliver(remote, seed); });
    deliver(local, ++seed_);
    there.join();
    due_ += 2 * kDeliveries;
  }
  void deliverTo(const Dovecot& server) {
    deliver(server, ++seed_);
    due_ += kDeliveries;
  }

  // All users have the same on both servers: what was delivered, and these mailboxes.
  void settle(const std::string& what, const std::vector<std::string>& mailboxes) {
    std::string wrong;
    CHECK_MESSAGE(eventually([&] { return (wrong = differing(mailboxes)).empty(); }, kPatience), what, ": ",
                  wrong, "\n", log());
  }
  std::string differing(const std::vector<std::string>& mailboxes) const {
    try {
      for (const std::string& user : users) {
        const Snapshot here = Snapshot::of(local.client(user)), there = Snapshot::of(remote.client(user));
        if (std::string text = difference(here, there); !text.empty()) return user + ": " + text;
        if (!here.duplicates().empty()) return user + ": doubled: " + here.duplicates()[0];
        if (here.mailboxes.at("INBOX").messages.size() != due_) return user + ": not all of INBOX";
        if (here.mailboxes.size() != mailboxes.size() + 1) return user + ": other mailboxes";
        for (const std::string& mailbox : mailboxes)
          if (!here.mailboxes.contains(mailbox)) return user + ": no " + mailbox;
      }
    } catch (const std::runtime_error& gone) {  // renamed or deleted while we looked
      return gone.what();
    }
    return {};
  }

  std::string log() const { return readFile(program.directory() / "stderr"); }

  std::vector<std::string> users;

 private:
  unsigned seed_ = 0;
  std::size_t due_ = 0;
};

}  // namespace

TEST_CASE("replication: a pair of servers is equal in the end, whatever happens on either and to either") {
  NOT_THE_REFERENCE();
  if (!fs::exists("dist/replicate/all")) {
    MESSAGE("skipped: not started in the source tree");
    return;
  }
  Pair bed;
  Corpus corpus(1000, Keywords::none);
  for (const std::string& user : bed.users) {
    ImapClient here = bed.local.client(user), there = bed.remote.client(user);
    fill(here, corpus, {"mine", "work", "work/sub", "done"}, 3);
    fill(there, corpus, {"theirs"}, 3);
  }
  BackgroundProcess process = bed.program.runInBackground({"--all", "--notify"});
  bed.settle("the first time", {"mine", "work", "work/sub", "done", "theirs"});

  bed.deliverToBoth();
  for (const std::string& user : bed.users) {
    bed.local.client(user).command("RENAME work office");
    bed.remote.client(user).command("RENAME theirs ours");
    bed.remote.client(user).command("DELETE done");
    // Dovecot completes a mailbox that a watcher looks into before it is whole, and then says ALREADYEXISTS.
    bed.local.client(user).tryCommand("CREATE new");
    bed.remote.client(user).append("mine", corpus.smallMessages(1));
  }
  bed.deliverToBoth();
  std::vector<std::string> mailboxes = {"mine", "office", "office/sub", "ours", "new"};
  bed.settle("deliveries, renames, a deletion", mailboxes);

  bed.remote.stop();
  bed.deliverTo(bed.local);
  for (const std::string& user : bed.users) bed.local.client(user).command("DELETE new");
  bed.remote.start();
  bed.deliverToBoth();
  mailboxes.pop_back();
  bed.settle("the remote server was killed, and came back", mailboxes);

  bed.local.stop();
  bed.deliverTo(bed.remote);
  for (const std::string& user : bed.users) bed.remote.client(user).command("RENAME ours kept");
  bed.local.start();
  bed.deliverToBoth();
  mailboxes.back() = "kept";
  bed.settle("the local server was killed, and came back", mailboxes);

  // Both sides give it another name at once: the local one counts.
  for (const std::string& user : bed.users) {
    bed.local.client(user).command("RENAME kept here");
    bed.remote.client(user).tryCommand("RENAME kept there");  // unless it has that of the other side by now
  }
  bed.deliverToBoth();
  mailboxes.back() = "here";
  bed.settle("names from both sides", mailboxes);

  // At night, beside the watchers.
  Run repair = bed.program.run({"--all", "--repair", "--jobs=2", "--quiet"});
  checkStatus(repair, ExitStatus::ok);
  Run status = bed.program.run({"--all", "--status"});
  checkStatus(status, ExitStatus::ok);
  CHECK(process.running());
  process.signal(SIGTERM);
  CHECK(process.wait(30s).exitStatus == 0);
  INFO(bed.log());
  CHECK(bed.log().find("killed by") == std::string::npos);
}
