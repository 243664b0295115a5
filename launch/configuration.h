// interimap's configuration file, checked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/launch.h"
#include "ipc/secret.h"

namespace interimap {

struct Configuration {
  std::string database;  // as written, or "<remote host>.db"; paths.h resolves it
  std::optional<std::string> logfile;
  std::string logPrefix;
  std::string user;                   // the default section's; accounts have their own in settings::Net
  std::vector<std::string> patterns;  // list-mailbox
  std::vector<std::string> selectionOptions;
  std::optional<std::string> ignore;
  struct Account {
    settings::Net net;
    std::string reference;
  };
  Account local, remote;

  // Throws Failure(config) naming file and line.
  static Configuration parse(std::string_view text, const std::string& file);
};

struct ConfigurationFile {
  static constexpr std::size_t kMostOctets = 1 << 20;
  Secret text;
  bool readableByOthers = false;  // group or others

  // Throws Failure(config) "No such config file PATH" unless it is a regular file that can be read.
  static ConfigurationFile read(const std::string& path);
};

}  // namespace interimap
