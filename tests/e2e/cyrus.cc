// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/cyrus.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "tests/e2e/dovecot.h"
#include "tests/e2e/port.h"
#include "tests/e2e/unpacked.h"

namespace interimap::bed {
namespace {

constexpr const char* kPackages =
    "cyrus-common cyrus-imapd sasl2-bin libical3 libxapian30 libzephyr4 libclamav12 libmspack0";
constexpr const char* kBinaries = "/usr/lib/cyrus/bin/";
constexpr auto kStartTimeout = std::chrono::seconds(20);

}  // namespace

std::optional<fs::path> Cyrus::programs() {
  if (debianRelease() != "12") {
    std::fprintf(stderr, "no Cyrus 3.6: Debian 12 has it\n");
    return std::nullopt;
  }
  std::optional<fs::path> unpackedPackages = unpacked(kPackages);
  if (!unpackedPackages) return std::nullopt;
  const fs::path& root = *unpackedPackages;
  if (!run({{(root / "usr/sbin/cyrmaster").string(), "-V"},
            {"LD_LIBRARY_PATH=" + (root / "usr/lib/x86_64-linux-gnu").string()}})
           .succeeded() &&
      access((root / "usr/sbin/cyrmaster").c_str(), X_OK) != 0) {
    std::fprintf(stderr, "no Cyrus: %s cannot be executed\n", root.c_str());
    return std::nullopt;
  }
  return root;
}

std::string Cyrus::seen(const fs::path& path) const {
  return debian_ ? debian_->inside(path) : path.string();
}

Command Cyrus::command(std::vector<std::string> arguments) const {
  if (debian_) return debian_->command(std::move(arguments));
  return {std::move(arguments), {"LD_LIBRARY_PATH=" + (programs_ / "usr/lib/x86_64-linux-gnu").string()}};
}

Outcome Cyrus::execute(std::vector<std::string> arguments, const std::string& input) const {
  Command complete = command(arguments);
  complete.input = input;
  Outcome outcome = run(complete);
  if (!outcome.succeeded()) throw std::runtime_error(arguments.front() + ": " + outcome.errors);
  return outcome;
}

// It may see no other files than those below its own directory.
std::string Cyrus::tlsConfiguration() const {
  std::string text = "allowstarttls: on\n";  // 3.10 has to be told
  for (const auto& [key, file] :
       {std::pair("tls_server_cert", options_.certificate), std::pair("tls_server_key", options_.key),
        std::pair("tls_client_ca_file", options_.authority)}) {
    if (file.empty()) continue;
    const fs::path copy = directory_ / key;
    writeFile(copy, readFile(file));
    text += key + (": " + seen(copy)) + "\n";
  }
  return text;
}

void Cyrus::writeConfiguration() const {
  const std::string d = seen(directory_), bin = programs_.string() + kBinaries;
  auto service = [&](const std::string& name, const std::string& command, std::uint16_t port) {
    return " " + name + " cmd=\"" + bin + command + " -C " + d +
           "/imapd.conf\" listen=\"127.0.0.1:" + std::to_string(port) + "\"\n";
  };
  writeFile(
      directory_ / "imapd.conf",
      "configdirectory: " + d + "/conf\npartition-default: " + d + "/spool\ndefaultpartition: default\n" +
          "proc_path: " + d + "/proc\nmboxname_lockpath: " + d + "/lock\ncyrus_user: " + mailUser().name +
          "\ncyrus_group: " + mailUser().group +
          "\nservername: localhost\naltnamespace: yes\nunixhierarchysep: yes\nallowplaintext: yes\n" +
          "munge8bit: no\nsasl_pwcheck_method: auxprop\nsasl_auxprop_plugin: sasldb\nsasl_sasldb_path: " + d +
          "/sasldb2\nsasl_mech_list: " + options_.mechanisms +
          "\nautocreate_quota: 0\ndelete_mode: immediate\n" +
          "expunge_mode: immediate\nconversations: yes\nidlesocket: " + d + "/sock/idle\nlmtpsocket: " + d +
          "/sock/lmtp\nnotifysocket: " + d + "/sock/notify\nlmtp_admins: alice bob\n" + tlsConfiguration());
  writeFile(directory_ / "cyrus.conf", "START {\n recover cmd=\"" + bin + "ctl_cyrusdb -C " + d +
                                           "/imapd.conf -r\"\n}\nDAEMON {\n idled cmd=\"" + bin +
                                           "idled -C " + d + "/imapd.conf -d\"\n}\nSERVICES {\n" +
                                           service("imap", "imapd", imap_) +
                                           (imaps_ == 0 ? "" : service("imaps", "imapd -s", imaps_)) +
                                           service("lmtp", "lmtpd", lmtp_) + "}\n");
}

Cyrus::Cyrus(const fs::path& programs, const fs::path& directory, CyrusOptions options)
    : programs_(programs), directory_(makeDirectory(directory)), options_(std::move(options)) {
  prepareAndStart();
}

Cyrus::Cyrus(const Debian13& debian, const fs::path& directory, CyrusOptions options)
    : debian_(debian), directory_(makeDirectory(directory)), options_(std::move(options)) {
  prepareAndStart();
}

void Cyrus::prepareAndStart() {
  for (const char* part :
       {"conf/db", "conf/socket", "conf/log", "conf/msg", "conf/proc", "conf/ptclient", "conf/lock",
        "conf/quota", "conf/user", "conf/sync", "spool", "sock", "lock", "proc"}) {
    makeDirectory(directory_ / part);
  }
  imap_ = freePort();
  if (!options_.certificate.empty()) imaps_ = freePort();
  lmtp_ = freePort();
  writeConfiguration();
  for (const char* user : {"alice", "bob"}) {
    execute({programs_.string() + "/usr/sbin/saslpasswd2", "-p", "-c", "-f", seen(directory_ / "sasldb2"),
             "-u", "localhost", user},
            kPassword);
  }
  Command master = command({programs_.string() + "/usr/sbin/cyrmaster", "-C", seen(directory_ / "imapd.conf"),
                            "-M", seen(directory_ / "cyrus.conf"), "-p", seen(directory_ / "master.pid")});
  master_ = BackgroundProcess(master, directory_ / "stderr");
  auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (!accepts(imap_)) {
    if (!master_.running() || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("Cyrus does not start: " + readFile(directory_ / "stderr"));
    }
    poll(nullptr, 0, 10);
  }
}

ImapClient Cyrus::client(const std::string& user) const { return ImapClient(imap_, user, kPassword); }

}  // namespace interimap::bed
