// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "store/pull_state.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "ipc/failure.h"
#include "store/scratch.h"

using namespace interimap;
using namespace interimap::store;
using namespace std::string_literals;

namespace {

const WireName kInbox{"INBOX"};
const std::string kReference = "\0\0\0\5\0\0\0\x7\0\0\0\x9\0\0\0\xb"s;  // UIDVALIDITY 5, UIDNEXT 7, 9 and 11

void spit(const std::string& path, const std::string& octets) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << octets;
}

std::string slurp(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

Identity identity(std::uint8_t header, std::int64_t date = 1, std::uint64_t size = 100) {
  Identity made{{}, date, size};
  made.header[0] = header;
  return made;
}

struct Thrown {
  ExitStatus status = ExitStatus::ok;
  std::string text;
};
template <typename Work>
Thrown thrown(Work work) {
  try {
    work();
  } catch (const Failure& failure) {
    return {failure.status, failure.what()};
  }
  return {};
}

PullState opened(const Scratch& scratch, bool create = true, Seam seam = {}) {
  return PullState(scratch.path(), "db", create, kInbox, std::move(seam));
}

// What another process gets when it locks the file as the reference does.
bool lockedForOthers(const std::string& path) {
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int file = open(path.c_str(), O_RDWR);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    _exit(fcntl(file, F_SETLK, &whole) == 0 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status) == 1;
}

}  // namespace

TEST_CASE("pull state: what is written stays") {
  Scratch scratch;
  {
    PullState state = opened(scratch);
    CHECK_FALSE(state.importNotice());
    CHECK_FALSE(state.account());
    state.write("test", [&] {
      state.setAccount("me@there");
      MailboxId id = state.addMailbox(kInbox, {5});
      state.settle(id,
                   {uid(1), Settlement::delivered, identity(1), false, ContentDigest{7}, ContentDigest{8}});
      state.settle(id, {uid(2), Settlement::skipped, identity(2), false});
      state.put(id, {uid(3),
                     identity(3),
                     2,
                     60,
                     true,
                     {{"a", Fate::delivered, "", 1}, {"b", Fate::deferred, "451 later", 2}},
                     ContentDigest{9}});
      state.put(id, {uid(4), identity(4), 1, 0, false, {{"a", Fate::refused, "550 no", 2}}});
      for (std::uint32_t n : {5, 6}) state.handOver(id, uid(n));
      state.setUidNext(id, {7});
    });
  }
  struct stat about;
  REQUIRE(stat(scratch.file().c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0600);

  PullState state = opened(scratch, false);
  CHECK(state.account() == "me@there");
  auto mailbox = state.mailbox(kInbox);
  REQUIRE(mailbox);
  CHECK(mailbox->uidValidity == UidValidity{5});
  CHECK(mailbox->uidNext == UidNext{7});
  CHECK(mailbox->imported == UidNext{0});
  MailboxId id = mailbox->id;
  CHECK(state.settledUids(id, {2}).text() == "2");
  CHECK(state.unseen(id).text() == "1:2");
  REQUIRE(state.purgeable(id).size() == 1);
  CHECK(state.purgeable(id)[0] == std::pair(uid(1), ContentDigest{7}));
  CHECK(state.settled(id).front().identity == identity(1));
  CHECK(state.settled(id).front().content == ContentDigest{7});
  CHECK(state.settled(id).front().hop == ContentDigest{8});
  CHECK(state.newestSettled(id, 1).front().uid == uid(2));
  CHECK(state.handedOver(id).text() == "5:6");
  auto open = state.open(id);
  REQUIRE(open.size() == 2);
  CHECK(open[0].identity == identity(3));
  CHECK(open[0].content == ContentDigest{9});
  CHECK(open[0].attempts == 2);
  CHECK(open[0].marked);
  CHECK(open[0].fates.size() == 2);
  CHECK(open[0].has(Fate::deferred));
  CHECK(open[1].fates[0] == RecipientFate{"a", Fate::refused, "550 no", 2});
  CHECK(state.nextDue() == 60);  // of what can be tried again

  state.write("more", [&] {
    state.setSeen(id, *UidSet::parse("1"));
    state.settle(id, {uid(3), Settlement::delivered, identity(3), false});
    state.settle(id, {uid(5), Settlement::delivered, identity(5), false});
    state.takeBack(id, uid(6));
    state.drop(id, uid(4));
    state.forget(id, *UidSet::parse("2"));
    state.setPurged(id, *UidSet::parse("1"));
  });
  CHECK(state.purgeable(id).size() == 2);  // 3, 5
  CHECK(state.settled(id).front().how == Settlement::purged);
  CHECK(state.unseen(id).text() == "3,5");
  CHECK(state.settledUids(id, {1}).text() == "1,3,5");
  CHECK(state.open(id).empty());
  CHECK(state.handedOver(id).empty());
  CHECK_FALSE(state.nextDue());
  CHECK(state.check() == "ok");
}

TEST_CASE("pull state: what is not committed is not there") {
  Scratch scratch;
  PullState state = opened(scratch);
  CHECK_THROWS(state.write("test", [&] {
    state.addMailbox(kInbox, {5});
    throw std::runtime_error("in between");
  }));
  CHECK_FALSE(state.mailbox(kInbox));
}

TEST_CASE("pull state: a state file of the reference is imported once, and kept") {
  Scratch scratch;
  spit(scratch.file(), kReference);
  {
    PullState state = opened(scratch);
    REQUIRE(state.importNotice());
    auto mailbox = state.mailbox(kInbox);
    REQUIRE(mailbox);
    CHECK(mailbox->uidValidity == UidValidity{5});
    CHECK(mailbox->uidNext == UidNext{7});
    CHECK(mailbox->imported == UidNext{7});
    CHECK(state.settledUids(mailbox->id, {1}).text() == "9,11");
    CHECK(state.unseen(mailbox->id).text() == "9,11");
    CHECK(state.exported(kInbox) == kReference);
  }
  CHECK(slurp(scratch.file("db.reference")) == kReference);
  CHECK_FALSE(scratch.has("db.importing"));
  CHECK(slurp(scratch.file()).starts_with("SQLite format 3"));
  PullState again = opened(scratch);
  CHECK_FALSE(again.importNotice());
  CHECK(again.exported(kInbox) == kReference);
}

TEST_CASE("pull state: looked at it is the same, octet by octet") {
  Scratch scratch;
  const std::string directory = scratch.path(), path = directory + "/work";
  {
    PullState state(directory, "work", true, kInbox);
    state.write("account", [&] { state.setAccount("bob@example.test"); });
  }
  const std::string before = slurp(path);
  {
    PullState look(ToLook{}, directory, "work", path);
    CHECK(look.account() == "bob@example.test");
    CHECK_FALSE(look.mailbox(kInbox));
    CHECK_THROWS_AS(look.write("account", [] {}), Failure);
  }
  CHECK(slurp(path) == before);
  spit(path, kReference);
  CHECK_THROWS_AS(PullState(ToLook{}, directory, "work", path), Failure);
  CHECK(slurp(path) == kReference);
}

TEST_CASE("pull state: other files in its place") {
  Scratch scratch;
  SUBCASE("empty") {
    spit(scratch.file(), "");
    CHECK_FALSE(opened(scratch).mailbox(kInbox));
  }
  SUBCASE("UIDVALIDITY alone") {
    spit(scratch.file(), "\0\0\0\5"s);
    CHECK(opened(scratch).mailbox(kInbox)->uidNext == UidNext{1});
  }
  SUBCASE("corrupt") {
    spit(scratch.file(), "\0\0\0\5\0\0\0"s);
    auto failure = thrown([&] { opened(scratch); });
    CHECK(failure.status == ExitStatus::data);
    CHECK(failure.text == scratch.file() + ": Corrupted state file!");
    CHECK(slurp(scratch.file()) == "\0\0\0\5\0\0\0"s);
    CHECK_FALSE(scratch.has("db.importing"));
  }
  SUBCASE("somebody else's database") {
    scratch.sql("CREATE TABLE mailboxes (idx INTEGER)");
    auto failure = thrown([&] { opened(scratch); });
    CHECK(failure.status == ExitStatus::data);
    CHECK(failure.text.ends_with("not a state file of pullimap"));
  }
  SUBCASE("none, and none is to be made") {
    auto failure = thrown([&] { opened(scratch, false); });
    CHECK(failure.status == ExitStatus::cantCreate);
    CHECK(failure.text.starts_with("Can't open "));
    CHECK_FALSE(scratch.has("db"));
  }
}

TEST_CASE("pull state: locked for the reference and for another of us") {
  Scratch scratch;
  {
    PullState state = opened(scratch);
    CHECK(lockedForOthers(scratch.file()));
    state.write("test", [&] { state.addMailbox(kInbox, {5}); });
    CHECK(lockedForOthers(scratch.file()));
    (void)state.mailbox(kInbox);
  }
  CHECK_FALSE(lockedForOthers(scratch.file()));

  int ready[2], done[2];
  REQUIRE(pipe(ready) == 0);
  REQUIRE(pipe(done) == 0);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int file = open(scratch.file().c_str(), O_RDWR);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    char octet = fcntl(file, F_SETLK, &whole) == 0 ? 'y' : 'n';
    if (write(ready[1], &octet, 1) != 1 || read(done[0], &octet, 1) != 1) _exit(1);
    _exit(0);
  }
  char octet = 0;
  REQUIRE(read(ready[0], &octet, 1) == 1);
  CHECK(octet == 'y');
  auto failure = thrown([&] { opened(scratch); });
  CHECK(failure.status == ExitStatus::tryAgain);
  CHECK(failure.text.starts_with("Can't lock "));
  REQUIRE(write(done[1], &octet, 1) == 1);
  waitpid(child, nullptr, 0);
  for (int fd : {ready[0], ready[1], done[0], done[1]}) close(fd);
}

TEST_CASE("pull state: killed at any commit of an import, or between the copies, nothing is lost") {
  for (int stop = 1; stop <= 4; ++stop) {
    for (bool after : {false, true}) {
      CAPTURE(stop);
      CAPTURE(after);
      Scratch scratch;
      spit(scratch.file(), kReference);
      pid_t child = fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        int commits = 0;
        PullState state = opened(scratch, true, [&](const char*, bool isAfter) {
          if (!isAfter) ++commits;
          if (commits == stop && isAfter == after) _exit(137);
        });
        _exit(0);
      }
      waitpid(child, nullptr, 0);
      PullState state = opened(scratch);
      CHECK(state.exported(kInbox) == kReference);
      CHECK(slurp(scratch.file("db.reference")) == kReference);
      CHECK_FALSE(scratch.has("db.importing"));
    }
  }
  // Killed when the file had been emptied and was no database yet.
  Scratch scratch;
  spit(scratch.file(), "");
  spit(scratch.file("db.importing"), kReference);
  PullState state = opened(scratch);
  CHECK(state.exported(kInbox) == kReference);
}

TEST_CASE("pull state: exported for the reference") {
  Scratch scratch;
  PullState state = opened(scratch);
  CHECK(state.exported(kInbox).empty());
  MailboxId id{};
  state.write("test", [&] {
    id = state.addMailbox(kInbox, {5});
    for (std::uint32_t n : {1, 2, 4, 6}) state.settle(id, {uid(n), Settlement::delivered, {}, true});
    state.setUidNext(id, {7});
  });
  CHECK(state.exported(kInbox) == "\0\0\0\5\0\0\0\x7"s);
  state.write("test", [&] { state.put(id, {uid(3), {}, 1, 0, false, {{"a", Fate::refused, "550", 1}}}); });
  CHECK(state.exported(kInbox) == "\0\0\0\5\0\0\0\3\0\0\0\4\0\0\0\6"s);
  // Killed while 2 was about to be delivered again is what cannot be told from not delivered.
  state.write("test", [&] {
    state.forget(id, *UidSet::parse("2"));
    state.handOver(id, uid(2));
  });
  CHECK(state.exported(kInbox) == "\0\0\0\5\0\0\0\2\0\0\0\4\0\0\0\6"s);
}

TEST_CASE("pull state: UIDs that lost their meaning") {
  Scratch scratch;
  PullState state = opened(scratch);
  state.write("test", [&] {
    MailboxId id = state.addMailbox(kInbox, {5});
    state.settle(id, {uid(1), Settlement::delivered, identity(1), true});
    state.put(id, {uid(3), identity(3), 1, 0, false, {{"a", Fate::refused, "550", 1}}});
    state.setUidNext(id, {7});
    state.startOver(id, {6});
    state.settle(id, {uid(10), Settlement::delivered, identity(1), true});
  });
  auto mailbox = state.mailbox(kInbox);
  CHECK(mailbox->uidValidity == UidValidity{6});
  CHECK(mailbox->uidNext == UidNext{1});
  CHECK(state.open(mailbox->id).empty());
  CHECK(state.settledUids(mailbox->id, {1}).text() == "10");
}
