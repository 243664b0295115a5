// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/contender.h"

#include <unistd.h>

#include "tests/bench/floor.h"
#include "tests/e2e/interimap.h"

namespace interimap::bench {
namespace {

constexpr const char* kReference = "/usr/bin/interimap";
constexpr const char* kMbsync = "/usr/bin/mbsync";
constexpr auto kTimeout = std::chrono::minutes(60);

bool isInstalled(const char* program) { return access(program, X_OK) == 0; }

bed::Account account(const Setting& setting, std::uint16_t port) {
  bed::Account result = bed::cleartext(port, setting.user);
  if (setting.tls) {
    result = {.type = "imaps",
              .port = port,
              .user = setting.user,
              .more = {"SSL_CAfile = " + setting.stores.authority().string(), "SSL_protocol_min = TLSv1.3"}};
  }
  // Not by itself: neither program compresses to a local account, and ours takes for near who answers TCP's
  // handshake at once, as the relay does.
  if (setting.compresses) result.more.push_back("compress = YES");
  return result;
}

bed::Command timed(bed::Command command) {
  command.timeout = kTimeout;
  return command;
}

// Only ours pairs what is on both sides already.
bool recovers(const Setting& setting) {
  return setting.work == Work::adopt || setting.work == Work::renumbered;
}

// Ours and the Perl program read the same configuration.
std::optional<bed::Command> interimapCommand(const Setting& setting, const std::string& program,
                                             std::vector<std::string> options = {}) {
  bed::Interimap interimap(setting.directory, account(setting, setting.local),
                           account(setting, setting.remote), std::move(options));
  std::vector<std::string> arguments{"--quiet"};
  if (setting.work == Work::adopt) {
    fs::remove(interimap.database());
    arguments.push_back("--adopt");
  }
  return timed(interimap.command(program, arguments));
}

std::optional<bed::Command> mbsyncCommand(const Setting& setting) {
  if (recovers(setting)) return std::nullopt;
  auto store = [&](const char* name, std::uint16_t port) {
    return "IMAPStore " + std::string(name) + "\nHost localhost\nPort " + std::to_string(port) + "\nUser " +
           setting.user + "\nPass " + bed::kPassword + "\nAuthMechs PLAIN\n" +
           (setting.tls ? "SSLType IMAPS\nSSLVersions TLSv1.3\nCertificateFile " +
                              setting.stores.authority().string() + "\n"
                        : "SSLType None\n") +
           "\n";
  };
  bed::makeDirectory(setting.directory / "state");
  const fs::path file = setting.directory / "mbsyncrc";
  bed::writeFile(
      file, store("far", setting.local) + store("near", setting.remote) +
                "Channel all\nFar :far:\nNear :near:\nPatterns * INBOX\nCreate Both\nExpunge Both\n" +
                "CopyArrivalDate yes\nSync All\nSyncState " + (setting.directory / "state/").string() + "\n");
  return timed({{kMbsync, "-q", "-c", file.string(), "all"}, {"HOME=" + setting.directory.string()}});
}

// Not by IMAP: each half reads its own mail store.
std::optional<bed::Command> dsyncCommand(const Setting& setting) {
  if (recovers(setting) || setting.tls || setting.level != Level::all ||
      setting.local != setting.stores.local.imap())
    return std::nullopt;
  // A doveadm that finds the other's configuration in its environment would not read its own.
  return timed({{"doveadm", "-c", setting.stores.local.configuration().string(), "sync", "-u", setting.user,
                 "/usr/bin/env", "-i", "/usr/bin/doveadm", "-c",
                 setting.stores.remote.configuration().string(), "dsync-server", "-u", setting.user},
                {}});
}

std::optional<bed::Command> floorCommand(const Setting& setting, Floor::Half half) {
  const bool looks = half == Floor::Half::look || half == Floor::Half::lookAtAll;
  if (setting.work != (looks ? Work::idle : Work::first)) return std::nullopt;
  // Without mod-sequences all flags have to be looked at.
  if (looks && (setting.level == Level::bare) != (half == Floor::Half::lookAtAll)) return std::nullopt;
  Floor floor{half,           setting.local, setting.remote, setting.user, setting.mailboxes,
              setting.script, setting.tls};
  bed::Command command{{fs::read_symlink("/proc/self/exe").string()}, {}};
  for (std::string& argument : floor.arguments()) command.arguments.push_back(std::move(argument));
  command.unprivileged = false;  // it reads the script, and the build tree may be closed to others
  return timed(std::move(command));
}

Contender floorContender(const char* name, const char* title, const char* remark, Floor::Half half) {
  return {name, title, remark, false, [half](const Setting& setting) { return floorCommand(setting, half); }};
}

}  // namespace

std::vector<Contender> contenders() {
  std::vector<Contender> all;
  all.push_back(floorContender(
      "floor", "floor", "raw client: FETCHes all from local while it MULTIAPPENDs all to remote from a file",
      Floor::Half::both));
  all.push_back(floorContender(
      "floor-look", "floor", "raw client: AUTHENTICATE, ENABLE and LIST in one flight, both servers at once",
      Floor::Half::look));
  all.push_back(floorContender(
      "floor-look-at-all", "floor",
      "raw client: LOGIN, LIST, and of each mailbox STATUS, EXAMINE and all flags, in one flight",
      Floor::Half::lookAtAll));
  all.push_back(floorContender("floor-fetch", "  FETCH alone", "one half of the floor", Floor::Half::fetch));
  all.push_back(floorContender("floor-append", "  APPEND alone", "the other half", Floor::Half::append));
  all.push_back({"interimap", "interimap", "ours", true,
                 [](const Setting& s) { return interimapCommand(s, bed::programPath()); }});
  for (const char* number : {"2", "4", "8"}) {
    all.push_back({std::string("interimap-") + number, std::string("interimap, ") + number,
                   "ours over so many connections to either server", true,
                   [option = std::string("connections = ") + number](const Setting& s) {
                     return s.several ? interimapCommand(s, bed::programPath(), {option}) : std::nullopt;
                   }});
  }
  all.push_back({"interimap-moves", "interimap, moves", "ours with moves = yes", true, [](const Setting& s) {
                   return s.moves ? interimapCommand(s, bed::programPath(), {"moves = yes"}) : std::nullopt;
                 }});
  if (isInstalled(kReference)) {
    all.push_back({"perl", "interimap (Perl)", "the same configuration file", true, [](const Setting& s) {
                     return recovers(s) || s.level != Level::all ? std::nullopt
                                                                 : interimapCommand(s, kReference);
                   }});
  }
  if (isInstalled(kMbsync)) {
    all.push_back(
        {"mbsync", "mbsync",
         "CopyArrivalDate, Expunge Both; synchronises neither keywords nor subscriptions, and adds a header "
         "field X-TUID to every copy",
         true, mbsyncCommand});
  }
  all.push_back(
      {"dsync", "doveadm sync",
       "no IMAP, no server: two processes on the two mail stores, a pipe between them; its processor "
       "time and memory include the storage's; keeps no state",
       true, dsyncCommand});
  return all;
}

}  // namespace interimap::bench
