// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/pull_arguments.h"

#include <algorithm>

#include "launch/config/ini.h"

namespace interimap {

const std::string_view kPullHelp =
    "Usage: pullimap [OPTIONS] SECTION [..]\n"
    "  or: pullimap [OPTIONS] --all\n"
    "  or: pullimap [OPTIONS] --idle[=SECONDS] SECTION [..]\n"
    "  or: pullimap [OPTIONS] --export-statefile=FILE SECTION\n"
    "  or: pullimap [OPTIONS] --status SECTION [..]\n"
    "  or: pullimap [OPTIONS] --check SECTION [..]\n"
    "\n"
    "Instead of pulling once:\n"
    "  --idle[=SECONDS]         stay, and deliver mail as it comes\n"
    "  --check                  try each step of a run, and tell what is wrong; deliver nothing\n"
    "  --status                 tell what the state knows; ask no server\n"
    "  --export-statefile=FILE  write the state for the Perl program\n"
    "\n"
    "How:\n"
    "  --config=FILE            another configuration file\n"
    "  --all                    all sections of the configuration file\n"
    "  --no-delivery            take what is there for delivered\n"
    "  --retry-refused          try again what the delivery server refused\n"
    "  --forget-refused         take what it refused for settled\n"
    "\n"
    "What is shown:\n"
    "  -q, --quiet              nothing but notices, warnings and errors\n"
    "  --debug                  what is said to the servers; twice: passwords, too\n"
    "  --log-format=FORMAT      text or json\n"
    "  -h, --help               this text\n"
    "  -V, --version            the version\n"
    "\n"
    "Consult the manpage for more information.\n";
const std::string_view kPullUsage =
    "Usage: pullimap [OPTIONS] SECTION [..]\n"
    "Try 'pullimap --help' or consult the manpage for more information.\n";

namespace {

constexpr Option kOptions[] = {
    {"config", 0, Option::Value::text},
    {"idle", 0, Option::Value::number},
    {"no-delivery"},
    {"retry-refused"},
    {"forget-refused"},
    {"export-statefile", 0, Option::Value::text},
    {"status"},
    {"check"},
    {"all"},
    {"quiet", 'q'},
    {"debug"},
    {"help", 'h'},
    {"version", 'V'},
    {"log-format", 0, Option::Value::text},
};

// Seconds. RFC 2177: a server may log out who is silent for half an hour.
constexpr unsigned kIdle = 1740;

void collect(PullArguments& arguments, const Scanned::Given& given, std::vector<std::string>& errors) {
  collectShared(arguments, given, errors);
  if (given.name == "no-delivery") arguments.deliver = false;
  if (given.name == "retry-refused") arguments.retryRefused = true;
  if (given.name == "forget-refused") arguments.forgetRefused = true;
  if (given.name == "export-statefile") arguments.exportStatefile = *given.value;
  if (given.name == "status") arguments.status = true;
  if (given.name == "check") arguments.check = true;
  if (given.name == "all") arguments.all = true;
  if (given.name == "idle") {
    unsigned seconds = interval(given);
    arguments.idle = seconds != 0 ? seconds : kIdle;
  }
}

bool makesSense(const PullArguments& arguments) {
  if (arguments.all != arguments.sections.empty()) return false;
  if (std::ranges::find(arguments.sections, Ini::kDefault) != arguments.sections.end()) return false;
  if (!arguments.deliver && (arguments.retryRefused || arguments.forgetRefused)) return false;
  if (arguments.retryRefused && arguments.forgetRefused) return false;
  if (arguments.status && arguments.check) return false;
  if ((arguments.status || arguments.check) &&
      (arguments.idle || !arguments.deliver || arguments.retryRefused || arguments.forgetRefused ||
       arguments.exportStatefile))
    return false;
  if (!arguments.exportStatefile) return true;
  return arguments.sections.size() == 1 && !arguments.exportStatefile->empty() && !arguments.idle &&
         arguments.deliver && !arguments.retryRefused && !arguments.forgetRefused;
}

}  // namespace

std::variant<PullArguments, UsageError> parsePullArguments(std::span<const std::string_view> words) {
  Scanned scanned = scanOptions(words, kOptions, Ordering::anywhere);
  if (!scanned.errors.empty()) return UsageError{std::move(scanned.errors)};
  PullArguments arguments;
  std::vector<std::string> errors;
  for (const auto& given : scanned.given) collect(arguments, given, errors);
  if (!errors.empty()) return UsageError{std::move(errors)};
  for (std::string& section : scanned.arguments)
    if (std::ranges::find(arguments.sections, section) == arguments.sections.end())
      arguments.sections.push_back(std::move(section));
  if (arguments.version || arguments.help) return arguments;
  if (!makesSense(arguments)) return UsageError{};
  return arguments;
}

}  // namespace interimap
