// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The lists. Whoever wants a line in here needs a reason that a stranger would accept; whoever doubts one may
// take it out and run the tests. Numbers of other architectures come from libseccomp, so that `poll` may
// stand here beside the `ppoll` that takes its place on arm64.
#include "sandbox/lists.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

namespace interimap::sandbox {

namespace {

constexpr std::uint64_t kInt = 0xffffffff;  // all bits of an int, none of the undefined ones beside it

// A call that stands in for one that this architecture does not have.
constexpr int insteadOf(int call, int other) { return call < 0 ? other : kNoCall; }

// What workers do not do every day, and not in the end-to-end tests: the reason says when. Whatever else no
// worker does there fails the audit of this list (tests/audit).
constexpr Allow kept(Allow line) {
  line.kept = true;
  return line;
}

constexpr std::uint64_t bits(int value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint64_t allBut(int value) { return kInt & ~bits(value); }

// clang-format off

// A descriptor of nothing: the memory is anonymous.
constexpr Condition kNoFile{4, kInt, bits(-1)}, kAnonymous{3, bits(MAP_ANONYMOUS), bits(MAP_ANONYMOUS)};
// Nothing but reading and writing: PROT_EXEC above all, but no other bit either.
constexpr Condition kNotExecutable{2, allBut(PROT_READ | PROT_WRITE), 0};

constexpr std::uint64_t kOfDescriptor = 3;  // P_PIDFD, an enumerator that not every libc's header has

// What SQLite and store/ open with.
constexpr int kOpenFlags = O_RDONLY | O_WRONLY | O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_DIRECTORY | O_LARGEFILE;

// A path from the root, never from a directory that somebody passed us as a descriptor.
constexpr Condition kNotRelative{0, kInt, bits(AT_FDCWD)};

// Standard error and the obituary, 2 and 6, and no other descriptor.
constexpr Condition kLastWords{0, allBut(STDERR_FILENO ^ kObituary), STDERR_FILENO & kObituary};

constexpr Allow kEveryRole[] = {
  {SCMP_SYS(close),           "what is done with"},
  {SCMP_SYS(poll),            "waiting"},
  {insteadOf(SCMP_SYS(poll), SCMP_SYS(ppoll)), "where there is no poll, as on arm64"},
  {SCMP_SYS(recvmsg),         "packets, with the descriptors of message bodies"},
  {SCMP_SYS(sendmsg),         "packets, with the descriptors of message bodies; a connected socket takes no other address"},
  kept({SCMP_SYS(newfstatat), "fstat of glibc before 2.39: the size of a body", {{{3, bits(AT_EMPTY_PATH), bits(AT_EMPTY_PATH)}}}}),
  kept({SCMP_SYS(fstat),      "fstat of glibc from 2.39 on"}),

  {SCMP_SYS(brk),             "malloc"},
  kept({SCMP_SYS(mmap),       "malloc of much at once; never executable, never a file", {{kNotExecutable, kAnonymous, kNoFile}}}),
  kept({SCMP_SYS(munmap),     "free of that"}),
  kept({SCMP_SYS(mremap),     "realloc of that; never over what is mapped already", {{{3, kInt, MREMAP_MAYMOVE}}}}),
  kept({SCMP_SYS(futex),      "the end of pthread_once in a library; with one thread nobody waits", {{{1, allBut(FUTEX_PRIVATE_FLAG), FUTEX_WAKE}}}}),

  {SCMP_SYS(getpid),          "OpenSSL and SQLite ask whether they were forked; abort"},
  kept({SCMP_SYS(clock_gettime), "deadlines, on machines where the vDSO cannot tell the time"}),
  kept({SCMP_SYS(gettimeofday),  "certificates and log lines, likewise"}),
  kept({SCMP_SYS(restart_syscall), "poll, after the process was stopped and continued"}),

  kept({SCMP_SYS(write),      "the obituary, and last words of libraries on standard error", {{kLastWords}}}),
  kept({SCMP_SYS(writev),     "libc's last words about a smashed stack or heap", {{{0, kInt, STDERR_FILENO}}}}),
  kept({SCMP_SYS(rt_sigprocmask), "abort"}),
  kept({SCMP_SYS(gettid),     "abort"}),
  kept({SCMP_SYS(tgkill),     "abort: a bug shall not look like a break-in; only this process", {{{0, kInt, kOwnProcess}}}}),
  {SCMP_SYS(exit_group),      "the end"},
};

// Who speaks to a server, and hands it bodies.
constexpr Allow kServer[] = {
  kept({SCMP_SYS(getrandom),  "OpenSSL's generator is seeded anew after an hour"}),
  {SCMP_SYS(pread64),         "a body, from the memfd to the server"},
  {SCMP_SYS(fcntl),           "is this body sealed", {{{1, kInt, F_GET_SEALS}}}},
};

constexpr Allow kNet[] = {
  {SCMP_SYS(pipe2),           "bodies that arrive", {{{1, kInt, O_CLOEXEC | O_NONBLOCK}}}},
  {SCMP_SYS(fcntl),           "a larger pipe", {{{1, kInt, F_SETPIPE_SZ}}}},
  {SCMP_SYS(fcntl),           "is reading this body's pipe non-blocking", {{{1, kInt, F_GETFL}}}},
  {SCMP_SYS(memfd_create),    "bodies that arrive and fit no pipe, or are read again; no huge pages, nothing executable by default", {{{1, allBut(MFD_CLOEXEC | MFD_ALLOW_SEALING), 0}}}},
  {SCMP_SYS(pwritev2),        "bodies, into the pipe or the memfd"},
  {SCMP_SYS(fcntl),           "seal the bodies", {{{1, kInt, F_ADD_SEALS}}}},
  {SCMP_SYS(waitid),          "how the command of a tunnel has ended: the process of a descriptor, which cannot be made in here; never waits", {{{0, kInt, kOfDescriptor}, {3, kInt, WEXITED | WNOHANG}}}},
};

// SQLite with locking_mode=EXCLUSIVE and temp_store=MEMORY: WAL while open, DELETE at rest; journals left
// behind by a process that was killed. Landlock (and as root the change of root) keeps all of it in the
// database's directory; stat and access tell no more than that a file exists.
constexpr Allow kSync[] = {
  {SCMP_SYS(fcntl),           "is this channel non-blocking; and the pipe that bodies pass through in", {{{1, kInt, F_GETFL}}}},
  {SCMP_SYS(fcntl),           "make this channel non-blocking", {{{1, kInt, F_SETFL}}}},
  {SCMP_SYS(fcntl),           "are the bodies that pass through sealed", {{{1, kInt, F_GET_SEALS}}}},
  kept({SCMP_SYS(read),       "the machine woke up, says a timer", {{{0, kInt, kAwakening}}}}),
  {SCMP_SYS(fcntl),           "bodies are passed on to a delivery, and kept until it has told of all of them", {{{1, kInt, F_DUPFD_CLOEXEC}}}},

  {SCMP_SYS(openat),          "database and journals; the directory, to fsync it; no O_TMPFILE, O_PATH, O_ASYNC", {{kNotRelative, {2, allBut(kOpenFlags), 0}}}},
  {SCMP_SYS(newfstatat),      "is there a journal; is any part of the path a symbolic link", {{kNotRelative}}},
  {SCMP_SYS(access),          "is it the directory that no journal may be made in"},
  {insteadOf(SCMP_SYS(access), SCMP_SYS(faccessat)), "where there is no access, as on arm64", {{kNotRelative}}},
  {SCMP_SYS(readlink),        "a database that is a symbolic link"},
  {insteadOf(SCMP_SYS(readlink), SCMP_SYS(readlinkat)), "where there is no readlink", {{kNotRelative}}},
  {SCMP_SYS(pread64),         "pages"},
  {SCMP_SYS(pwrite64),        "pages"},
  {SCMP_SYS(fsync),           "commit"},
  {SCMP_SYS(fdatasync),       "commit"},
  {SCMP_SYS(ftruncate),       "the journal, at the end of a transaction; the database, after a rollback"},
  {SCMP_SYS(unlink),          "the journal, at the end"},
  {insteadOf(SCMP_SYS(unlink), SCMP_SYS(unlinkat)), "where there is no unlink", {{kNotRelative, {2, kInt, 0}}}},
  {SCMP_SYS(fchmod),          "a journal gets the mode of its database", {{{1, allBut(0777), 0}}}},
  {SCMP_SYS(geteuid),         "root gives a journal the owner of its database"},
  kept({SCMP_SYS(fchown),     "which only a root that stays root does, and without capabilities, is itself"}),
  kept({SCMP_SYS(clock_nanosleep), "SQLite, when somebody else recovers the same database's log"}),
  {SCMP_SYS(fcntl),           "lock the database",            {{{1, kInt, F_SETLK}}}},
  {SCMP_SYS(fcntl),           "is the journal's owner alive", {{{1, kInt, F_GETLK}}}},
};

// What the runtimes behind -fsanitize=address,undefined do beside the program, for builds that have them. Symbols are
// looked up by another program: ASAN_OPTIONS=symbolize=0. Leaks are not looked for in here (seccomp.cc).
constexpr Allow kSanitizers[] = {
  {SCMP_SYS(mmap),            "shadow memory; never executable, never a file", {{kNotExecutable, {3, bits(MAP_ANONYMOUS), bits(MAP_ANONYMOUS)}}}},
  {SCMP_SYS(mprotect),        "shadow memory; never executable", {{kNotExecutable}}},
  {SCMP_SYS(madvise),         "shadow memory is given back, and kept out of core files"},
  {SCMP_SYS(sigaltstack),     "reports of an overflown stack"},
  {SCMP_SYS(rt_sigaction),    "reports restore the handlers; no such build is ever shipped"},
  {SCMP_SYS(pipe2),           "whether an address is readable is told by writing from it to a pipe"},
  {SCMP_SYS(write),           "to that pipe; reports"},
  {SCMP_SYS(readlink),        "reports name the program"},
  {insteadOf(SCMP_SYS(readlink), SCMP_SYS(readlinkat)), "where there is no readlink"},
  {SCMP_SYS(sched_yield),     "spin locks"},
  {SCMP_SYS(ioctl),           "reports ask whether they go to a terminal", {{{1, kInt, TCGETS}}}},
  {SCMP_SYS(open),            "reports look for /proc/self/maps; Landlock says no, and they do without"},
  {SCMP_SYS(futex),           "locks of the runtimes"},
};

constexpr Never kNever[] = {
  {SCMP_SYS(execve),            "another program"},
  {SCMP_SYS(execveat),          "another program, from a memfd"},
  {SCMP_SYS(fork),              "another process"},
  {SCMP_SYS(vfork),             "another process"},
  {SCMP_SYS(clone),             "another process or thread"},
  {SCMP_SYS(clone3),            "another process or thread"},
  {SCMP_SYS(ptrace),            "another process's memory"},
  {SCMP_SYS(process_vm_readv),  "another process's memory"},
  {SCMP_SYS(process_vm_writev), "another process's memory"},
  {SCMP_SYS(process_madvise),   "another process's memory"},
  {SCMP_SYS(kcmp),              "another process's kernel objects"},
  {SCMP_SYS(pidfd_open),        "a handle on another process"},
  {SCMP_SYS(pidfd_getfd),       "another process's descriptors"},
  {SCMP_SYS(pidfd_send_signal), "a signal to another process"},
  {SCMP_SYS(kill),              "a signal to another process"},
  {SCMP_SYS(tkill),             "a signal to another process"},
  {SCMP_SYS(rt_sigqueueinfo),   "a signal to another process"},
  {SCMP_SYS(rt_tgsigqueueinfo), "a signal to another process"},
  {SCMP_SYS(socket),            "another connection"},
  {SCMP_SYS(socketpair),        "another channel"},
  {SCMP_SYS(connect),           "another connection"},
  {SCMP_SYS(bind),              "a service"},
  {SCMP_SYS(listen),            "a service"},
  {SCMP_SYS(accept),            "a service"},
  {SCMP_SYS(accept4),           "a service"},
  {SCMP_SYS(unshare),           "namespaces, for the kernel code behind them"},
  {SCMP_SYS(setns),             "namespaces"},
  {SCMP_SYS(mount),             "another file system"},
  {SCMP_SYS(umount2),           "another file system"},
  {SCMP_SYS(move_mount),        "another file system"},
  {SCMP_SYS(open_tree),         "another file system"},
  {SCMP_SYS(fsopen),            "another file system"},
  {SCMP_SYS(pivot_root),        "another root"},
  {SCMP_SYS(chroot),            "another root"},
  {SCMP_SYS(setuid),            "another user"},
  {SCMP_SYS(setgid),            "another group"},
  {SCMP_SYS(setreuid),          "another user"},
  {SCMP_SYS(setregid),          "another group"},
  {SCMP_SYS(setresuid),         "another user"},
  {SCMP_SYS(setresgid),         "another group"},
  {SCMP_SYS(setgroups),         "other groups"},
  {SCMP_SYS(capset),            "capabilities"},
  {SCMP_SYS(personality),       "executable data, another architecture"},
  {SCMP_SYS(modify_ldt),        "code segments, and a history of kernel bugs"},
  {SCMP_SYS(bpf),               "code in the kernel"},
  {SCMP_SYS(init_module),       "code in the kernel"},
  {SCMP_SYS(finit_module),      "code in the kernel"},
  {SCMP_SYS(kexec_load),        "another kernel"},
  {SCMP_SYS(perf_event_open),   "what the rest of the machine does"},
  {SCMP_SYS(userfaultfd),       "a favourite of exploits: makes the kernel wait"},
  {SCMP_SYS(io_uring_setup),    "calls that no filter sees"},
  {SCMP_SYS(io_uring_enter),    "calls that no filter sees"},
  {SCMP_SYS(io_uring_register), "calls that no filter sees"},
  {SCMP_SYS(keyctl),            "keys of the user"},
  {SCMP_SYS(add_key),           "keys of the user"},
  {SCMP_SYS(request_key),       "keys of the user"},
};

// clang-format on

// Descriptors are below 1 << kDescriptorBits (privileges.cc).
constexpr unsigned kDescriptorBits = 9;

// `line` for every descriptor but that one: those which differ from it in one bit or another, as a filter
// compares bits for equality and nothing else.
void appendNotOn(int descriptor, Allow line, std::vector<Allow>& list) {
  for (unsigned at = 0; at < kDescriptorBits; ++at) {
    line.when[0] = {0, bits(1 << at), bits(~descriptor & (1 << at))};
    list.push_back(line);
  }
}

template <std::size_t n>
void append(std::vector<Allow>& list, const Allow (&part)[n]) {
  list.insert(list.end(), std::begin(part), std::end(part));
}

}  // namespace

std::vector<Allow> allowed(Role role, bool sanitizers) {
  std::vector<Allow> list(std::begin(kEveryRole), std::end(kEveryRole));
  switch (role) {
    case Role::net:
      append(list, kServer);
      append(list, kNet);
      break;
    case Role::sync: append(list, kSync); break;
    case Role::delivery: append(list, kServer); break;
  }
  // Standard error is for last words: should it ever be a terminal, nobody shall hear what is typed there.
  if (role != Role::sync)
    appendNotOn(STDERR_FILENO,
                kept({SCMP_SYS(read), "what the server says, and bodies; never standard error"}), list);
  if (sanitizers) append(list, kSanitizers);
  return list;
}

std::span<const Never> never() { return kNever; }

}  // namespace interimap::sandbox
