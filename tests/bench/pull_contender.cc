// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/pull_contender.h"

#include <unistd.h>

#include "tests/bench/packaged.h"
#include "tests/e2e/dovecot.h"
#include "tests/e2e/pullimap.h"

namespace interimap::bench {
namespace {

constexpr auto kTimeout = std::chrono::minutes(10);
constexpr const char* kPython = "/usr/bin/python3";
constexpr const char* kRecipient = "alice@example.test";

bed::Command timed(bed::Command command) {
  command.timeout = kTimeout;
  return command;
}

// Ours and the Perl program read the same configuration.
bed::Command pullimapCommand(const PullSetting& setting, const std::string& program) {
  bed::Pullimap pullimap(setting.directory, {{"bench", bed::cleartext(setting.imap, setting.user)}},
                         {std::string("deliver-method = ") + (setting.lmtp ? "lmtp" : "smtp") +
                              ":[127.0.0.1]:" + std::to_string(setting.sink),
                          std::string("deliver-rcpt = ") + kRecipient});
  return timed(pullimap.command(program, {"--quiet", "bench"}));
}

bed::Command fetchmailCommand(const PullSetting& setting, const PackagedProgram& program) {
  const fs::path file = setting.directory / "fetchmailrc";
  bed::writeFile(file, "set no syslog\nset no bouncemail\npoll 127.0.0.1 protocol IMAP auth password port " +
                           std::to_string(setting.imap) + "\n user \"" + setting.user + "\" password \"" +
                           bed::kPassword + "\" sslproto \"\" smtphost \"127.0.0.1/" +
                           std::to_string(setting.sink) + "\" smtpname \"" + kRecipient +
                           "\" fetchall keep no rewrite" + (setting.lmtp ? " lmtp" : "") + "\n");
  bed::Command command{{program.path, "--silent", "--nosyslog", "-f", file.string()}, program.environment};
  command.environment.push_back("FETCHMAILHOME=" + setting.directory.string());
  return timed(std::move(command));
}

std::optional<bed::Command> getmailCommand(const PullSetting& setting, const PackagedProgram& program) {
  if (!setting.lmtp) return std::nullopt;
  bed::writeFile(
      setting.directory / "getmailrc",
      "[retriever]\ntype = SimpleIMAPRetriever\nserver = 127.0.0.1\nport = " + std::to_string(setting.imap) +
          "\nusername = " + setting.user + "\npassword = " + bed::kPassword +
          "\n[destination]\ntype = MDA_lmtp\nhost = 127.0.0.1\nport = " + std::to_string(setting.sink) +
          "\noverride = " + kRecipient + "\n[options]\nread_all = true\ndelete = false\nverbose = 0\n");
  bed::Command command{{kPython, program.path, "--getmaildir=" + setting.directory.string(), "--quiet"},
                       program.environment};
  return timed(std::move(command));
}

bed::Command sourceCommand(const PullSetting& setting, const PackagedProgram& program) {
  std::vector<std::string> arguments{program.path, "-d",
                                     "-s",         "1",
                                     "-m",         std::to_string(setting.messages),
                                     "-l",         std::to_string(setting.octets / setting.messages),
                                     "-f",         "bob@example.test",
                                     "-t",         kRecipient};
  if (setting.lmtp) arguments.emplace_back("-L");
  arguments.push_back("127.0.0.1:" + std::to_string(setting.sink));
  return timed({std::move(arguments), program.environment});
}

}  // namespace

std::vector<std::string> pullContenderNames() {
  return {"smtp-source", "pullimap", "perl", "fetchmail", "getmail"};
}

std::vector<PullContender> pullContenders() {
  std::vector<PullContender> all;
  if (auto source = PackagedProgram::find("/usr/sbin/smtp-source", kPostfixPackages)) {
    all.push_back(
        {.name = "smtp-source",
         .title = "smtp-source",
         .remark = "Postfix's load generator: no IMAP at all; messages of equal size out of its memory, one "
                   "connection",
         .floor = true,
         .prepare = [=](const PullSetting& s) { return sourceCommand(s, *source); }});
  }
  all.push_back(
      {.name = "pullimap", .title = "pullimap", .remark = "ours", .prepare = [](const PullSetting& s) {
         return pullimapCommand(s, fs::path(bed::programPath()).replace_filename("pullimap"));
       }});
  if (access(bed::kPerlPull, X_OK) == 0) {
    all.push_back({.name = "perl",
                   .title = "pullimap (Perl)",
                   .remark = "the same configuration file",
                   .slow = true,
                   .prepare = [](const PullSetting& s) { return pullimapCommand(s, bed::kPerlPull); }});
  }
  if (auto fetchmail = PackagedProgram::find("/usr/bin/fetchmail", "fetchmail")) {
    all.push_back({.name = "fetchmail",
                   .title = "fetchmail",
                   .remark = "fetchall, keep; adds a Received field",
                   .slow = true,
                   .prepare = [=](const PullSetting& s) { return fetchmailCommand(s, *fetchmail); }});
  }
  if (access(kPython, X_OK) != 0) return all;
  if (auto getmail = PackagedProgram::find("/usr/bin/getmail", "getmail6")) {
    all.push_back({.name = "getmail",
                   .title = "getmail",
                   .remark = "version 6, MDA_lmtp: it has no SMTP; adds header fields",
                   .prepare = [=](const PullSetting& s) { return getmailCommand(s, *getmail); }});
  }
  return all;
}

}  // namespace interimap::bench
