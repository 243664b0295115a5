// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/options.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <stdexcept>

namespace interimap::bench {
namespace {

constexpr std::size_t kMostMailboxes = 1000, kFewestPerMailbox = 8;

struct Count {
  const char* option;
  std::size_t Options::*member;
};
constexpr Count kCounts[] = {{"--rounds", &Options::rounds},       {"--messages", &Options::messages},
                             {"--mailboxes", &Options::mailboxes}, {"--million", &Options::million},
                             {"--pulled", &Options::pulled},       {"--largest", &Options::largest}};

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::size_t number(const std::string& option, const std::string& text) {
  std::size_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0)
    throw std::invalid_argument(option + " takes a number, not \"" + text + "\"");
  return value;
}

std::vector<std::string> names(const std::string& text, const std::vector<std::string>& known) {
  std::vector<std::string> result;
  std::istringstream in(text);
  for (std::string name; std::getline(in, name, ',');) {
    if (!contains(known, name)) throw std::invalid_argument("--only does not know \"" + name + "\"");
    result.push_back(name);
  }
  return result;
}

}  // namespace

Options Options::parse(const std::vector<std::string>& arguments, const std::vector<std::string>& known) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& option = arguments[i];
    if (i + 1 == arguments.size()) throw std::invalid_argument(option + " is unknown or lacks a value");
    const std::string& value = arguments[i + 1];
    auto count = std::find_if(std::begin(kCounts), std::end(kCounts),
                              [&](const Count& one) { return option == one.option; });
    if (count != std::end(kCounts)) {
      options.*count->member = number(option, value);
    } else if (option == "--plots") {
      options.plots = value;
    } else if (option == "--only") {
      options.only = names(value, known);
    } else {
      throw std::invalid_argument("unknown option " + option);
    }
  }
  if (options.mailboxes > kMostMailboxes || options.messages / options.mailboxes < kFewestPerMailbox)
    throw std::invalid_argument("at most 1,000 mailboxes of 8 messages or more");
  return options;
}

bool Options::wants(const std::string& name, const std::vector<std::string>& group, bool byDefault) const {
  bool groupNamed = std::any_of(only.begin(), only.end(), [&](const auto& n) { return contains(group, n); });
  return groupNamed ? contains(only, name) : byDefault;
}

}  // namespace interimap::bench
