// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// interimap: what the user starts. It reads the command line and the configuration, starts the workers (sync
// and a net for each account), shows what they report, and ends as they ended; or, when watching, starts them
// again if what ended them may pass.
//
// Sees    both accounts' settings and passwords; text that workers want shown.
// Holds   the terminal or logfile, the service manager's socket, and a channel to each worker.
// May     do whatever its user may: it is not locked in.
// Never   parses a byte that a server sent; what it shows is escaped.
#include <pwd.h>
#include <time.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "ipc/failure.h"
#include "launch/config/account.h"
#include "launch/config/ancestor.h"
#include "launch/config/arguments.h"
#include "launch/config/configuration.h"
#include "launch/config/configuration_file.h"
#include "launch/config/paths.h"
#include "launch/program.h"
#include "launch/run/obtained_password.h"
#include "launch/run/run_settings.h"
#include "launch/run/runs.h"
#include "launch/show/findings.h"
#include "launch/show/log.h"
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

// The configuration file as it was when the program started; after wipe(), as it is.
class Source {
 public:
  explicit Source(const std::string& path)
      : file_(ConfigurationFile::read(path)), ofAncestor_(ancestor::isItsConfiguration(path)) {}

  Configuration configuration() {
    if (file_.text.empty()) file_ = ConfigurationFile::read(file_.path);
    Ini ini = file_.ini();
    if (ofAncestor_) renamed_ = ancestor::renameKeys(ini);
    return Configuration::parse(ini, file_.path);
  }
  void wipe() { file_.text.wipe(); }
  bool ofAncestor() const { return ofAncestor_; }
  const std::string& path() const { return file_.path; }

  // Throws Failure(config) if anybody can read a password.
  std::vector<std::string> warnings(const Configuration& configuration) const {
    std::vector<std::string> all;
    if (configuration.holdsPassword())
      if (auto warning = judgeReaders(file_.path, file_.mode)) all.push_back(*warning);
    if (!renamed_.empty()) all.push_back(file_.path + ": deprecated: " + joined(renamed_));
    return all;
  }

 private:
  static std::string joined(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
    return text;
  }

  ConfigurationFile file_;
  bool ofAncestor_;
  std::vector<std::string> renamed_;
};

bool showsProgress(const Arguments& arguments) {
  if (arguments.json || arguments.progress == ShowProgress::never) return false;
  if (arguments.progress == ShowProgress::always) return true;
  return isatty(STDERR_FILENO) && !arguments.quiet && arguments.debug == 0;
}

// A watcher whose log is a file opens it again, so that it can be rotated; at a terminal a hang-up ends it.
std::function<void()> hangUp(const Arguments& arguments, const Configuration& configuration, Log& log) {
  if (!arguments.watch || !configuration.log.logfile || isatty(STDERR_FILENO)) return {};
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

int synchronise(const Arguments& arguments) {
  auto environment = Service::Environment::take();
  Source source(resolvePath(kConfigHome, "interimap", arguments.config));
  Configuration configuration = source.configuration();
  auto warnings = source.warnings(configuration);
  checkUsers(configuration);
  for (auto* account : {&configuration.local, &configuration.remote}) {
    account->net.password.wipe();
    account->net.keyPassword.wipe();
  }

  ProgressLine line(showsProgress(arguments) ? STDERR_FILENO : -1);
  Log log({.prefix = configuration.log.prefix,
           .logfile = configuration.log.logfile,
           .quiet = arguments.quiet,
           .debug = arguments.debug > 0,
           .json = arguments.json},
          line);
  Signals signals(hangUp(arguments, configuration, log));
  Service service(arguments.watch ? environment : Service::Environment{});
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
    const bool check = arguments.command == Command::check;
    if (arguments.json)
      show(stdout, findingsJson(findings, status));
    else
      show(stdout, check ? checkText(findings, isatty(STDOUT_FILENO) == 1) : findingsText(findings));
    return status;
  };
  try {
    auto seed = static_cast<std::uint32_t>(getpid() ^ time(nullptr));
    Runs runs({log, line, signals, service}, arguments.watch.has_value(), seed);
    int status = runs.all(settings);
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
    log.summary({{}, status, {}});
    return status;
  }
}

}  // namespace
}  // namespace interimap

int main(int count, char** words) {
  using namespace interimap;
  return runProgram({"interimap", kHelp, kUsage}, count, words, parseArguments, synchronise);
}
