// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The option syntax of both programs: no abbreviations, long options "--name", "--name=value" or "--name
// value", single letters that may be bundled, "--" to end them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace interimap {

struct Option {
  enum class Value {
    none,
    text,      // required; may be empty, may start with a dash
    number,    // optional; taken from the next argument only if that looks like a number
    attached,  // optional; "--name=value" only
  };
  std::string_view name;
  char letter = 0;  // 0: has none
  Value value = Value::none;
};

enum class Ordering {
  strict,    // the first argument that is no option ends them, as POSIX has it
  anywhere,  // options may follow other arguments
};

struct Scanned {
  struct Given {
    std::string_view name;  // of the Option
    std::optional<std::string> value;
  };
  std::vector<Given> given;            // in their order, repeated ones too
  std::vector<std::string> arguments;  // what is no option
  std::vector<std::string> errors;     // one line each, for the user
};

// `words` without the program's name.
Scanned scanOptions(std::span<const std::string_view> words, std::span<const Option> options,
                    Ordering ordering);

// A command line that means nothing. The lines are for the user; without any, the usage says it all.
struct UsageError {
  std::vector<std::string> lines;
  bool usage = true;  // whether to show the usage after them
};

// Which of `words` the option's value is. If it is none of them, nothing, and `errors` says so.
std::optional<std::size_t> choice(const Scanned::Given& given, std::vector<std::string>& errors,
                                  std::initializer_list<std::string_view> words);

// The value of an optional number, in seconds; 0 without one.
unsigned interval(const Scanned::Given& given);

inline constexpr std::uint8_t kMostDebug = 2;

// Takes the options that both programs have, and whose places in their Arguments have the same names.
template <class Arguments>
void collectShared(Arguments& arguments, const Scanned::Given& given, std::vector<std::string>& errors) {
  if (given.name == "config") arguments.config = *given.value;
  if (given.name == "quiet") arguments.quiet = true;
  if (given.name == "debug") arguments.debug = std::min<std::uint8_t>(arguments.debug + 1, kMostDebug);
  if (given.name == "help") arguments.help = true;
  if (given.name == "version") arguments.version = true;
  if (given.name == "log-format")
    if (auto place = choice(given, errors, {"text", "json"})) arguments.json = *place == 1;
}

}  // namespace interimap
