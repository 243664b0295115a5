// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// --all and --instance: the accounts of the list that a configuration names.
#pragma once

#include <sys/stat.h>

#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "launch/config/arguments.h"
#include "launch/fleet/fleet.h"
#include "launch/fleet/source.h"

namespace interimap {

// The account that --instance names. Throws Failure: usage for what is no name, config for one that is not in
// the list; without a list any name will do.
std::variant<Instance, Asked> instanceOf(const std::string& name, const Source& source);

class All {
 public:
  // What a process does for one account; `turn`: whoever has locked it may write to standard output.
  using Life = std::function<int(Source& source, Instance account, Service& service, int turn)>;

  // `progress` shows how far all of them are.
  All(const Arguments& arguments, Source& source, ProgressLine& progress)
      : arguments_(arguments),
        source_(source),
        list_(source.list()),
        progress_(progress),
        log_({.prefix = "", .quiet = arguments.quiet, .json = arguments.json}, progress) {}

  struct End {
    int status;
    std::string text = {};  // for standard output
  };
  End run(Service& service, const Life& life);

 private:
  void judge(const AccountList& list);
  std::size_t begin(AccountList& list);
  bool noteFile();
  std::variant<std::monostate, AccountList, Asked> reload(bool wanted, Signals& signals);
  End end(const Results& results, Asked asked);
  void tellWarnings();

  const Arguments& arguments_;
  Source& source_;
  ListSource list_;
  ProgressLine& progress_;
  Log log_;
  std::vector<std::string> warnings_;
  using FileState = std::tuple<dev_t, ino_t, off_t, time_t, long>;
  FileState state_;       // of the list, when it was looked at last
  bool changes_ = false;  // it was another one by then
};

}  // namespace interimap
