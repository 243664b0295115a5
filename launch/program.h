// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// How both programs begin and, when there is no log yet, end.
#pragma once

#include <cstdio>
#include <exception>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "ipc/failure.h"
#include "launch/config/options.h"
#include "launch/run/process.h"
#include "launch/show/done.h"

namespace interimap {

struct Program {
  std::string_view name, help, usage;
  Done nothing = {};  // what a run that came to nothing has done
};

void show(std::FILE* where, std::string_view text);

// Each tells on standard error, and returns the exit status.
int refuse(const Program& program, const UsageError& error);
int refuse(const std::exception& bug);
// With the object that ends a run, if lines are JSON. `component` is the section, or empty.
int refuse(const Failure& failure, bool json, const Done& nothing, std::string_view component = {});

template <class Arguments>
int act(const Program& program, const Arguments& arguments, int (*work)(const Arguments&)) {
  if (arguments.version) {
    show(stdout, program.name);
    show(stdout, " version " VERSION "\n");
    return 0;
  }
  if (arguments.help) {
    show(stderr, program.help);
    return 0;
  }
  try {
    return work(arguments);
  } catch (const Failure& failure) {
    return refuse(failure, arguments.json, program.nothing);
  }
}

// What main() is.
template <class Arguments>
int runProgram(const Program& program, int count, char** words,
               std::variant<Arguments, UsageError> (*parse)(std::span<const std::string_view>),
               int (*work)(const Arguments&)) {
  cleanProcess();
  try {
    std::vector<std::string_view> all(words + (count > 0 ? 1 : 0), words + count);
    auto parsed = parse(all);
    if (auto error = std::get_if<UsageError>(&parsed)) return refuse(program, *error);
    return act(program, std::get<Arguments>(parsed), work);
  } catch (const std::exception& bug) {
    return refuse(bug);
  }
}

}  // namespace interimap
