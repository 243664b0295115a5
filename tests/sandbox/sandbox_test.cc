// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Every role, started in every way, tries everything that it must not: a hole in the lists fails here. And
// does its honest work: so does a list that is too short.
#include <doctest/doctest.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "sandbox/landlock.h"
#include "sandbox/lists.h"
#include "sandbox/sandbox.h"
#include "tests/sandbox/confined.h"
#include "tests/sandbox/exit.h"

namespace sandbox = interimap::sandbox;

namespace {

constexpr uid_t kNobody = 65534;
const char* const kRoles[] = {"net", "sync", "delivery"};

std::vector<Start> starts() {
  if (geteuid() != 0) return {{"as this user", false, "nobody", geteuid()}};
  return {{"as root, to become nobody", true, "nobody", kNobody},
          {"as root, to stay root", true, "root", 0},
          {"as an unprivileged user", false, "nobody", kNobody}};
}

// What has to come of an attempt.
struct Fate {
  enum { works, refused, trapped, killed, dies, aborts } kind;
  const char* call = nullptr;  // trapped: the name in the obituary
  int error = 0;               // refused: by errno
};
constexpr Fate kWorks{Fate::works}, kKilled{Fate::killed}, kAborts{Fate::aborts};
// One or the other: since 2.41 glibc blocks all signals while it forks, and the trap is death without a word.
constexpr Fate kDies{Fate::dies};
constexpr Fate trapped(const char* call) { return {Fate::trapped, call}; }
constexpr Fate refused(int error) { return {Fate::refused, nullptr, error}; }
// Nothing but Landlock, or the root directory, is in the way.
constexpr Fate kOutOfReach = refused(0);

struct Case {
  const char* attempt;
  Fate net, sync, delivery;
  Case(const char* attempt, Fate all) : Case(attempt, all, all, all) {}
  Case(const char* attempt, Fate net, Fate sync, Fate delivery)
      : attempt(attempt), net(net), sync(sync), delivery(delivery) {}
  Fate of(const std::string& role) const { return role == "net" ? net : role == "sync" ? sync : delivery; }
};

const Fate kOpen = trapped("openat"), kUnlinkAt = trapped("unlinkat");

const Case kCases[] = {
    // attempts_on_processes.cc
    {"execve", trapped("execve")},
    {"execveat", trapped("execveat")},
    {"fork", kDies},
#ifdef __x86_64__
    {"fork-itself", trapped("fork")},
    {"vfork", trapped("vfork")},
    {"i386-call", kKilled},
    {"x32-call", kKilled},
#endif
    {"clone", trapped("clone")},
    {"clone3", trapped("clone3")},
    {"ptrace-traceme", trapped("ptrace")},
    {"ptrace-attach", trapped("ptrace")},
    {"process_vm_readv", trapped("process_vm_readv")},
    {"pidfd_open", trapped("pidfd_open")},
    {"kill-parent", trapped("kill")},
    {"kill-self", trapped("kill")},
    {"wait-any", trapped("waitid")},
    {"wait-long", trapped("waitid")},
    {"tgkill-parent", trapped("tgkill")},
    {"tgkill-self", kWorks},
    {"rt_sigqueueinfo", trapped("rt_sigqueueinfo")},
    {"socket", trapped("socket")},
    {"socket-unix", trapped("socket")},
    {"socketpair", trapped("socketpair")},
    {"connect", trapped("connect")},
    {"bind", trapped("bind")},
    {"listen", trapped("listen")},
    {"accept4", trapped("accept4")},
    {"sendto", trapped("sendto")},
    {"setuid", trapped("setuid")},
    {"setresuid", trapped("setresuid")},
    {"setgroups", trapped("setgroups")},
    {"capset", trapped("capset")},
    {"unshare", trapped("unshare")},
    {"setns", trapped("setns")},
    {"chroot", trapped("chroot")},
    {"mount", trapped("mount")},
    {"prctl", trapped("prctl")},
    {"personality", trapped("personality")},
    {"seccomp", trapped("seccomp")},
    {"prlimit64", trapped("prlimit64")},
    {"setpriority", trapped("setpriority")},
    {"ioctl", trapped("ioctl")},
    {"io_uring_setup", trapped("io_uring_setup")},
    {"bpf", trapped("bpf")},
    {"perf_event_open", trapped("perf_event_open")},
    {"userfaultfd", trapped("userfaultfd")},
    {"keyctl", trapped("keyctl")},
    {"rt_sigaction", trapped("rt_sigaction")},
    {"rt_sigreturn", trapped("rt_sigreturn")},
    {"getppid-with-sigsys-blocked", kKilled},
    {"no-such-call", trapped("system call 9999")},

    // attempts_on_files.cc
    {"open-passwd", kOpen, kOutOfReach, kOpen},
    {"open-proc", kOpen, kOutOfReach, kOpen},
    {"open-null", kOpen, kOutOfReach, kOpen},
    {"open-outside", kOpen, kOutOfReach, kOpen},
    {"create-outside", kOpen, kOutOfReach, kOpen},
    {"open-by-dotdot", kOpen, kOutOfReach, kOpen},
    {"open-by-symlink", kOpen, kOutOfReach, kOpen},
    {"open-by-descriptor", kOpen},
    {"open-nameless", kOpen},
    {"open-path-only", kOpen},
    {"openat2", trapped("openat2")},
#ifdef __x86_64__
    {"open-itself", trapped("open")},
    {"unlink-outside-itself", trapped("unlink"), kOutOfReach, trapped("unlink")},
    {"unlink-outside", kUnlinkAt},
#endif
    {"unlink-by-descriptor", kUnlinkAt},
    {"rmdir", kUnlinkAt},
    {"open-inside", kOpen, kWorks, kOpen},
    {"open-directory", kOpen, kWorks, kOpen},
    {"mkdir", trapped("mkdirat")},
    {"symlink", trapped("symlinkat")},
    {"link", trapped("linkat")},
    {"rename", trapped("renameat2")},
    {"mknod", trapped("mknodat")},
    {"chmod", trapped("fchmodat")},
    {"chown", trapped("fchownat")},
    {"fchmod-setuid", trapped("fchmod")},
    {"truncate", trapped("truncate")},
    {"chdir", trapped("chdir")},
    {"fchdir", trapped("fchdir")},
    {"dup", trapped("dup")},
    {"fcntl-dupfd", trapped("fcntl")},
    {"fcntl-setown", trapped("fcntl")},
    {"fcntl-notify", trapped("fcntl")},
    {"write-to-channel", trapped("write")},
    {"getdents64", trapped("getdents64")},
    {"pipe2-of-notifications", trapped("pipe2")},
    {"inotify_init1", trapped("inotify_init1")},
    {"sendfile", trapped("sendfile")},
    {"splice", trapped("splice")},

    // attempts_on_memory.cc
    {"mmap-executable", trapped("mmap")},
    {"mmap-only-executable", trapped("mmap")},
    {"mmap-executable-behind-garbage", trapped("mmap")},
    {"mmap-grows-down", trapped("mmap")},
    {"mmap-file", trapped("mmap")},
    {"mmap-file-as-anonymous", trapped("mmap")},
    {"mmap-shared-file", trapped("mmap")},
    {"mmap", kWorks},
    {"mmap-behind-garbage", kWorks},
    {"mprotect-executable", trapped("mprotect")},
    {"mprotect-code", trapped("mprotect")},
    {"pkey_mprotect", trapped("pkey_mprotect")},
    {"mremap-over", trapped("mremap")},
    {"remap_file_pages", trapped("remap_file_pages")},
    {"madvise-mergeable", trapped("madvise")},
    {"memfd_create", kWorks, trapped("memfd_create"), trapped("memfd_create")},
    {"memfd_create-huge", trapped("memfd_create")},
    {"memfd_secret", trapped("memfd_secret")},
    {"shmget", trapped("shmget")},
    {"futex-wait", trapped("futex")},
    {"futex-requeue-pi", trapped("futex")},

    // honest_work.cc
    {"allocate", kWorks},
    {"throw", kWorks},
    {"time", kWorks},
    {"sort", kWorks},
    {"random", kWorks, trapped("getrandom"), kWorks},
    {"log", kWorks},
    {"packets", kWorks},
    {"non-blocking", trapped("fcntl"), kWorks, trapped("fcntl")},
    {"write-to-nobody", refused(EPIPE)},
    {"seal", kWorks, trapped("memfd_create"), trapped("memfd_create")},
    {"read-body", kWorks},
    {"pipe-bodies", kWorks, trapped("pipe2"), trapped("pipe2")},
    {"keep-body", trapped("fcntl"), kWorks, trapped("fcntl")},
    {"abort", kAborts},
    {"database", trapped("newfstatat"), kWorks, trapped("newfstatat")},
};

const std::vector<std::string> kForSanitizers = {
    "rt_sigaction",          "mprotect-code",    "mmap-file-as-anonymous",
    "madvise-mergeable",     "futex-wait",       "futex-requeue-pi",
    "open-itself",           "write-to-channel", "pipe-bodies",
    "pipe2-of-notifications"};

bool fits(const End& end, Fate fate, const Start& start) {
  switch (fate.kind) {
    case Fate::works: return end.exited(0);
    case Fate::aborts: return end.killed(SIGABRT) && !end.obituary;
    case Fate::killed: return end.killed(SIGSYS) && !end.obituary;
    case Fate::dies: return end.killed(SIGSYS);
    case Fate::trapped:
      return end.killed(SIGSYS) && end.obituary && sandbox::systemCallName(*end.obituary) == fate.call;
    case Fate::refused:
      if (fate.error != 0) return end.exited(fate.error);
      // Under another root there is no such file; otherwise Landlock knows it, but does not let us in.
      return start.asRoot ? end.exited(ENOENT) || end.exited(EACCES)
                          : sandbox::landlockAbi() == 0 || end.exited(EACCES);
  }
  return false;
}

void run(const Start& start, const char* role, const Place& place, const Case& one) {
  End end = Prober(start, role, place.path(), one.attempt).end();
  std::string who = std::string(start.name) + ", " + role + ", " + one.attempt + ": " + describe(end);
  // These builds are given more, and the runtime has its own ideas of how to die.
  bool weaker =
      sandbox::kBuiltWithSanitizers && std::ranges::find(kForSanitizers, one.attempt) != kForSanitizers.end();
  if (!weaker) CHECK_MESSAGE(fits(end, one.of(role), start), who);
  CHECK(access((place.path() + "/outside").c_str(), F_OK) == 0);
  CHECK(access((place.path() + "/outside.new").c_str(), F_OK) != 0);
}

std::map<std::string, std::string> statusOf(pid_t pid) {
  std::map<std::string, std::string> fields;
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (auto colon = line.find(":\t"); colon != line.npos)
      fields[line.substr(0, colon)] = line.substr(colon + 2);
  return fields;
}

// The hard limit.
std::string limitOf(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/limits");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name)) return line.substr(47, line.find(' ', 47) - 47);
  return {};
}

}  // namespace

TEST_CASE("whoever tries what is not on the list dies of it") {
  for (const Start& start : starts())
    for (const char* role : kRoles) {
      Place place(start.uid);
      REQUIRE(symlink((place.path() + "/outside").c_str(), (place.state() + "/link").c_str()) == 0);
      for (const Case& one : kCases) run(start, role, place, one);
    }
}

TEST_CASE("seen from outside, nothing is left") {
  for (const Start& start : starts())
    for (const char* role : kRoles) {
      INFO(std::string(start.name));
      INFO(std::string(role));
      Place place(start.uid);
      Prober prober(start, role, place.path(), "wait");
      REQUIRE(prober.firstLine() == "locked in");
      auto status = statusOf(prober.pid());
      std::string uid = std::to_string(start.uid), all = uid + "\t" + uid + "\t" + uid + "\t" + uid;
      CHECK(status["Uid"] == all);
      if (geteuid() == 0 && start.uid != 0) {
        CHECK(status["Gid"] == all);
        CHECK(status["Groups"].find_first_not_of(" \t") == std::string::npos);
      }
      for (auto set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) CHECK(status[set] == "0000000000000000");
      if (start.asRoot) CHECK(status["CapBnd"] == "0000000000000000");
      CHECK(status["NoNewPrivs"] == "1");
      CHECK(status["Seccomp"] == "2");
      CHECK(limitOf(prober.pid(), "Max core file size") == "0");
      CHECK(limitOf(prober.pid(), "Max processes") == "0");
      CHECK(limitOf(prober.pid(), "Max open files") == "320");
      struct stat itsRoot {
      }, root{};
      if (start.asRoot && stat(("/proc/" + std::to_string(prober.pid()) + "/root").c_str(), &itsRoot) == 0) {
        REQUIRE(stat("/", &root) == 0);
        CHECK((itsRoot.st_ino != root.st_ino || itsRoot.st_dev != root.st_dev));
      }
      kill(prober.pid(), SIGINT);  // ignored: Ctrl-C reaches the whole group
      CHECK(prober.end().exited(0));
    }
}

TEST_CASE("SQLite finds its way back from a journal that was left behind") {
  for (const Start& start : starts()) {
    INFO(std::string(start.name));
    Place place(start.uid);
    // A database of the reference, which left its mode to the umask.
    place.write("state/x.db", "", start.uid, 0644);
    auto run = [&](const char* attempt) { return Prober(start, "sync", place.path(), attempt).end(); };
    for (auto journal : {"-wal", "-journal"}) {
      End dead = run(journal == std::string("-wal") ? "die-with-wal" : "die-with-journal");
      CHECK_MESSAGE(dead.killed(SIGABRT), describe(dead));
      CHECK(access((place.state() + "/x.db" + journal).c_str(), F_OK) == 0);
      End next = run("database");
      CHECK_MESSAGE(next.exited(0), describe(next));
      CHECK(access((place.state() + "/x.db" + journal).c_str(), F_OK) != 0);
    }
  }
}

TEST_CASE("root gives away its own databases, and nothing else") {
  if (geteuid() != 0) return;
  const Start start{"as root, to become nobody", true, "nobody", kNobody};
  const std::string sqlite("SQLite format 3\0", 16);
  struct Row {
    const char* what;
    void (*prepare)(const Place&);
    const char* refusal;  // in its message; or nothing
  };
  const Row rows[] = {
      {"an empty directory", [](const Place&) {}, nullptr},
      {"an empty file", [](const Place& place) { place.write("state/x.db", "", 0); }, nullptr},
      {"something else besides",
       [](const Place& place) { place.write("state/.profile", "echo hello, I am a profile", 0); },
       "holds more than databases (.profile)"},
      {"a directory besides", [](const Place& place) { mkdir((place.state() + "/d").c_str(), 0700); },
       "holds more than databases (d)"},
      {"a file with two names",
       [](const Place& place) {
         place.write("state/y.db", "", 0);
         CHECK(link((place.state() + "/y.db").c_str(), (place.path() + "/other").c_str()) == 0);
       },
       "holds more than databases (y.db)"},
      {"a symbolic link",
       [](const Place& place) {
         CHECK(symlink((place.path() + "/outside").c_str(), (place.state() + "/x.db").c_str()) == 0);
       },
       "holds more than databases (x.db)"},
      {"somebody else's file", [](const Place& place) { place.write("state/x.db", "", 1); },
       "holds more than databases (x.db)"},
      {"shared with a group", [](const Place& place) { chmod(place.state().c_str(), 0750); },
       "cannot be used by user nobody"},
      {"a symbolic link on the way",
       [](const Place& place) {
         CHECK(rename(place.state().c_str(), (place.path() + "/real").c_str()) == 0);
         CHECK(symlink("real", place.state().c_str()) == 0);
       },
       "reached through a symbolic link"},
      {"somebody else's directory",
       [](const Place& place) { CHECK(chown(place.state().c_str(), 1, 1) == 0); },
       "cannot be used by user nobody"},
  };
  for (const Row& row : rows) {
    INFO(std::string(row.what));
    Place place(0);
    row.prepare(place);
    End end = Prober(start, "sync", place.path(), "database").end();
    INFO(describe(end));
    struct stat status {};
    REQUIRE(stat(place.state().c_str(), &status) == 0);
    if (row.refusal == nullptr) {
      CHECK(end.exited(0));
      CHECK(status.st_uid == kNobody);
      REQUIRE(stat((place.state() + "/x.db").c_str(), &status) == 0);
      CHECK(status.st_uid == kNobody);
    } else {
      CHECK(end.exited(kNotLockedIn));
      CHECK(end.errors.find(row.refusal) != std::string::npos);
      CHECK(end.errors.find("chown nobody") != std::string::npos);
      CHECK(status.st_uid != kNobody);
    }
  }
}

TEST_CASE("no sandbox, no work") {
  const Start unknown{"as root, to become nobody known", true, "no-such-user", 0};
  if (geteuid() == 0) {
    Place place(0);
    End end = Prober(unknown, "net", place.path(), "log").end();
    CHECK(end.exited(kNotLockedIn));
    CHECK(end.errors == "sandbox: user no-such-user: no such user\n");
  }
  Place place(starts().front().uid);
  REQUIRE(rmdir(place.state().c_str()) == 0);
  End end = Prober(starts().front(), "sync", place.path(), "log").end();
  CHECK(end.exited(kNotLockedIn));
  CHECK(end.errors == "sandbox: " + place.state() + ": No such file or directory\n");
}
