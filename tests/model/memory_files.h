// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The files of SQLite in memory: no system call, and a kill at any instant is a copy of them; a power loss,
// of what had been written to the disk by then.
#pragma once

#include <map>
#include <string>

namespace interimap::model {

// While one exists, every database of this process is in it. At most one.
class MemoryFiles {
 public:
  MemoryFiles();
  ~MemoryFiles();
  MemoryFiles(const MemoryFiles&) = delete;
  MemoryFiles& operator=(const MemoryFiles&) = delete;

  void sync();  // all of them

  using Contents = std::map<std::string, std::string>;
  Contents contents;  // by path; not to be replaced while a database is open
  Contents onDisk;    // as of the last fsync of each
  Contents start;     // kept by whoever wants to start from there again
};

}  // namespace interimap::model
