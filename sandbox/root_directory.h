// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The directory that a worker started as root has for its root from then on.
#pragma once

#include <sys/types.h>

#include <string>

#include "sandbox/open_file.h"

namespace interimap::sandbox {

// A user to become.
struct Account {
  std::string name;
  uid_t uid;
  gid_t gid;
};

// A directory that belongs to root, has nothing in it, and that nobody else may write to; one that is
// unlinked already if the system offers none. Throws std::runtime_error.
OpenFile openEmptyDirectory();

// Whether `directory` (a descriptor) belongs to root, is writable by nobody else, and is empty.
bool isSafeAndEmpty(int directory);

// The directory of sync's database. Throws std::runtime_error.
OpenFile openDatabaseDirectory(const std::string& path);

// If root owns the directory and shares it with nobody: gives it, and the files in it, to the account. It has
// to hold nothing but databases, and be reached without a symbolic link: "database = /root/x.db" must not
// give away all that root has. Throws std::runtime_error, telling the administrator what to do instead.
void giveDatabaseDirectory(int directory, const std::string& path, const Account& account);

// Throws the same advice if this process may not create files there.
void requireWritable(int directory, const std::string& path, const std::string& user);

// Makes `directory` the root and the working directory. False if this root is one without CAP_SYS_CHROOT, as
// in some containers. Throws std::runtime_error.
bool changeRoot(int directory);

}  // namespace interimap::sandbox
