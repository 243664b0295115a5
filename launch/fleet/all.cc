// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/all.h"

#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "ipc/failure.h"
#include "ipc/last_success.h"
#include "launch/fleet/began.h"
#include "launch/run/outcome.h"

namespace interimap {

namespace {

int statusOf(Asked asked) { return asked == Asked::interrupt ? kInterrupted : 0; }

// Whether it was brought to its end since then.
bool isDoneSince(const Instance& account, const Source& source, std::int64_t since) {
  try {
    const SplitPath database = source.databaseOf(account);
    auto success = LastSuccess(database.directory, database.name).time();
    return success && *success >= since;
  } catch (const Failure&) {
    return false;  // what is wrong with it, it will say itself
  }
}

// When a run begins. Successes are told by the second: none from before shall seem to be one of this run.
std::int64_t beginning(const AccountList& list, const Source& source) {
  const std::int64_t now = time(nullptr);
  if (std::ranges::none_of(list.accounts, [&](const Instance& it) { return isDoneSince(it, source, now); }))
    return now;
  std::this_thread::sleep_for(std::chrono::seconds(1));
  return time(nullptr);
}

}  // namespace

std::variant<Instance, Asked> instanceOf(const std::string& name, const Source& source) {
  if (std::string why = wrongName(name); !why.empty())
    throw Failure(ExitStatus::usage, "Invalid instance " + name + ": a name " + why);
  const ListSource list = source.list();
  if (!list.there()) return Instance{.name = name, .origin = {}, .columns = {}, .fields = {}};
  Signals signals;
  std::vector<std::string> warnings;  // they are for whoever runs all
  auto read = list.read(signals, warnings);
  if (auto asked = std::get_if<Asked>(&read)) return *asked;
  if (const Instance* found = std::get<AccountList>(read).find(name)) return found->copy();
  throw Failure(ExitStatus::config, "There is no account " + name + " in " + list.name());
}

All::End All::run(Service& service, const Life& life) {
  if (!list_.there())
    throw Failure(ExitStatus::config, source_.path() + ": Missing option accounts or accounts-command");
  Fleet* listening = nullptr;
  std::function<void()> hangUp;
  if (arguments_.watch && !isatty(STDERR_FILENO))
    hangUp = [&] {
      if (!listening) return;
      listening->signal(SIGHUP);
      listening->reload();
    };
  Signals signals(hangUp);
  noteFile();
  auto read = list_.read(signals, warnings_);
  if (auto asked = std::get_if<Asked>(&read)) return {statusOf(*asked)};
  AccountList list = std::move(std::get<AccountList>(read));
  judge(list);
  const std::size_t doneBefore = begin(list);
  const Descriptor turn(memfd_create("turn", MFD_CLOEXEC));
  Fleet fleet({.jobs = arguments_.jobs,
               .watching = arguments_.watch.has_value(),
               .quiet = arguments_.quiet,
               .json = arguments_.json,
               .seed = static_cast<std::uint32_t>(getpid() ^ time(nullptr))},
              progress_, signals, service, [&](Instance account, Service& itsService) {
                return life(source_, std::move(account), itsService, turn.get());
              });
  fleet.results().doneBefore = doneBefore;
  listening = &fleet;
  const Asked asked = fleet.run(std::move(list), [&](bool wanted) { return reload(wanted, signals); });
  return end(fleet.results(), asked);
}

// What is wrong with the template, and so with all, is said once; what is wrong with one account, by that
// one.
void All::judge(const AccountList& list) {
  for (const Instance& account : list.accounts) {
    try {
      source_.takeInstance(account.copy());
      const Configuration configuration = source_.configuration();
      auto more = source_.warnings(configuration);
      warnings_.insert(warnings_.end(), more.begin(), more.end());
      break;
    } catch (const Failure&) {
      if (&account == &list.accounts.back()) throw;
    }
  }
  tellWarnings();
}

// When a run began that can be resumed is written down. Returns how many accounts are left out.
std::size_t All::begin(AccountList& list) {
  const bool whole = arguments_.command == Command::synchronise && !arguments_.dryRun && !arguments_.watch &&
                     arguments_.mailboxes.empty();
  if (!whole) return 0;
  const Began began(source_.path());
  if (auto since = arguments_.resume ? began.time() : std::nullopt)
    return std::erase_if(list.accounts,
                         [&](const Instance& account) { return isDoneSince(account, source_, *since); });
  if (arguments_.resume)
    log_.line(LogLevel::notice,
              "There is no run of all accounts to be resumed; this is one from the beginning");
  began.note(beginning(list, source_));
  return 0;
}

// Whether the file is another one than when it was looked at last.
bool All::noteFile() {
  struct stat status {};
  if (list_.file().empty() || stat(list_.file().c_str(), &status) != 0) return false;
  const FileState now{status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                      status.st_mtim.tv_nsec};
  return std::exchange(state_, now) != now;
}

std::variant<std::monostate, AccountList, Asked> All::reload(bool wanted, Signals& signals) {
  // Whoever changes the file may be about to write more: it is read when it has come to rest.
  const bool changes = noteFile();
  const bool changed = std::exchange(changes_, changes);
  if (!wanted && (changes || !changed)) return std::monostate();
  try {
    auto read = list_.read(signals, warnings_);
    tellWarnings();
    if (auto asked = std::get_if<Asked>(&read)) return *asked;
    return std::move(std::get<AccountList>(read));
  } catch (const Failure& failure) {
    log_.line(LogLevel::error, std::string(failure.what()) + ". The list that was read before still counts");
    return std::monostate();
  }
}

All::End All::end(const Results& results, Asked asked) {
  if (asked == Asked::interrupt) log_.line(LogLevel::notice, "Interrupted (Ctrl-C)");
  if (arguments_.watch && asked != Asked::nothing) return {statusOf(asked)};
  const bool telling = arguments_.command == Command::status || arguments_.command == Command::check;
  if (!telling && !arguments_.json && results.failed() == 0) log_.line(LogLevel::info, results.line());
  return {asked == Asked::interrupt ? kInterrupted : results.status(),
          arguments_.json ? results.json() : results.table()};
}

void All::tellWarnings() {
  for (const std::string& warning : std::exchange(warnings_, {})) log_.line(LogLevel::warning, warning);
}

}  // namespace interimap
