// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sandbox/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "sandbox/error.h"
#include "sandbox/lists.h"

namespace interimap::sandbox {

namespace {

// Channels, server, database with its journal: a dozen; channels to more nets, 14 at most. And the bodies in
// flight, which may be 64 windows of few messages in each direction (sync/copying/room.h), each kept while it
// is on its way to the next process.
constexpr rlim_t kMostDescriptors = 320;

void limit(__rlimit_resource resource, rlim_t most, const char* name) {
  rlimit value{most, most};
  if (setrlimit(resource, &value) != 0) throw systemError(name);
}

// Fewer where an administrator allows no more: launch has judged that.
rlim_t mostDescriptors() {
  rlimit now{};
  if (getrlimit(RLIMIT_NOFILE, &now) != 0) throw systemError("RLIMIT_NOFILE");
  return std::min(kMostDescriptors, now.rlim_max);
}

// personality(READ_IMPLIES_EXEC) makes every mapping executable, behind the filter's back. It survives exec.
void clearReadImpliesExec() {
  int now = personality(0xffffffff);
  if (now >= 0 && (now & READ_IMPLIES_EXEC) && personality(now & ~READ_IMPLIES_EXEC) < 0)
    throw systemError("personality");
}

}  // namespace

std::optional<Account> accountToBecome(const std::string& name) {
  if (name.empty() || name == "root") return std::nullopt;
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr) throw std::runtime_error("sandbox: user " + name + ": no such user");
  Account account{name, entry->pw_uid, entry->pw_gid};
  endpwent();
  if (account.uid == 0) return std::nullopt;
  return account;
}

void emptyBoundingSet() {
  // EPERM is for those who have no capability to lose, EINVAL the end of the list.
  for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; ++capability) continue;
  if (errno != EPERM && errno != EINVAL) throw systemError("PR_CAPBSET_DROP");
}

void become(const Account& account) {
  if (setgroups(0, nullptr) != 0) throw systemError("setgroups");
  if (setresgid(account.gid, account.gid, account.gid) != 0) throw systemError("setresgid");
  if (setresuid(account.uid, account.uid, account.uid) != 0) throw systemError("setresuid");

  uid_t user[3];
  gid_t group[3];
  if (getresuid(&user[0], &user[1], &user[2]) != 0 || getresgid(&group[0], &group[1], &group[2]) != 0)
    throw systemError("getresuid");
  for (int i : {0, 1, 2})
    if (user[i] != account.uid || group[i] != account.gid)
      throw std::runtime_error("sandbox: did not become user " + account.name);
  if (getgroups(0, nullptr) != 0) throw std::runtime_error("sandbox: still in root's groups");
  if (setuid(0) == 0 || seteuid(0) == 0) throw std::runtime_error("sandbox: could become root again");
}

void limitProcess() {
  clearReadImpliesExec();
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) throw systemError("PR_SET_DUMPABLE");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw systemError("PR_SET_NO_NEW_PRIVS");
  limit(RLIMIT_CORE, 0, "RLIMIT_CORE");
  limit(RLIMIT_NPROC, 0, "RLIMIT_NPROC");
  // No RLIMIT_FSIZE: it would hold for memfds, and for a log file that standard error may be.
  // valgrind has descriptors of its own above what it lets a program have, and refuses to have the limit
  // lowered.
  if (!kBuiltForValgrind) limit(RLIMIT_NOFILE, mostDescriptors(), "RLIMIT_NOFILE");
}

void dropCapabilities() {
  // EINVAL: a kernel without ambient capabilities.
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
    throw systemError("PR_CAP_AMBIENT");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capset, &header, sets) != 0) throw systemError("capset");
  if (syscall(SYS_capget, &header, sets) != 0) throw systemError("capget");
  for (const auto& set : sets)
    if ((set.effective | set.permitted | set.inheritable) != 0)
      throw std::runtime_error("sandbox: capabilities remain");

  uid_t real, effective, saved;
  if (getresuid(&real, &effective, &saved) != 0) throw systemError("getresuid");
  if (real != effective || real != saved)
    throw std::runtime_error("sandbox: started with more than one user ID; this program is not for setuid");
}

}  // namespace interimap::sandbox
