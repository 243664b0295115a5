// interimap: what the user starts. It reads the command line and the configuration, starts the workers (sync
// and a net for each account), shows what they report, and ends as they ended.
//
// Sees    both accounts' settings and passwords; text that workers want shown.
// Holds   the terminal or logfile, and a channel to each worker.
// May     do whatever its user may: it is not locked in.
// Never   parses a byte that a server sent; what it shows is escaped.
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "ipc/failure.h"
#include "launch/account.h"
#include "launch/arguments.h"
#include "launch/configuration.h"
#include "launch/escape.h"
#include "launch/log.h"
#include "launch/paths.h"
#include "launch/process.h"
#include "launch/progress.h"
#include "launch/run.h"

namespace interimap {
namespace {

void show(std::FILE* where, std::string_view text) { std::fwrite(text.data(), 1, text.size(), where); }
void showLine(std::string_view text) { show(stderr, escape(text) + "\n"); }

int refuse(const UsageError& error) {
  for (const std::string& line : error.lines) showLine(line);
  if (error.usage) show(stderr, kUsage);
  return static_cast<int>(ExitStatus::usage);
}

// What is understood, but not there yet.
const char* notAvailable(const Arguments& arguments) {
  switch (arguments.command) {
    case Command::repair: return "--repair";
    case Command::remove: return "--delete";
    case Command::rename: return "--rename";
    case Command::synchronise: break;
  }
  if (arguments.notify) return "--notify";
  return arguments.watch ? "--watch" : nullptr;
}

// For the tests: where sync shall die.
void setStop(settings::Sync& sync) {
  if (const char* before = getenv("INTERIMAP_STOP_AT_WRITE"))
    sync.stopAtWrite = static_cast<std::uint32_t>(strtoul(before, nullptr, 10));
  if (const char* after = getenv("INTERIMAP_STOP_AFTER_WRITE")) {
    sync.stopAtWrite = static_cast<std::uint32_t>(strtoul(after, nullptr, 10));
    sync.stopAfterWrite = true;
  }
}

// Started as root, workers become these users; better to know now that one is missing.
void checkUsers(const Configuration& configuration) {
  if (geteuid() != 0) return;
  for (const std::string* user :
       {&configuration.user, &configuration.local.net.user, &configuration.remote.net.user})
    if (getpwnam(user->c_str()) == nullptr) throw Failure(ExitStatus::config, "No such user: " + *user);
}

RunSettings runSettings(const Arguments& arguments, Configuration& configuration) {
  RunSettings run;
  run.workers = workerDirectory();
  SplitPath database = splitPath(resolvePath(kDataHome, "interimap", configuration.database));
  run.sync.databaseDirectory = database.directory;
  run.sync.databaseName = database.name;
  run.sync.mailboxes = arguments.mailboxes;
  run.sync.patterns = configuration.patterns;
  run.sync.selectionOptions = configuration.selectionOptions;
  run.sync.ignore = configuration.ignore;
  run.sync.localReference = configuration.local.reference;
  run.sync.remoteReference = configuration.remote.reference;
  run.sync.localAccount = accountName(configuration.local.net);
  run.sync.remoteAccount = accountName(configuration.remote.net);
  run.sync.debug = arguments.debug;
  run.sync.user = configuration.user;
  setStop(run.sync);
  for (settings::Net* net : {&configuration.local.net, &configuration.remote.net}) {
    net->debug = arguments.debug;
    if (arguments.debug > 0) net->nullStderr = false;
  }
  run.local = std::move(configuration.local.net);
  run.remote = std::move(configuration.remote.net);
  return run;
}

void warnOfReaders(Log& log, const std::string& path, const ConfigurationFile& file,
                   const Configuration& configuration) {
  bool secret = !configuration.local.net.password.empty() || !configuration.remote.net.password.empty();
  if (file.readableByOthers && secret)
    log.line(LogLevel::warning, path + " holds a password and can be read by others: chmod go-r it");
}

int synchronise(const Arguments& arguments) {
  std::string path = resolvePath(kConfigHome, "interimap", arguments.config);
  ConfigurationFile file = ConfigurationFile::read(path);
  Configuration configuration = Configuration::parse(file.text.reveal(), path);
  checkUsers(configuration);
  RunSettings settings = runSettings(arguments, configuration);

  bool progress = isatty(STDERR_FILENO) && !arguments.quiet && arguments.debug == 0;
  ProgressLine line(progress ? STDERR_FILENO : -1);
  Log log({configuration.logPrefix, configuration.logfile, arguments.quiet, arguments.debug > 0}, line);
  log.line(LogLevel::debug, ">>> interimap " VERSION);
  warnOfReaders(log, path, file, configuration);
  file.text.wipe();
  try {
    int status = Run(log, line).run(std::move(settings));
    log.line(LogLevel::debug, "Cleaning up...");
    return status;
  } catch (const Failure& failure) {
    log.line(LogLevel::error, failure.what());
    return static_cast<int>(failure.status);
  }
}

int start(std::span<const std::string_view> words) {
  auto parsed = parseArguments(words);
  if (auto error = std::get_if<UsageError>(&parsed)) return refuse(*error);
  const Arguments& arguments = std::get<Arguments>(parsed);
  if (arguments.version) {
    show(stdout, "interimap version " VERSION "\n");
    return 0;
  }
  if (arguments.help) {
    show(stderr, kHelp);
    return 0;
  }
  if (const char* option = notAvailable(arguments))
    return refuse({{std::string(option) + " is not available in this version"}, false});
  return synchronise(arguments);
}

}  // namespace
}  // namespace interimap

int main(int count, char** words) {
  using namespace interimap;
  cleanProcess();
  std::vector<std::string_view> arguments(words + (count > 0 ? 1 : 0), words + count);
  try {
    return start(arguments);
  } catch (const Failure& failure) {
    showLine(failure.what());
    return static_cast<int>(failure.status);
  } catch (const std::exception& bug) {
    showLine(std::string("ERROR: ") + bug.what());
    return static_cast<int>(ExitStatus::internal);
  }
}
