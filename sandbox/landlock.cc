// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sandbox/landlock.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/error.h"
#include "sandbox/open_file.h"

namespace interimap::sandbox {

namespace {

// The kernel's numbers, written down here because Debian 12's <linux/landlock.h> ends at ABI 2.
// clang-format off
constexpr std::uint64_t kWriteFile  = 1 << 1,  // open for writing
                        kReadFile   = 1 << 2,  // open for reading
                        kReadDir    = 1 << 3,  // open or list a directory
                        kRemoveFile = 1 << 5,  // unlink
                        kMakeReg    = 1 << 8,  // create a regular file
                        kAbi1       = (1 << 13) - 1,  // these and execute, remove_dir, make_{char,dir,sock,fifo,block,sym}
                        kRefer      = 1 << 13, // ABI 2: link or rename into another directory
                        kTruncate   = 1 << 14, // ABI 3
                        kIoctlDev   = 1 << 15; // ABI 5
constexpr std::uint64_t kBindTcp = 1 << 0, kConnectTcp = 1 << 1;    // ABI 4
constexpr std::uint64_t kAbstractUnix = 1 << 0, kSignal = 1 << 1;  // ABI 6
// clang-format on

struct RulesetAttribute {
  std::uint64_t files, network, scoped;
};

struct PathBeneathAttribute {
  std::uint64_t allowed;
  std::int32_t parent;
} __attribute__((packed));

constexpr unsigned kCreateRulesetVersion = 1, kRulePathBeneath = 1;

}  // namespace

Handled handled(int abi) {
  Handled all;
  if (abi < 1) return all;
  all.files = kAbi1;
  if (abi >= 2) all.files |= kRefer;
  if (abi >= 3) all.files |= kTruncate;
  if (abi >= 4) all.network = kBindTcp | kConnectTcp;
  if (abi >= 5) all.files |= kIoctlDev;
  if (abi >= 6) all.scoped = kAbstractUnix | kSignal;
  all.size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  return all;
}

// kReadDir: after making or removing a journal SQLite opens the directory to fsync it.
std::uint64_t databaseRights(int abi) {
  return handled(abi).files & (kReadFile | kWriteFile | kTruncate | kMakeReg | kRemoveFile | kReadDir);
}

int landlockAbi() {
  long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, kCreateRulesetVersion);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

void giveUpRights(int abi, int directory) {
  if (abi < 1) return;
  Handled all = handled(abi);
  RulesetAttribute attribute{all.files, all.network, all.scoped};
  OpenFile ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attribute, all.size, 0)));
  if (!ruleset) throw systemError("landlock_create_ruleset");
  if (directory >= 0) {
    PathBeneathAttribute beneath{databaseRights(abi), directory};
    if (syscall(SYS_landlock_add_rule, ruleset.get(), kRulePathBeneath, &beneath, 0) != 0)
      throw systemError("landlock_add_rule");
  }
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) throw systemError("landlock_restrict_self");
}

std::string landlockText(int abi) {
  if (abi < 1) return "no Landlock";
  std::string text = "Landlock ABI " + std::to_string(abi) + " (files";
  if (abi >= 4) text += ", network";
  if (abi >= 6) text += ", signals";
  return text + ")";
}

}  // namespace interimap::sandbox
