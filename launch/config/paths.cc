// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/paths.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "ipc/failure.h"
#include "launch/config/key.h"

namespace interimap {

const BaseDirectory kConfigHome{"XDG_CONFIG_HOME", ".config", ExitStatus::config, "--config"};
const BaseDirectory kDataHome{"XDG_DATA_HOME", ".local/share", ExitStatus::cantCreate,
                              "the key database or statefile"};

namespace {

bool isSet(const char* variable) {
  const char* value = getenv(variable);
  return value && *value;
}

// What has to be there: what the environment names.
std::string existingBase(const BaseDirectory& base) {
  return isSet(base.variable) ? getenv(base.variable) : isSet("HOME") ? getenv("HOME") : "";
}

}  // namespace

std::string baseDirectory(const BaseDirectory& base) {
  const char* value = getenv(base.variable);
  if (value && *value) return value;
  const char* home = getenv("HOME");
  return std::string(home ? home : "") + "/" + base.fallback;
}

std::string resolvePath(const BaseDirectory& base, const std::string& program, const std::string& path) {
  if (path.empty()) throw Failure(ExitStatus::config, std::string("Insecure: ") + base.instead + " is empty");
  if (!isText(path)) throw Failure(ExitStatus::config, "Insecure " + path + ": control characters in a name");
  if (path[0] == '/') return path;
  std::string directory = baseDirectory(base);
  if (!isSet(base.variable) && !isSet("HOME"))
    throw Failure(base.trouble, "No such directory: neither HOME nor " + std::string(base.variable) +
                                    " is set; " + base.instead + " as an absolute path will do without");
  if (directory[0] != '/' || !isText(directory))
    throw Failure(base.trouble, "Insecure " + directory + ": " +
                                    (isSet(base.variable) ? base.variable : "HOME") +
                                    " has to be an absolute path");
  // That of data is made when something is to be written there, ~/.local/share with it.
  bool wanted = base.variable == std::string_view(kConfigHome.variable);
  const std::string there = wanted ? directory : existingBase(base);
  if (!isDirectory(there)) throw Failure(base.trouble, "No such directory: " + there);
  directory += "/" + program;
  if (wanted && mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    throw Failure(base.trouble, "Couldn't create " + directory + ": " + strerror(errno));
  return directory + "/" + path;
}

SplitPath splitPath(const std::string& path) {
  auto slash = path.rfind('/');
  std::string name = path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..")
    throw Failure(ExitStatus::config, path + ": a directory, not a file");
  return {slash == 0 ? "/" : path.substr(0, slash), name};
}

bool isDirectory(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

void requireDirectory(const std::string& directory) {
  struct stat status {};
  const bool ours = directory.starts_with(baseDirectory(kDataHome) + "/");
  // Each of the directories above it that are below the base, and then itself.
  for (auto slash = existingBase(kDataHome).size() + 1; ours && slash != directory.npos;) {
    slash = directory.find('/', slash + 1);
    std::string above = directory.substr(0, slash);
    if (mkdir(above.c_str(), 0700) != 0 && errno != EEXIST)
      throw Failure(ExitStatus::cantCreate, "Couldn't create " + above + ": " + strerror(errno));
  }
  if (stat(directory.c_str(), &status) != 0)
    throw Failure(
        ExitStatus::cantCreate,
        (errno == ENOENT ? "No such directory: " : std::string(strerror(errno)) + ": ") + directory);
  if (!S_ISDIR(status.st_mode)) throw Failure(ExitStatus::cantCreate, "Not a directory: " + directory);
}

std::string workerDirectory() {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0 || length == sizeof path)
    throw Failure(ExitStatus::internal, std::string("/proc/self/exe: ") + strerror(errno));
  std::string program(path, static_cast<std::size_t>(length));
  for (int level = 0; level < 2; ++level) program.resize(program.rfind('/'));  // the file, then its "bin"
  return program + "/libexec/interimap";
}

}  // namespace interimap
