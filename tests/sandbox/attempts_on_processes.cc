// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Other processes, other programs, other connections, other rights.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tests/sandbox/attempts.h"

namespace {

sockaddr_in loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int execute(const Loot&) {
  char name[] = "/bin/true";
  char* arguments[] = {name, nullptr};
  char* none[] = {nullptr};
  return call(SYS_execve, name, arguments, none);
}

int executeDescriptor(const Loot& loot) {
  char name[] = "true";
  char* arguments[] = {name, nullptr};
  char* none[] = {nullptr};
  return call(SYS_execveat, loot.program, "", arguments, none, AT_EMPTY_PATH);
}

// The child, should there be one, must not go on as if it were the prober.
int endChild(long pid) {
  if (pid == 0) _exit(0);
  return pid < 0 ? errno : 0;
}

int fork3(const Loot&) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  return endChild(syscall(SYS_clone3, &arguments, sizeof arguments));
}

int readMemory(const Loot& loot) {
  char here[16];
  iovec mine{here, sizeof here}, theirs{here, sizeof here};
  return call(SYS_process_vm_readv, loot.parent, &mine, 1, &theirs, 1, 0);
}

int connectTo(const Loot& loot) {
  sockaddr_in address = loopback();
  return call(SYS_connect, loot.socket, &address, sizeof address);
}

int bindTo(const Loot& loot) {
  sockaddr_in address = loopback();
  return call(SYS_bind, loot.socket, &address, sizeof address);
}

int sendTo(const Loot& loot) {
  sockaddr_in address = loopback();
  return call(SYS_sendto, loot.socket, "x", 1, MSG_NOSIGNAL, &address, sizeof address);
}

int setLimit(const Loot&) {
  rlimit most{1, 1};
  return call(SYS_prlimit64, 0, RLIMIT_NOFILE, &most, nullptr);
}

int ringSetup(const Loot&) {
  io_uring_params parameters{};
  return call(SYS_io_uring_setup, 1, &parameters);
}

int addFilter(const Loot&) {
  sock_filter allow = BPF_STMT(BPF_RET | BPF_K, 0x7fff0000);
  sock_fprog program{1, &allow};
  return call(SYS_seccomp, 1, 0, &program);
}

int setCapabilities(const Loot&) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct all[2] = {{~0U, ~0U, 0}, {~0U, ~0U, 0}};
  return call(SYS_capset, &header, all);
}

// Whoever could replace the handler could ask again and again.
int replaceHandler(const Loot&) { return signal(SIGSYS, SIG_IGN) == SIG_ERR ? errno : 0; }

int blockSigsys(const Loot&) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  return call(SYS_getppid);
}

#ifdef __x86_64__
// getpid of the 32-bit architecture, where 20 is allowed as writev in ours.
int oldArchitecture(const Loot&) {
  long result;
  asm volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
  return result < 0 ? static_cast<int>(-result) : 0;
}
int x32Architecture(const Loot&) { return call(0x40000000 | SYS_getpid); }
#endif

}  // namespace

const std::vector<Attempt> attemptsOnProcesses = {
    {"execve", execute},
    {"execveat", executeDescriptor},
    {"fork", [](const Loot&) { return endChild(fork()); }},
#ifdef SYS_fork
    {"fork-itself", [](const Loot&) { return endChild(syscall(SYS_fork)); }},
    {"vfork", [](const Loot&) { return endChild(syscall(SYS_vfork)); }},
#endif
    {"clone", [](const Loot&) { return endChild(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }},
    {"clone3", fork3},
    {"ptrace-traceme", [](const Loot&) { return call(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0); }},
    {"ptrace-attach", [](const Loot& loot) { return call(SYS_ptrace, PTRACE_ATTACH, loot.parent, 0, 0); }},
    {"process_vm_readv", readMemory},
    {"pidfd_open", [](const Loot& loot) { return call(SYS_pidfd_open, loot.parent, 0); }},
    {"kill-parent", [](const Loot& loot) { return call(SYS_kill, loot.parent, 0); }},
    {"kill-self", [](const Loot&) { return call(SYS_kill, getpid(), 0); }},
    {"wait-any", [](const Loot&) { return call(SYS_waitid, P_ALL, 0, nullptr, WEXITED | WNOHANG, nullptr); }},
    {"wait-long",
     [](const Loot& loot) { return call(SYS_waitid, P_PIDFD, loot.socket, nullptr, WEXITED, nullptr); }},
    {"tgkill-parent", [](const Loot& loot) { return call(SYS_tgkill, loot.parent, loot.parent, 0); }},
    {"tgkill-self", [](const Loot&) { return call(SYS_tgkill, getpid(), getpid(), 0); }},
    {"rt_sigqueueinfo", [](const Loot& loot) { return call(SYS_rt_sigqueueinfo, loot.parent, 0, nullptr); }},
    {"socket", [](const Loot&) { return call(SYS_socket, AF_INET, SOCK_STREAM, 0); }},
    {"socket-unix", [](const Loot&) { return call(SYS_socket, AF_UNIX, SOCK_STREAM, 0); }},
    {"socketpair",
     [](const Loot&) {
       int ends[2];
       return call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends);
     }},
    {"connect", connectTo},
    {"bind", bindTo},
    {"listen", [](const Loot& loot) { return call(SYS_listen, loot.socket, 1); }},
    {"accept4", [](const Loot& loot) { return call(SYS_accept4, loot.socket, nullptr, nullptr, 0); }},
    {"sendto", sendTo},
    {"setuid", [](const Loot&) { return call(SYS_setuid, 0); }},
    {"setresuid", [](const Loot&) { return call(SYS_setresuid, 0, 0, 0); }},
    {"setgroups", [](const Loot&) { return call(SYS_setgroups, 0, nullptr); }},
    {"capset", setCapabilities},
    {"unshare", [](const Loot&) { return call(SYS_unshare, CLONE_NEWUSER); }},
    {"setns", [](const Loot& loot) { return call(SYS_setns, loot.file, 0); }},
    {"chroot", [](const Loot&) { return call(SYS_chroot, "/"); }},
    {"mount", [](const Loot&) { return call(SYS_mount, "none", "/", "tmpfs", 0, nullptr); }},
    {"prctl", [](const Loot&) { return call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); }},
    {"personality", [](const Loot&) { return call(SYS_personality, 0x0400000); }},
    {"seccomp", addFilter},
    {"prlimit64", setLimit},
    {"setpriority", [](const Loot&) { return call(SYS_setpriority, 0, 0, 5); }},
    {"ioctl", [](const Loot&) { return call(SYS_ioctl, 0, TIOCSTI, "x"); }},
    {"io_uring_setup", ringSetup},
    {"bpf", [](const Loot&) { return call(SYS_bpf, 0, nullptr, 0); }},
    {"perf_event_open", [](const Loot&) { return call(SYS_perf_event_open, nullptr, 0, -1, -1, 0); }},
    {"userfaultfd", [](const Loot&) { return call(SYS_userfaultfd, 1); }},
    {"keyctl", [](const Loot&) { return call(SYS_keyctl, 0, -3, 0); }},
    {"rt_sigaction", replaceHandler},
    {"rt_sigreturn", [](const Loot&) { return call(SYS_rt_sigreturn); }},
    {"getppid-with-sigsys-blocked", blockSigsys},
    {"no-such-call", [](const Loot&) { return call(9999); }},
#ifdef __x86_64__
    {"i386-call", oldArchitecture},
    {"x32-call", x32Architecture},
#endif
};
