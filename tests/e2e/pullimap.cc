// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/pullimap.h"

namespace interimap::bed {

std::string PullAccount::text() const {
  std::string result = "[" + name + "]\n" + imap.text();
  for (const std::string& line : more) result += line + "\n";
  return result;
}

Pullimap::Pullimap(const fs::path& directory, std::vector<PullAccount> accounts,
                   std::vector<std::string> options)
    : directory_(makeDirectory(directory)) {
  for (const char* part : {"home", "config/pullimap", "data/pullimap"}) makeDirectory(directory_ / part);
  configure(std::move(accounts), std::move(options));
}

void Pullimap::configure(std::vector<PullAccount> accounts, std::vector<std::string> options) {
  accounts_ = std::move(accounts);
  std::string text;
  for (const std::string& line : options) text += line + "\n";
  for (const PullAccount& account : accounts_) text += account.text();
  writeFile(directory_ / "config/pullimap/config", text);
}

Command Pullimap::command(const std::string& program, std::vector<std::string> arguments) const {
  Command command;
  if (arguments.empty()) arguments = {"--debug", accounts_.front().name};
  command.arguments = {program};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  const std::string d = directory_.string();
  command.environment = {"HOME=" + d + "/home", "XDG_CONFIG_HOME=" + d + "/config",
                         "XDG_DATA_HOME=" + d + "/data"};
  return command;
}

Run Pullimap::run(std::vector<std::string> arguments, std::vector<std::string> environment) const {
  std::string program = fs::path(programPath()).replace_filename("pullimap");
  Command complete = command(program, std::move(arguments));
  complete.environment.insert(complete.environment.end(), environment.begin(), environment.end());
  return Run{bed::run(complete)};
}

Run Pullimap::runPerl(std::vector<std::string> arguments) const {
  return Run{bed::run(command(kPerlPull, std::move(arguments)))};
}

BackgroundProcess Pullimap::runInBackground(std::vector<std::string> arguments) const {
  std::string program = fs::path(programPath()).replace_filename("pullimap");
  return BackgroundProcess(command(program, std::move(arguments)), directory_ / "stderr");
}

}  // namespace interimap::bed
