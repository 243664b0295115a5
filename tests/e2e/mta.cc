// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/mta.h"

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <stdexcept>

#include "tests/e2e/port.h"
#include "tests/e2e/unpacked.h"

namespace interimap::bed {
namespace {

// Postfix and its libraries, which Debian 13 has under other names.
std::string packages() {
  return debianRelease() == "12" ? "postfix libnsl2 libtirpc3 libsasl2-2 libdb5.3 libicu72"
                                 : "postfix libnsl2 libtirpc3t64 libsasl2-2 libdb5.3t64 libicu76 libtlsrpt0";
}

constexpr auto kStartTimeout = std::chrono::seconds(20);
constexpr auto kStopTimeout = std::chrono::seconds(10);
constexpr std::size_t kMostSinkSessions = 100;
// Accounts that every Debian has, in place of "postfix" and "postdrop".
constexpr const char *kOwner = "daemon", *kGroup = "mail";

void waitFor(std::uint16_t port, BackgroundProcess& process, const std::function<std::string()>& why) {
  auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (!accepts(port)) {
    if (!process.running() || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("does not start: " + why());
    }
    poll(nullptr, 0, 10);
  }
}

void give(const fs::path& path, const char* owner, const char* group, mode_t mode) {
  const passwd* user = getpwnam(owner);
  const struct group* its = getgrnam(group);
  if (user == nullptr || its == nullptr || chown(path.c_str(), user->pw_uid, its->gr_gid) != 0) {
    throw std::runtime_error("chown " + path.string());
  }
  fs::permissions(path, static_cast<fs::perms>(mode));
}

}  // namespace

std::optional<fs::path> SmtpSink::program() {
  std::optional<fs::path> root = unpacked(packages());
  if (!root) return std::nullopt;
  return *root / "usr/sbin/smtp-sink";
}

SmtpSink::SmtpSink(const fs::path& program, const fs::path& directory, std::vector<std::string> options)
    : program_(program), directory_(makeDirectory(directory)), port_(freePort()) {
  restart(std::move(options));
}

void SmtpSink::restart(std::vector<std::string> options) {
  process_.end();
  lmtp_ = false;
  Command command{{program_.string(), "-d", (directory_ / "m.").string()},
                  {libraryPath(program_.parent_path().parent_path().parent_path())}};
  for (const std::string& option : options) {
    lmtp_ = lmtp_ || option == "-L";
    command.arguments.push_back(option);
  }
  command.arguments.push_back("127.0.0.1:" + std::to_string(port_));
  command.arguments.push_back(std::to_string(kMostSinkSessions));
  process_ = BackgroundProcess(command, directory_.string() + ".log");
  waitFor(port_, process_, [&] { return readFile(directory_.string() + ".log"); });
}

std::string SmtpSink::method() const {
  return std::string(lmtp_ ? "lmtp" : "smtp") + ":[127.0.0.1]:" + std::to_string(port_);
}

// Its own lines, X-Client-Addr and the like, a Received field, the message, and an empty line.
std::vector<std::string> SmtpSink::messages() const {
  std::vector<std::string> texts;
  for (const auto& entry : fs::directory_iterator(directory_)) {
    std::string text = readFile(entry.path());
    if (text.ends_with('\n')) text.pop_back();
    texts.push_back(std::move(text));
  }
  return texts;
}

void SmtpSink::clear() {
  for (const auto& entry : fs::directory_iterator(directory_)) fs::remove(entry.path());
}

std::optional<fs::path> Postfix::programs() {
  if (geteuid() != 0) {
    std::fprintf(stderr, "no Postfix: it is to be run by root\n");
    return std::nullopt;
  }
  return unpacked(packages());
}

Postfix::Postfix(const fs::path& root, const fs::path& directory, const Certificates& certificates,
                 std::uint16_t authPort, const Sink& sink)
    : root_(root), directory_(makeDirectory(directory)) {
  for (std::uint16_t& port : ports_) port = freePort();
  configure(certificates, authPort, sink);
  Command command{
      {(root_ / "usr/lib/postfix/sbin/master").string(), "-c", (directory_ / "etc").string(), "-d"},
      {libraryPath(root_)}};
  command.unprivileged = false;
  master_ = BackgroundProcess(command, directory_ / "stderr");
  for (std::uint16_t port : ports_) {
    waitFor(port, master_, [&] { return readFile(directory_ / "stderr") + log(); });
  }
}

Postfix::~Postfix() {
  master_.signal(SIGTERM);
  master_.wait(kStopTimeout);
}

void Postfix::configure(const Certificates& certificates, std::uint16_t authPort, const Sink& sink) const {
  const std::string d = directory_.string(), lib = (root_ / "usr/lib/postfix").string();
  fs::permissions(directory_, fs::perms(0755));
  fs::permissions(directory_.parent_path(), fs::perms(0711));  // Postfix's owner is not the mail user
  for (const char* part : {"etc", "data", "q"}) makeDirectory(directory_ / part);
  give(directory_ / "etc", "root", "root", 0755);
  give(directory_ / "q", "root", "root", 0755);
  give(directory_ / "data", kOwner, "root", 0700);
  for (const char* queue : {"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
                            "private", "saved", "trace"}) {
    makeDirectory(directory_ / "q" / queue);
    give(directory_ / "q" / queue, kOwner, "root", 0700);
  }
  for (const char* queue : {"maildrop", "public"}) {
    makeDirectory(directory_ / "q" / queue);
    give(directory_ / "q" / queue, kOwner, kGroup, 0730);
  }
  makeDirectory(directory_ / "q/pid");
  give(directory_ / "q/pid", "root", "root", 0755);

  const std::string recipients =
      "{tempfail@example.test=450 4.2.1 later}, {reject@example.test=550 5.7.1 no}";
  writeFile(
      directory_ / "etc/main.cf",
      "compatibility_level = 3.6\nqueue_directory = " + d + "/q\ndata_directory = " + d +
          "/data\ncommand_directory = " + (root_ / "usr/sbin").string() + "\ndaemon_directory = " + lib +
          "/sbin\nshlib_directory = " + lib + "\nmail_owner = " + kOwner + "\nsetgid_group = " + kGroup +
          "\nimport_environment = MAIL_CONFIG LD_LIBRARY_PATH\nmaillog_file = " + d +
          "/log\nmaillog_file_prefixes = /\nmyhostname = mx.example.test\nmydestination = example.test\n" +
          "inet_interfaces = 127.0.0.1\nmynetworks = 127.0.0.0/8\nalias_maps =\nlocal_recipient_maps =\n" +
          "local_transport = lmtp:inet:127.0.0.1:" + std::to_string(sink.port()) +
          "\ndefault_transport = error:5.4.1 no outside mail\nsmtp_host_lookup = native\n" +
          "lmtp_line_length_limit = 0\nsmtp_line_length_limit = 0\nmessage_size_limit = 1000000\n" +
          "local_header_rewrite_clients =\nlmtp_host_lookup = native\n" +
          "smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject\n" +
          "smtpd_recipient_restrictions = check_recipient_access inline:{ " + recipients +
          " }, permit_mynetworks, reject\nsmtpd_tls_cert_file = " + certificates.server().string() +
          "\nsmtpd_tls_key_file = " + certificates.key().string() +
          "\nsmtpd_tls_security_level = may\nsmtpd_tls_auth_only = yes\nsmtpd_sasl_type = dovecot\n" +
          "smtpd_sasl_path = inet:127.0.0.1:" + std::to_string(authPort) + "\nsmtpd_peername_lookup = no\n",
      0644);
  auto listener = [&](int i, const std::string& options) {
    return "127.0.0.1:" + std::to_string(ports_[i]) + " inet n - n - - smtpd" + options + "\n";
  };
  const std::string login =
      " -o smtpd_sasl_auth_enable=yes -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject";
  // The key that it knows, whatever a certificate says of it: as Postfix spells digests, 0A:1B:...
  std::string pin;
  for (const char c : certificates.pin()) {
    if (pin.size() % 3 == 2) pin += ':';
    pin += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  const std::string certified =
      " -o smtpd_tls_ask_ccert=yes -o smtpd_tls_fingerprint_digest=sha256 -o relay_clientcerts=inline:{" +
      pin + "=bob} -o smtpd_recipient_restrictions=permit_tls_clientcerts,reject";
  std::string services =
      listener(0, "") + listener(1, login + " -o smtpd_tls_security_level=encrypt") +
      listener(2, login + " -o smtpd_tls_wrappermode=yes") +
      listener(3,
               " -o smtpd_tls_security_level=none -o smtpd_discard_ehlo_keywords=chunking,smtputf8,8bitmime,"
               "pipelining,size,dsn,etrn,vrfy,enhancedstatuscodes") +
      listener(4, certified + " -o smtpd_tls_security_level=encrypt") +
      listener(5, certified + " -o smtpd_tls_wrappermode=yes");
  for (const char* service :
       {"cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr", "tlsmgr unix - - n 1000? 1 tlsmgr",
        "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce",
        "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce", "proxymap unix - - n - - proxymap",
        "error unix - - n - - error", "retry unix - - n - - error", "lmtp unix - - n - - lmtp",
        "anvil unix - - n - 1 anvil", "postlog unix-dgram n - n - 1 postlogd"}) {
    services += std::string(service) + "\n";
  }
  writeFile(directory_ / "etc/master.cf", services, 0644);
  for (const char* file : {"etc/main.cf", "etc/master.cf"}) give(directory_ / file, "root", "root", 0644);
}

}  // namespace interimap::bed
