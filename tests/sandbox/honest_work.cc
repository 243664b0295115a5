// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The control group: what workers live from has to go on working.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "tests/sandbox/attempts.h"

namespace {

int allocate(const Loot&) {
  std::vector<std::string> many;
  for (std::size_t size = 1; size < (64U << 20); size *= 3) many.emplace_back(size, 'x');
  many.front().resize(80U << 20);
  auto* block = static_cast<char*>(malloc(1 << 20));
  for (std::size_t size = 1; size <= 64; size *= 2) {  // mremap
    auto* larger = static_cast<char*>(realloc(block, size << 20));
    if (larger == nullptr) return ENOMEM;
    block = larger;
    memset(block, 1, size << 20);
  }
  free(block);
  return 0;
}

int throwAndCatch(const Loot&) {
  static std::once_flag once;
  try {
    std::call_once(once, [] { throw std::runtime_error("x"); });
  } catch (const std::runtime_error&) {
    std::call_once(once, [] {});
    return 0;
  }
  return EINVAL;
}

int tellTime(const Loot&) {
  time_t now = time(nullptr);
  tm local{};
  if (localtime_r(&now, &local) == nullptr) return EINVAL;
  char text[64];
  if (strftime(text, sizeof text, "%F %T %z", &local) == 0) return EINVAL;
  return std::chrono::steady_clock::now().time_since_epoch().count() > 0 ? 0 : EINVAL;
}

int sortMuch(const Loot&) {
  std::vector<int> numbers(5000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i * 7919 % 5003);
  qsort(numbers.data(), numbers.size(), sizeof(int), [](const void* a, const void* b) {
    return *static_cast<const int*>(a) - *static_cast<const int*>(b);
  });
  return numbers.front() <= numbers.back() ? 0 : EINVAL;
}

int drawRandom(const Loot&) {
  char bytes[32];
  return getrandom(bytes, sizeof bytes, 0) == sizeof bytes ? 0 : errno;
}

int log(const Loot&) { return fprintf(stderr, "a log line\n") < 0 || fflush(stderr) != 0 ? errno : 0; }

int makeNonBlocking(const Loot& loot) {
  int flags = fcntl(loot.socket, F_GETFL);
  return flags < 0 || fcntl(loot.socket, F_SETFL, flags | O_NONBLOCK) != 0 ? errno : 0;
}

// A packet with a descriptor, as ipc/channel.cc sends it.
int exchangePackets(const Loot& loot) {
  char byte = 'x';
  iovec bytes{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &loot.file, sizeof loot.file);
  if (sendmsg(loot.socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) return errno;
  pollfd wait{loot.peer, POLLIN, 0};
  if (poll(&wait, 1, 1000) != 1) return ETIMEDOUT;
  if (recvmsg(loot.peer, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1) return errno;
  header = CMSG_FIRSTHDR(&message);
  if (header == nullptr) return EINVAL;
  int received;
  memcpy(&received, CMSG_DATA(header), sizeof received);
  struct stat status {};
  return fstat(received, &status) != 0 || close(received) != 0 ? errno : 0;
}

int writeToNobody(const Loot& loot) {
  close(loot.peer);
  char byte = 'x';
  iovec bytes{&byte, 1};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  return sendmsg(loot.socket, &message, 0) < 0 ? errno : 0;
}

int sealBodies(const Loot&) {
  char bytes[] = {'b', 'o', 'd', 'y'};
  iovec body{bytes, sizeof bytes};
  int fd = memfd_create("bodies", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0 || pwritev2(fd, &body, 1, 0, 0) != 4) return errno;
  return fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0 ? errno : 0;
}

int pipeBodies(const Loot&) {
  char bytes[] = {'b', 'o', 'd', 'y'};
  iovec body{bytes, sizeof bytes};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 || pwritev2(ends[1], &body, 1, -1, 0) != 4) return errno;
  if (fcntl(ends[1], F_SETPIPE_SZ, 1 << 18) < 0) return errno;
  if (fcntl(ends[0], F_GETFL) != (O_RDONLY | O_NONBLOCK) || read(ends[0], bytes, sizeof bytes) != 4)
    return errno;
  return close(ends[0]) != 0 || close(ends[1]) != 0 ? errno : 0;
}

int readBody(const Loot& loot) {
  char bytes[8];
  if (fcntl(loot.file, F_GET_SEALS) < 0 && errno != EINVAL)
    return errno;  // EINVAL: a file that is not on tmpfs
  return pread(loot.file, bytes, sizeof bytes, 0) < 0 ? errno : 0;
}

// Until the driver, which looks at us in /proc, closes standard input.
int wait(const Loot&) {
  if (write(STDERR_FILENO, "locked in\n", 10) != 10) return errno;
  pollfd end{STDIN_FILENO, POLLIN, 0};
  return poll(&end, 1, -1) < 0 ? errno : 0;
}

// The database as store/ uses it.
class Database {
 public:
  explicit Database(const std::string& directory) {
    check(sqlite3_open_v2((directory + "/x.db").c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                          nullptr));
    for (auto statement : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA temp_store=MEMORY",
                           "PRAGMA foreign_keys=ON", "PRAGMA cache_size=20"})
      run(statement);
  }
  ~Database() { sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* statement) { check(sqlite3_exec(handle_, statement, nullptr, nullptr, nullptr)); }
  void fill() {
    run("BEGIN IMMEDIATE");
    run("CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b TEXT)");
    run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000)"
        " INSERT INTO t(b) SELECT hex(randomblob(60)) FROM n");
    run("COMMIT");
  }

 private:
  void check(int result) {
    if (result != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(handle_));
  }
  sqlite3* handle_ = nullptr;
};

int useDatabase(const Loot& loot) {
  Database database(loot.directory);
  database.run("PRAGMA journal_mode=WAL");
  database.run("PRAGMA synchronous=FULL");
  database.fill();
  database.run("BEGIN");
  database.run("DELETE FROM t WHERE a % 3 = 0");
  database.run("ROLLBACK");
  database.run("CREATE INDEX IF NOT EXISTS i ON t(b)");
  database.run("SELECT * FROM t ORDER BY b || a");
  database.run("PRAGMA integrity_check");
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  try {
    Database second(loot.directory);
    second.run("BEGIN IMMEDIATE");
    return EINVAL;
  } catch (const std::runtime_error&) {
  }
  database.run("PRAGMA journal_mode=DELETE");
  database.run("CREATE TABLE IF NOT EXISTS u(a)");
  database.run("DROP TABLE u");
  return 0;
}

// Dies with a transaction half done, and the journal beside the database.
int dieWithJournal(const Loot& loot, const char* mode) {
  Database database(loot.directory);
  database.run(mode);
  database.fill();
  database.run("BEGIN IMMEDIATE");
  database.run("UPDATE t SET b = hex(randomblob(50))");
  abort();
}

}  // namespace

const std::vector<Attempt> honestWork = {
    {"allocate", allocate},
    {"throw", throwAndCatch},
    {"time", tellTime},
    {"sort", sortMuch},
    {"random", drawRandom},
    {"log", log},
    {"packets", exchangePackets},
    {"non-blocking", makeNonBlocking},
    {"write-to-nobody", writeToNobody},
    {"seal", sealBodies},
    {"read-body", readBody},
    {"pipe-bodies", pipeBodies},
    {"keep-body", [](const Loot& loot) { return fcntl(loot.file, F_DUPFD_CLOEXEC, 0) < 0 ? errno : 0; }},
    {"wait", wait},
    {"abort", [](const Loot&) -> int { abort(); }},
    {"database", useDatabase},
    {"die-with-wal", [](const Loot& loot) { return dieWithJournal(loot, "PRAGMA journal_mode=WAL"); }},
    {"die-with-journal", [](const Loot& loot) { return dieWithJournal(loot, "PRAGMA journal_mode=DELETE"); }},
};
