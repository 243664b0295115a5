// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// interimap: what the user starts. It reads the command line and the configuration, starts the workers (sync
// and a net for each account), shows what they report, and ends as they ended; or, when watching, starts them
// again if what ended them may pass.
//
// Sees    both accounts' settings and passwords; text that workers want shown.
// Holds   the terminal or logfile, the service manager's socket, and a channel to each worker.
// May     do whatever its user may: it is not locked in.
// Never   parses a byte that a server sent; what it shows is escaped.
#include <fcntl.h>
#include <pwd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "ipc/failure.h"
#include "ipc/last_success.h"
#include "launch/config/account.h"
#include "launch/config/arguments.h"
#include "launch/config/configuration.h"
#include "launch/config/configuration_file.h"
#include "launch/config/paths.h"
#include "launch/fleet/all.h"
#include "launch/fleet/results.h"
#include "launch/fleet/source.h"
#include "launch/imports/imported.h"
#include "launch/program.h"
#include "launch/run/obtained_password.h"
#include "launch/run/run_settings.h"
#include "launch/run/runs.h"
#include "launch/show/findings.h"
#include "launch/show/log.h"
#include "launch/show/metrics.h"
#include "launch/show/progress.h"

namespace interimap {
namespace {

// Started as root, workers become these users; better to know now that one is missing.
void checkUsers(const Configuration& configuration) {
  if (geteuid() != 0) return;
  for (const std::string* user :
       {&configuration.sync.user, &configuration.local.net.user, &configuration.remote.net.user})
    if (getpwnam(user->c_str()) == nullptr) throw Failure(ExitStatus::config, "No such user: " + *user);
}

bool showsProgress(const Arguments& arguments) {
  if (arguments.json || arguments.progress == ShowProgress::never) return false;
  if (arguments.progress == ShowProgress::always) return true;
  return isatty(STDERR_FILENO) && !arguments.quiet && arguments.debug == 0;
}

// A watcher whose log is a file opens it again, so that it can be rotated; at a terminal a hang-up ends it.
// One of many is told by the one before it.
std::function<void()> hangUp(const Arguments& arguments, const Configuration& configuration, Log& log) {
  if (!arguments.watch || isatty(STDERR_FILENO)) return {};
  if (!configuration.log.logfile && !arguments.all) return {};
  return [&log] { log.reopen(); };
}

// Passwords are asked for anew before each run: what a command told hours ago may be no good any more.
std::variant<AnySettings, Asked> settingsFor(const Arguments& arguments, Source& source, Signals& signals,
                                             std::vector<std::string>& warnings,
                                             std::vector<Finding>& findings) {
  findings.clear();
  Configuration configuration = source.configuration();
  RunSettings settings = runSettings(arguments, configuration, source.ofAncestor());
  if (arguments.command == Command::status) return settings;
  struct {
    const char* name;
    const PasswordSource &source, &ofKey;
    settings::Net& net;
    Renewal& renewal;
  } accounts[] = {{"local", configuration.local.password, configuration.local.keyPassword, settings.local,
                   settings.renewLocal},
                  {"remote", configuration.remote.password, configuration.remote.keyPassword, settings.remote,
                   settings.renewRemote}};
  for (auto& account : accounts) {
    if (account.net.password.empty()) {
      PasswordOwner owner{"interimap", account.name};
      auto password = arguments.command == Command::check
                          ? obtainPasswordOr(findings, account.source, owner, signals, warnings)
                          : obtainPassword(account.source, owner, signals, warnings);
      if (auto asked = std::get_if<Asked>(&password)) return *asked;
      account.net.password = std::move(std::get<Secret>(password));
    }
    if (account.net.keyPassword.empty()) {
      auto password =
          obtainPassword(account.ofKey, {"interimap", account.name, "SSL_key-password"}, signals, warnings);
      if (auto asked = std::get_if<Asked>(&password)) return *asked;
      account.net.keyPassword = std::move(std::get<Secret>(password));
    }
    account.net.renewable = ages(account.source, account.net.auth);
    if (account.net.renewable)
      account.renewal = renewal(account.source, {"interimap", account.name}, signals);
    if (findings.empty()) requireLogin(account.net, source.path(), account.name);
  }
  bool once = !arguments.watch && !settings.renewLocal && !settings.renewRemote;
  if (once) source.wipe();
  return settings;
}

// One of many writes it in its turn, with its name; of what a database knows, the sum.
void tellFindings(const Arguments& arguments, std::vector<Finding>& findings, int status,
                  const std::string& instance, int turn) {
  if (arguments.all && arguments.command == Command::status)
    std::erase_if(findings, [](const Finding& finding) {
      return std::ranges::find(finding.facts, Finding::Fact{"what", std::string("mailbox")}) !=
             finding.facts.end();
    });
  std::string text;
  if (arguments.json)
    text = findingsJson(findings, status, instance, "instance");
  else if (arguments.command == Command::check)
    text = checkText(findings, isatty(STDOUT_FILENO) == 1);
  else
    text = findingsText(findings);
  struct flock all {};
  all.l_type = F_WRLCK;
  all.l_whence = SEEK_SET;
  if (turn >= 0) (void)fcntl(turn, F_SETLKW, &all);  // given up when this process ends
  show(stdout, arguments.all && !arguments.json ? withName(instance, text) : text);
}

std::string nameOfAccount(const Source& source) {
  return source.instance().empty() ? splitPath(source.path()).name : source.instance();
}

// Whether something may be done.
bool acts(const Arguments& arguments) {
  return arguments.command != Command::status && arguments.command != Command::check && !arguments.dryRun;
}

// Nothing unless they are wanted.
std::optional<Metrics> metricsOf(const Arguments& arguments, const Configuration& configuration,
                                 const Source& source) {
  if (!configuration.metrics || !acts(arguments)) return std::nullopt;
  return Metrics(*configuration.metrics, Synchronised{}, {"account", nameOfAccount(source)},
                 [name = configuration.database, ofAncestor = source.ofAncestor()] {
                   const SplitPath database = databasePlace(name, ofAncestor);
                   return LastSuccess(database.directory, database.name).time();
                 });
}

// Where one run of many finds itself.
struct Place {
  Service& service;
  SignalNumbers numbers = {};
  int turn = -1;  // whoever has it locked may write to standard output; -1: there is nobody else
};

// Two accounts, all their life.
int synchronise(const Arguments& arguments, Source& source, const Place& place) {
  Configuration configuration = source.configuration();
  auto warnings = source.warnings(configuration);
  if (arguments.all) warnings.clear();  // they are the same for each
  checkUsers(configuration);
  for (auto* account : {&configuration.local, &configuration.remote}) {
    account->net.password.wipe();
    account->net.keyPassword.wipe();
  }

  const int terminal = showsProgress(arguments) ? STDERR_FILENO : -1;
  ProgressLine line = arguments.all ? ProgressLine::ofAnother(terminal) : ProgressLine(terminal);
  Log log({.prefix = configuration.log.prefix,
           .logfile = configuration.log.logfile,
           .quiet = arguments.quiet,
           .debug = arguments.debug > 0,
           .json = arguments.json,
           .instance = source.instance(),
           .summaries = !arguments.all && !arguments.watch},
          line);
  Signals signals(hangUp(arguments, configuration, log), place.numbers);
  Service& service = place.service;
  log.line(LogLevel::debug, ">>> interimap " VERSION);
  bool first = true;
  std::vector<Finding> findings;  // of a check, before a worker is started
  auto settings = [&] {
    auto made = settingsFor(arguments, source, signals, warnings, findings);
    if (std::exchange(first, false))
      for (const std::string& warning : warnings) log.line(LogLevel::warning, warning);
    return made;
  };
  auto tell = [&](int status) {
    tellFindings(arguments, findings, status, source.instance(), place.turn);
    return status;
  };
  try {
    auto seed = static_cast<std::uint32_t>(getpid() ^ time(nullptr));
    auto metrics = metricsOf(arguments, configuration, source);
    std::optional<ChangeCommand> onChange;
    if (configuration.onChange && acts(arguments))
      onChange.emplace(*configuration.onChange, "INTERIMAP_ACCOUNT=" + nameOfAccount(source));
    Runs runs({log, line, signals, service, metrics ? &*metrics : nullptr, onChange ? &*onChange : nullptr},
              arguments.watch.has_value(), seed, std::chrono::seconds(configuration.maxPause));
    int status = runs.all(settings);
    if (status == 0 && arguments.all) service.status(doneText(std::get<Synchronised>(runs.done())));
    if (arguments.command != Command::status && arguments.command != Command::check) return status;
    if (!findings.empty()) status = static_cast<int>(ExitStatus::noPermission);  // no run would begin
    findings.insert(findings.end(), runs.findings().begin(), runs.findings().end());
    return tell(status);
  } catch (const Failure& failure) {
    const int status = static_cast<int>(failure.status);
    findings.push_back(findingOf(failure));
    if (arguments.command == Command::check)
      tell(status);
    else
      log.line(LogLevel::error, failure.what());
    service.status(failure.what());
    log.summary({{}, status, {}});
    return status;
  }
}

// One account of many, in a process of its own.
int synchroniseOne(const Arguments& arguments, Source& source, Instance instance, const Place& place) {
  const std::string name = instance.name;
  try {
    source.takeInstance(std::move(instance));
    return synchronise(arguments, source, place);
  } catch (const Failure& failure) {
    place.service.status(failure.what());
    ProgressLine nowhere(-1);
    Log log({.prefix = "", .json = arguments.json, .instance = name}, nowhere);
    log.line(LogLevel::error, failure.what());
    log.summary({{}, static_cast<int>(failure.status), {}});
    return static_cast<int>(failure.status);
  }
}

int synchroniseAll(const Arguments& arguments, Source& source, Service& service) {
  ProgressLine line(showsProgress(arguments) ? STDERR_FILENO : -1);
  auto end =
      All(arguments, source, line)
          .run(service, [&](Source& itsSource, Instance account, Service& itsService, int turn) {
            return synchroniseOne(arguments, itsSource, std::move(account), {itsService, kPassedOn, turn});
          });
  show(stdout, end.text);
  return end.status;
}

// It may hold passwords, which go nowhere.
int showImported(const Arguments& arguments) {
  auto file = ConfigurationFile::read(arguments.importFile,
                                      {"file", "file", "a configuration", ConfigurationFile::kMostOctets});
  show(stdout, imported(*arguments.origin, file.text.reveal(), arguments.importFile, arguments.importName));
  return 0;
}

int work(const Arguments& arguments) {
  if (arguments.origin) return showImported(arguments);
  auto environment = Service::Environment::take();
  Service service(arguments.watch ? environment : Service::Environment{});
  Source source(resolvePath(kConfigHome, "interimap", arguments.config));
  if (arguments.all) return synchroniseAll(arguments, source, service);
  if (arguments.instance) {
    auto instance = instanceOf(*arguments.instance, source);
    if (auto asked = std::get_if<Asked>(&instance)) return *asked == Asked::interrupt ? kInterrupted : 0;
    source.takeInstance(std::move(std::get<Instance>(instance)));
  }
  return synchronise(arguments, source, {service});
}

}  // namespace
}  // namespace interimap

int main(int count, char** words) {
  using namespace interimap;
  return runProgram({"interimap", kHelp, kUsage}, count, words, parseArguments, work);
}
