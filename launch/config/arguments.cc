// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/arguments.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

#include "launch/config/modified_utf7.h"

namespace interimap {

const std::string_view kHelp =
    "Usage: interimap [OPTIONS] [MAILBOX [..]]\n"
    "  or: interimap [OPTIONS] --repair [MAILBOX [..]]\n"
    "  or: interimap [OPTIONS] --adopt[=message-id] [MAILBOX [..]]\n"
    "  or: interimap [OPTIONS] --delete MAILBOX [..]\n"
    "  or: interimap [OPTIONS] --rename SOURCE DEST\n"
    "  or: interimap [OPTIONS] --status\n"
    "  or: interimap [OPTIONS] --check\n"
    "  or: interimap [OPTIONS] --all [--jobs=N] [--resume]\n"
    "  or: interimap --import=mbsync|offlineimap FILE [NAME]\n"
    "\n"
    "Instead of synchronising once:\n"
    "  --watch[=SECONDS]      stay, and look every minute\n"
    "  --notify               stay, and act as soon as a server has news\n"
    "  --check                try each step of a run, and tell what is wrong; change nothing\n"
    "  --status               tell what the database knows; ask no server\n"
    "  --dry-run              tell what would be done; change nothing\n"
    "  --repair               compare everything, then synchronise\n"
    "  --adopt[=message-id]   pair what is the same where UIDs lost their meaning\n"
    "  --delete               delete mailboxes on both servers and in the database\n"
    "  --rename               rename a mailbox there\n"
    "  --import=PROGRAM       print a configuration made of FILE, which is one of: mbsync or offlineimap\n"
    "\n"
    "How:\n"
    "  --config=FILE          another configuration file\n"
    "  --target=TARGETS       of --delete and --rename: local, remote, database\n"
    "  --force-deletions      expunge even what max-deletions or caution would hold back\n"
    "\n"
    "Many accounts, one configuration:\n"
    "  --all                  run for each account of the list that the configuration names\n"
    "  --instance=NAME        run for this one\n"
    "  --jobs=N               of --all: so many at a time\n"
    "  --resume               of --all: leave out those that the last --all brought to its end\n"
    "\n"
    "What is shown:\n"
    "  -q, --quiet            nothing but notices, warnings and errors\n"
    "  --debug                what is said to the servers; twice: passwords, too\n"
    "  --progress=HOW         of the copying: auto, always, never or mailboxes\n"
    "  --log-format=FORMAT    text or json\n"
    "  -h, --help             this text\n"
    "  -V, --version          the version\n"
    "\n"
    "Consult the manpage for more information.\n";
const std::string_view kUsage =
    "Usage: interimap [OPTIONS] [COMMAND] [MAILBOX [..]]\n"
    "Try 'interimap --help' or consult the manpage for more information.\n";

namespace {

constexpr Option kOptions[] = {
    {"config", 0, Option::Value::text},
    {"target", 0, Option::Value::text},
    {"watch", 0, Option::Value::number},
    {"notify"},
    {"quiet", 'q'},
    {"debug"},
    {"help", 'h'},
    {"version", 'V'},
    {"repair"},
    {"adopt", 0, Option::Value::attached},
    {"delete"},
    {"rename"},
    {"status"},
    {"check"},
    {"dry-run"},
    {"force-deletions"},
    {"progress", 0, Option::Value::text},
    {"log-format", 0, Option::Value::text},
    {"instance", 0, Option::Value::text},
    {"all"},
    {"jobs", 0, Option::Value::text},
    {"resume"},
    {"import", 0, Option::Value::text},
};

// Default intervals, in seconds: --notify looks only to keep connections alive.
constexpr unsigned kWatch = 60, kNotify = 900;

// What scanning leaves to be judged together, since the order of options means nothing.
struct Collected {
  Arguments arguments;
  std::vector<Command> commands;  // each once
  bool targeted = false, watched = false, counted = false;
  std::vector<std::string> targets;
  unsigned interval = 0;  // of --watch; 0: the default
  std::vector<std::string> errors;
};

std::vector<std::string> splitAtCommas(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    auto comma = text.find(',');
    items.emplace_back(text.substr(0, comma));
    text = comma == text.npos ? "" : text.substr(comma + 1);
  }
  while (!items.empty() && items.back().empty()) items.pop_back();  // trailing commas are harmless
  return items;
}

bool isNumber(std::string_view text, unsigned least, unsigned most, unsigned& number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= least && number <= most;
}

void collect(Collected& all, const Scanned::Given& given) {
  Arguments& arguments = all.arguments;
  collectShared(arguments, given, all.errors);
  auto command = [&](Command which) {
    if (std::ranges::find(all.commands, which) == all.commands.end()) all.commands.push_back(which);
  };
  if (given.name == "notify") arguments.notify = true;
  if (given.name == "repair") command(Command::repair);
  if (given.name == "adopt") {
    command(Command::adopt);
    arguments.adoptByMessageId = given.value && choice(given, all.errors, {"message-id"});
  }
  if (given.name == "delete") command(Command::remove);
  if (given.name == "rename") command(Command::rename);
  if (given.name == "status") command(Command::status);
  if (given.name == "check") command(Command::check);
  if (given.name == "target") {
    all.targeted = true;
    for (std::string& item : splitAtCommas(*given.value)) all.targets.push_back(std::move(item));
  }
  if (given.name == "dry-run") arguments.dryRun = true;
  if (given.name == "force-deletions") arguments.forceDeletions = true;
  if (given.name == "progress")
    if (auto place = choice(given, all.errors, {"auto", "always", "never", "mailboxes"}))
      arguments.progress = static_cast<ShowProgress>(*place);
  if (given.name == "instance") arguments.instance = given.value;
  if (given.name == "all") arguments.all = true;
  if (given.name == "resume") arguments.resume = true;
  if (given.name == "import")
    if (auto place = choice(given, all.errors, {"mbsync", "offlineimap"}))
      arguments.origin = static_cast<Origin>(*place);
  if (given.name == "jobs") {
    all.counted = true;
    if (!isNumber(*given.value, 1, kMostJobs, arguments.jobs))
      all.errors.push_back("Value \"" + *given.value + "\" invalid for option jobs (1 to " +
                           std::to_string(kMostJobs) + " expected)");
  }
  if (given.name == "watch") {
    all.watched = true;
    all.interval = interval(given);
  }
}

// What concerns many accounts.
bool makesSenseForMany(const Collected& all) {
  const Arguments& arguments = all.arguments;
  if (!arguments.all) return !all.counted && !arguments.resume;
  if (arguments.instance) return false;
  for (Command command : all.commands)
    if (command == Command::remove || command == Command::rename) return false;
  bool plain = all.commands.empty() && !arguments.dryRun && arguments.mailboxes.empty();
  return !arguments.resume || (plain && !all.watched && !arguments.notify);
}

// FILE, and what is meant of it.
bool makesSenseToImport(const Collected& all) {
  const Arguments& arguments = all.arguments;
  const std::size_t words = arguments.mailboxes.size();
  const bool alone = all.commands.empty() && !all.watched && !arguments.notify && !arguments.dryRun &&
                     !arguments.forceDeletions && !arguments.all && !arguments.instance && !all.targeted;
  return alone && (words == 1 || words == 2) && !arguments.mailboxes[0].empty();
}

bool makesSense(const Collected& all) {
  if (!makesSenseForMany(all)) return false;
  if (all.arguments.origin) return makesSenseToImport(all);
  std::size_t mailboxes = all.arguments.mailboxes.size();
  bool command = !all.commands.empty();
  if (all.commands.size() > 1) return false;
  if (command && all.commands[0] == Command::remove && mailboxes == 0) return false;
  if (command && all.commands[0] == Command::rename && mailboxes != 2) return false;
  bool asks = command && (all.commands[0] == Command::status || all.commands[0] == Command::check);
  if (asks && (mailboxes > 0 || all.arguments.dryRun || all.arguments.forceDeletions)) return false;
  if (command && (all.watched || all.arguments.notify)) return false;
  if (all.arguments.dryRun && (all.watched || all.arguments.notify)) return false;
  // --delete and --rename say what they do.
  bool named = command && (all.commands[0] == Command::remove || all.commands[0] == Command::rename);
  if (named && all.arguments.forceDeletions) return false;
  return !all.targeted || named;
}

// Returns a target that is none.
std::optional<std::string> applyTargets(const std::vector<std::string>& targets, Arguments& arguments) {
  arguments.onLocal = arguments.onRemote = arguments.inDatabase = false;
  for (const std::string& target : targets) {
    if (target == "local")
      arguments.onLocal = true;
    else if (target == "remote")
      arguments.onRemote = true;
    else if (target == "database")
      arguments.inDatabase = true;
    else
      return target;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> mailboxArgument(std::string_view word) {
  if (word.empty()) return std::nullopt;
  if (strcasecmp(std::string(word).c_str(), "INBOX") == 0) return "INBOX";
  return wireSpelling(word);
}

std::variant<Arguments, UsageError> parseArguments(std::span<const std::string_view> words) {
  Scanned scanned = scanOptions(words, kOptions, Ordering::strict);
  if (!scanned.errors.empty()) return UsageError{std::move(scanned.errors)};
  Collected all;
  for (const auto& given : scanned.given) collect(all, given);
  if (!all.errors.empty()) return UsageError{std::move(all.errors)};
  Arguments& arguments = all.arguments;
  arguments.mailboxes = std::move(scanned.arguments);
  if (arguments.version || arguments.help) return std::move(arguments);

  if (!makesSense(all)) return UsageError{};
  if (arguments.origin) {
    arguments.importFile = arguments.mailboxes[0];
    if (arguments.mailboxes.size() > 1) arguments.importName = arguments.mailboxes[1];
    return std::move(arguments);
  }
  if (!all.commands.empty()) arguments.command = all.commands[0];
  if (all.watched || arguments.notify)
    arguments.watch = all.interval != 0 ? all.interval : arguments.notify ? kNotify : kWatch;
  if (all.targeted)
    if (auto wrong = applyTargets(all.targets, arguments))
      return UsageError{{"Invalid target " + *wrong}, false};
  for (std::string& mailbox : arguments.mailboxes) {
    auto name = mailboxArgument(mailbox);
    if (!name) return UsageError{{"Invalid mailbox name " + mailbox}, false};
    mailbox = std::move(*name);
  }
  return std::move(arguments);
}

}  // namespace interimap
