// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Files, by name and by descriptor.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/sandbox/attempts.h"

namespace {

int openFile(const std::string& path, int flags) {
  return call(SYS_openat, AT_FDCWD, path.c_str(), flags, 0600);
}

int openBy2(const Loot& loot) {
  open_how how{};
  return call(SYS_openat2, AT_FDCWD, loot.outside.c_str(), &how, sizeof how);
}

int statByName(const Loot& loot) {
  struct stat status {};
  return call(SYS_newfstatat, AT_FDCWD, loot.outside.c_str(), &status, 0);
}

}  // namespace

const std::vector<Attempt> attemptsOnFiles = {
    {"open-passwd", [](const Loot&) { return openFile("/etc/passwd", O_RDONLY); }},
    {"open-proc", [](const Loot&) { return openFile("/proc/self/mem", O_RDWR); }},
    {"open-null", [](const Loot&) { return openFile("/dev/null", O_RDWR); }},
    {"open-root-directory", [](const Loot&) { return openFile("/", O_RDONLY | O_DIRECTORY); }},
    {"open-outside", [](const Loot& loot) { return openFile(loot.outside, O_RDONLY); }},
    {"create-outside", [](const Loot& loot) { return openFile(loot.outside + ".new", O_WRONLY | O_CREAT); }},
    {"open-by-dotdot", [](const Loot& loot) { return openFile(loot.directory + "/../outside", O_RDONLY); }},
    {"open-by-symlink", [](const Loot& loot) { return openFile(loot.directory + "/link", O_RDONLY); }},
    {"open-by-descriptor",
     [](const Loot& loot) { return call(SYS_openat, loot.above, "outside", O_RDONLY); }},
    {"open-nameless", [](const Loot& loot) { return openFile(loot.directory, O_TMPFILE | O_RDWR); }},
    {"open-path-only", [](const Loot& loot) { return openFile(loot.outside, O_PATH); }},
    {"openat2", openBy2},
#ifdef SYS_open
    {"open-itself", [](const Loot&) { return call(SYS_open, "/etc/passwd", O_RDONLY); }},
#endif
    {"open-inside", [](const Loot& loot) { return openFile(loot.directory + "/x.db", O_RDWR | O_CREAT); }},
    {"open-directory", [](const Loot& loot) { return openFile(loot.directory, O_RDONLY | O_CLOEXEC); }},
    {"stat", statByName},
    {"unlink-outside",
     [](const Loot& loot) { return call(SYS_unlinkat, AT_FDCWD, loot.outside.c_str(), 0); }},
#ifdef SYS_unlink
    {"unlink-outside-itself", [](const Loot& loot) { return call(SYS_unlink, loot.outside.c_str()); }},
#endif
    {"unlink-by-descriptor", [](const Loot& loot) { return call(SYS_unlinkat, loot.above, "outside", 0); }},
    {"rmdir",
     [](const Loot& loot) { return call(SYS_unlinkat, AT_FDCWD, loot.directory.c_str(), AT_REMOVEDIR); }},
    {"mkdir",
     [](const Loot& loot) { return call(SYS_mkdirat, AT_FDCWD, (loot.directory + "/d").c_str(), 0700); }},
    {"symlink",
     [](const Loot& loot) { return call(SYS_symlinkat, "/", AT_FDCWD, (loot.directory + "/s").c_str()); }},
    {"link",
     [](const Loot& loot) {
       return call(SYS_linkat, AT_FDCWD, loot.outside.c_str(), AT_FDCWD, (loot.directory + "/l").c_str(), 0);
     }},
    {"rename",
     [](const Loot& loot) {
       return call(SYS_renameat2, AT_FDCWD, loot.outside.c_str(), AT_FDCWD, (loot.directory + "/r").c_str(),
                   0);
     }},
    {"mknod",
     [](const Loot& loot) {
       return call(SYS_mknodat, AT_FDCWD, (loot.directory + "/fifo").c_str(), S_IFIFO | 0600, 0);
     }},
    {"chmod", [](const Loot& loot) { return call(SYS_fchmodat, AT_FDCWD, loot.outside.c_str(), 0777); }},
    {"chown", [](const Loot& loot) { return call(SYS_fchownat, AT_FDCWD, loot.outside.c_str(), 0, 0, 0); }},
    {"fchmod-setuid", [](const Loot& loot) { return call(SYS_fchmod, loot.file, 04755); }},
    {"truncate", [](const Loot& loot) { return call(SYS_truncate, loot.outside.c_str(), 0L); }},
    {"chdir", [](const Loot&) { return call(SYS_chdir, "/"); }},
    {"fchdir", [](const Loot& loot) { return call(SYS_fchdir, loot.above); }},
    {"dup", [](const Loot& loot) { return call(SYS_dup, loot.file); }},
    {"fcntl-dupfd", [](const Loot& loot) { return call(SYS_fcntl, loot.file, F_DUPFD, 0); }},
    {"fcntl-setown", [](const Loot& loot) { return call(SYS_fcntl, loot.socket, F_SETOWN, loot.parent); }},
    {"fcntl-notify", [](const Loot& loot) { return call(SYS_fcntl, loot.above, F_NOTIFY, 1); }},
    {"write-to-channel", [](const Loot& loot) { return call(SYS_write, loot.socket, "x", 1); }},
    {"getdents64",
     [](const Loot& loot) {
       char entries[1024];
       return call(SYS_getdents64, loot.above, entries, sizeof entries);
     }},
    {"pipe2-of-notifications",
     [](const Loot&) {
       int ends[2];
       return call(SYS_pipe2, ends, O_EXCL | O_CLOEXEC | O_NONBLOCK);
     }},
    {"inotify_init1", [](const Loot&) { return call(SYS_inotify_init1, 0); }},
    {"sendfile", [](const Loot& loot) { return call(SYS_sendfile, loot.socket, loot.file, nullptr, 1); }},
    {"splice",
     [](const Loot& loot) { return call(SYS_splice, loot.file, nullptr, loot.socket, nullptr, 1, 0); }},
};
