// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A prober run to its end.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

// How the prober is started, and whom it shall become: every worker has to hold in all three.
struct Start {
  const char* name;
  bool asRoot;
  const char* user;
  uid_t uid;  // which it runs as in the end
};

struct End {
  int status = 0;               // as from waitpid
  std::optional<int> obituary;  // the system call
  std::string errors;           // its standard error

  bool exited(int with) const;
  bool killed(int signal) const;
};

std::string describe(const End& end);

// A directory /tmp/… with the file `outside` and the directory `state`, open to `owner` alone, in it; removed
// with all it holds.
class Place {
 public:
  explicit Place(uid_t owner);
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  const std::string& path() const { return path_; }
  std::string state() const { return path_ + "/state"; }
  // Does not follow `name`; empty text.
  void write(const std::string& name, const std::string& text, uid_t owner, mode_t mode = 0600) const;

 private:
  std::string path_;
};

// A prober on its way. Killed, if need be, and waited for with its object.
class Prober {
 public:
  Prober(const Start& start, const char* role, const std::string& place, const std::string& attempt);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  pid_t pid() const { return pid_; }
  std::string firstLine();  // of its standard error: waits for it
  End end();                // closes its standard input, waits

 private:
  pid_t pid_ = -1;
  int input_ = -1, errors_ = -1, obituary_ = -1;
};
