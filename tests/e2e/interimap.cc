// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/interimap.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace interimap::bed {
namespace {

constexpr const char* kReference = "/usr/bin/interimap";

std::string namedProgram() {
  const char* named = getenv("INTERIMAP_BIN");
  return fs::absolute(named != nullptr && *named != '\0' ? named : "build/bin/interimap");
}

// Everybody may search all directories above.
bool reachable(fs::path path) {
  for (path = path.parent_path();; path = path.parent_path()) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0 || (status.st_mode & S_IXOTH) == 0) return false;
    if (path == path.root_path()) return true;
  }
}

// A build tree below /root is closed to the mail user.
struct Copy {
  Directory directory;
  explicit Copy(const fs::path& program) {
    fs::path tree = program.parent_path().parent_path();
    for (const char* part : {"bin", "libexec"}) copyTree(tree / part, directory / part);
    fs::permissions(directory.path(), fs::perms(0711));
  }
};

}  // namespace

std::string Account::text() const {
  std::string result = "type = " + type + "\n";
  if (type == "tunnel") {
    result += "command = " + command + "\n";
  } else {
    result += "host = " + host + "\nport = " + std::to_string(port) + "\nusername = " + user + "\n";
    if (!password.empty()) result += "password = " + password + "\n";
  }
  for (const std::string& line : more) result += line + "\n";
  return result;
}

Account cleartext(std::uint16_t port, const std::string& user) {
  return {.port = port, .user = user, .more = {"STARTTLS = NO"}};
}

Account tunnel(const std::string& command) { return {.type = "tunnel", .command = command}; }

std::vector<std::string> Run::commands(std::string_view side) const {
  std::vector<std::string> result;
  std::istringstream lines(errors);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(side)) continue;
    std::size_t mark = line.find(": C: ");
    if (mark == std::string::npos || mark > side.size() + 200) continue;
    std::size_t blank = line.find(' ', mark + 5);
    if (blank == std::string::npos || line.compare(mark + 5, 5, "[...]") == 0) continue;
    result.push_back(line.substr(blank + 1));
  }
  return result;
}

std::string Run::changes() const {
  std::string result;
  for (const char* side : {"local", "remote"}) {
    for (const std::string& command : commands(side)) {
      for (const char* verb : {"APPEND ", "UID STORE ", "UID EXPUNGE ", "EXPUNGE", "CREATE ", "DELETE ",
                               "RENAME ", "SUBSCRIBE ", "UNSUBSCRIBE "}) {
        if (command.starts_with(verb)) result += std::string(side) + ": " + command + "\n";
      }
      if (command.find("BODY.PEEK[]") != std::string::npos)
        result += std::string(side) + ": " + command + "\n";
    }
  }
  return result;
}

bool Run::sent(std::string_view verb) const {
  for (const char* side : {"local", "remote"}) {
    for (const std::string& command : commands(side)) {
      if (command.starts_with(verb)) return true;
    }
  }
  return false;
}

std::string programPath() {
  static const std::string named = namedProgram();
  if (access(named.c_str(), X_OK) != 0) throw std::runtime_error("no program " + named + " (INTERIMAP_BIN)");
  if (geteuid() != 0 || reachable(named)) return named;
  static const Copy copy{fs::path(named)};
  return copy.directory / "bin/interimap";
}

bool isReference() { return namedProgram() == kReference; }

bool isSanitized() {
  static const bool is = readFile(namedProgram()).find("__asan_init") != std::string::npos;
  return is;
}

Interimap::Interimap(const fs::path& directory, Account local, Account remote,
                     std::vector<std::string> options)
    : directory_(makeDirectory(directory)) {
  text_ = "database = bed.db\n";
  for (const std::string& line : options) text_ += line + "\n";
  text_ += "[local]\n" + local.text() + "[remote]\n" + remote.text();
  for (const char* part : {"home", "config/interimap", "data/interimap"}) makeDirectory(directory_ / part);
  configure(text_);
}

void Interimap::startAsRoot() {
  asRoot_ = true;
  for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
    if (lchown(entry.path().c_str(), 0, 0) != 0) throw std::runtime_error("chown " + entry.path().string());
  }
}

void Interimap::configure(const std::string& text) const {
  writeFile(directory_ / "config/interimap/config", text);
}

Command Interimap::command(const std::string& program, std::vector<std::string> arguments) const {
  Command command;
  command.arguments = {program};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  command.unprivileged = !asRoot_;
  const std::string d = directory_.string();
  command.environment = {"HOME=" + d + "/home", "XDG_CONFIG_HOME=" + d + "/config",
                         "XDG_DATA_HOME=" + d + "/data"};
  return command;
}

Run Interimap::run(std::vector<std::string> arguments, std::vector<std::string> environment) const {
  Command complete = command(programPath(), std::move(arguments));
  complete.environment.insert(complete.environment.end(), environment.begin(), environment.end());
  return Run{bed::run(complete)};
}

Run Interimap::runWith(const std::string& program, std::vector<std::string> arguments) const {
  return Run{bed::run(command(program, std::move(arguments)))};
}

BackgroundProcess Interimap::runInBackground(std::vector<std::string> arguments) const {
  return BackgroundProcess(command(programPath(), std::move(arguments)), directory_ / "stderr");
}

}  // namespace interimap::bed
