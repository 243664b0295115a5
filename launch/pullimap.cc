// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// pullimap: what the user starts. It reads the command line and the configuration and, for each section that
// it is to empty, starts the workers (sync, a net, and delivery when there is mail), shows what they report,
// and ends as they ended; or, when idling, starts them again if what ended them may pass. Several sections
// have a process of this kind each.
//
// Sees    all sections' settings and passwords; text that workers want shown.
// Holds   the terminal or logfile, the service manager's socket, and a channel to each worker.
// May     do whatever its user may: it is not locked in.
// Never   parses a byte that a server sent; what it shows is escaped.
#include <pwd.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <utility>

#include "launch/config/account.h"
#include "launch/config/configuration_file.h"
#include "launch/config/paths.h"
#include "launch/config/pull_arguments.h"
#include "launch/config/pull_section.h"
#include "launch/program.h"
#include "launch/run/obtained_password.h"
#include "launch/run/pull_settings.h"
#include "launch/run/runs.h"
#include "launch/run/siblings.h"
#include "launch/show/findings.h"
#include "launch/show/log.h"
#include "launch/show/metrics.h"
#include "launch/show/new_file.h"

namespace interimap {
namespace {

// One that idles may have its logfile moved away; at a terminal a hang-up ends it.
bool outlivesHangUp(const PullArguments& arguments) { return arguments.idle && !isatty(STDERR_FILENO); }

// Asks for what is not in the configuration itself. What the user asked for meanwhile, else nothing. A check
// has `findings`, to which a command that fails is added.
std::optional<Asked> obtain(Secret& password, const PasswordSource& source, const PasswordOwner& owner,
                            Signals& signals, std::vector<std::string>& warnings,
                            std::vector<Finding>* findings) {
  if (!password.empty()) return std::nullopt;
  auto obtained = findings ? obtainPasswordOr(*findings, source, owner, signals, warnings)
                           : obtainPassword(source, owner, signals, warnings);
  if (auto asked = std::get_if<Asked>(&obtained)) return *asked;
  password = std::move(std::get<Secret>(obtained));
  return std::nullopt;
}

// One section, all of its life.
class Pulling {
 public:
  Pulling(const PullArguments& arguments, ConfigurationFile& file, const std::string& name, Service& service)
      : arguments_(arguments), file_(file), name_(name), service_(service) {}

  int run(SignalNumbers numbers) {
    PullSection section = PullSection::parse(file_.ini(), name_, file_.path);
    judge(section);
    section.net.password.wipe();
    section.delivery.password.wipe();
    section.net.keyPassword.wipe();
    section.delivery.keyPassword.wipe();
    ProgressLine nowhere(-1);
    Log log({.prefix = section.log.prefix,
             .logfile = section.log.logfile,
             .quiet = arguments_.quiet,
             .debug = arguments_.debug > 0,
             .json = arguments_.json,
             .component = name_,
             .summaries = !arguments_.idle},
            nowhere);
    std::function<void()> reopen;
    if (outlivesHangUp(arguments_)) reopen = [&log] { log.reopen(); };
    Signals signals(reopen, numbers);
    log.line(LogLevel::debug, ">>> pullimap " VERSION);
    try {
      return runs(log, nowhere, signals, section);
    } catch (const Failure& failure) {
      const int status = static_cast<int>(failure.status);
      if (arguments_.check)
        tell({findingOf(failure)}, status);
      else
        log.line(LogLevel::error, failure.what());
      log.summary({Pulled{}, status, {}});
      return status;
    }
  }

 private:
  bool acts() const { return !arguments_.status && !arguments_.check && !arguments_.exportStatefile; }

  // Nothing unless they are wanted.
  std::optional<Metrics> metricsOf(const PullSection& section) const {
    if (!section.metrics || !acts()) return std::nullopt;
    return Metrics(*section.metrics, Pulled{}, {"section", name_});
  }

  int runs(Log& log, ProgressLine& progress, Signals& signals, const PullSection& section) {
    auto metrics = metricsOf(section);
    std::optional<ChangeCommand> onChange;
    if (section.onChange && acts()) onChange.emplace(*section.onChange, "PULLIMAP_SECTION=" + name_);
    auto seed = static_cast<std::uint32_t>(getpid() ^ time(nullptr));
    Runs runs(
        {log, progress, signals, service_, metrics ? &*metrics : nullptr, onChange ? &*onChange : nullptr},
        arguments_.idle.has_value(), seed);
    int status = runs.all([&] {
      auto made = settings(signals);
      for (const std::string& warning : std::exchange(warnings_, {})) log.line(LogLevel::warning, warning);
      return made;
    });
    if (status == 0 && arguments_.exportStatefile) writeNewFile(*arguments_.exportStatefile, runs.exported());
    if (!arguments_.status && !arguments_.check) return status;
    if (!findings_.empty()) status = static_cast<int>(ExitStatus::noPermission);  // no run would begin
    findings_.insert(findings_.end(), runs.findings().begin(), runs.findings().end());
    tell(findings_, status);
    return status;
  }

  void tell(const std::vector<Finding>& findings, int status) const {
    if (arguments_.json)
      show(stdout, findingsJson(findings, status, name_));
    else if (arguments_.check)
      show(stdout, checkText(findings, isatty(STDOUT_FILENO) == 1, name_));
    else
      show(stdout, findingsText(findings, name_));
  }

  // Throws Failure(config) if anybody can read a password, or if a user that workers become, started as root,
  // is missing.
  void judge(const PullSection& section) {
    if (section.holdsPassword())
      if (auto warning = judgeReaders(file_.path, file_.mode)) warnings_.push_back(*warning);
    if (geteuid() == 0 && getpwnam(section.net.user.c_str()) == nullptr)
      throw Failure(ExitStatus::config, "[" + name_ + "]: No such user: " + section.net.user);
  }

  // Passwords are asked for anew before each run: what a command told hours ago may be no good any more.
  std::variant<AnySettings, Asked> settings(Signals& signals) {
    if (file_.text.empty()) file_ = ConfigurationFile::read(file_.path);  // after wipe()
    PullSection section = PullSection::parse(file_.ini(), name_, file_.path);
    PullSettings pull = pullSettings(arguments_, section);
    pull.net.renewable = ages(section.password, pull.net.auth);
    if (!arguments_.idle && !pull.net.renewable) file_.text.wipe();
    if (arguments_.exportStatefile || arguments_.status) return pull;
    findings_.clear();
    auto* findings = arguments_.check ? &findings_ : nullptr;
    if (auto asked =
            obtain(pull.net.password, section.password, {"pullimap", name_}, signals, warnings_, findings))
      return *asked;
    if (auto asked = obtain(pull.net.keyPassword, section.keyPassword,
                            {"pullimap", name_, "SSL_key-password"}, signals, warnings_, findings))
      return *asked;
    if (auto asked = obtain(pull.delivery.keyPassword, section.deliverKeyPassword,
                            {"pullimap", name_, "deliver-SSL_key-password"}, signals, warnings_, findings))
      return *asked;
    if (findings_.empty()) requireLogin(pull.net, file_.path, name_);
    if (pull.delivery.username.empty()) return pull;
    pull.delivery.renewable = ages(section.deliverPassword, pull.delivery.auth);
    if (pull.delivery.renewable && !arguments_.check) {  // asked for before each connection
      pull.renewDelivery = renewal(section.deliverPassword, {"pullimap", name_, "deliver-password"}, signals);
      return pull;
    }
    if (auto asked = obtain(pull.delivery.password, section.deliverPassword,
                            {"pullimap", name_, "deliver-password"}, signals, warnings_, findings))
      return *asked;
    if (findings_.empty() && pull.delivery.password.empty() && pull.delivery.tls.certificate.empty())
      throw Failure(ExitStatus::config, file_.path + ": [" + name_ + "]: Missing option deliver-password");
    return pull;
  }

  const PullArguments& arguments_;
  ConfigurationFile& file_;
  const std::string& name_;
  Service& service_;
  std::vector<std::string> warnings_;
  std::vector<Finding> findings_;  // of a check, before a worker is started
};

int pullOne(const PullArguments& arguments, ConfigurationFile& file, const std::string& name,
            Service& service, SignalNumbers numbers) {
  try {
    return Pulling(arguments, file, name, service).run(numbers);
  } catch (const Failure& failure) {
    return refuse(failure, arguments.json, Pulled{}, name);
  }
}

int pullAll(const PullArguments& arguments, ConfigurationFile& file, const std::vector<std::string>& names,
            Service& service) {
  ProgressLine nowhere(-1);
  Log log({.prefix = "%?n?%n: ?", .json = arguments.json}, nowhere);
  Siblings* listening = nullptr;
  std::function<void()> passOn;
  if (outlivesHangUp(arguments))
    passOn = [&] {
      if (listening) listening->signal(SIGHUP);
    };
  Signals signals(passOn);
  Siblings siblings(log, signals, service);
  listening = &siblings;
  return siblings.run(names, [&](const std::string& name, Service& itsService) {
    return pullOne(arguments, file, name, itsService, kPassedOn);
  });
}

int pull(const PullArguments& arguments) {
  auto environment = Service::Environment::take();
  auto file = ConfigurationFile::read(resolvePath(kConfigHome, "pullimap", arguments.config));
  auto names = arguments.all ? sectionNames(file.ini()) : arguments.sections;
  if (names.empty()) throw Failure(ExitStatus::config, file.path + ": no section");
  Service service(arguments.idle ? environment : Service::Environment{});
  if (names.size() == 1) return pullOne(arguments, file, names[0], service, {});
  return pullAll(arguments, file, names, service);
}

}  // namespace
}  // namespace interimap

int main(int count, char** words) {
  using namespace interimap;
  return runProgram({"pullimap", kPullHelp, kPullUsage, Pulled{}}, count, words, parsePullArguments, pull);
}
