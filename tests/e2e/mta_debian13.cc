// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// OpenSMTPD and Exim, in a tree of Debian 13 that is their root.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "tests/e2e/mta.h"
#include "tests/e2e/port.h"

namespace interimap::bed {
namespace {

constexpr auto kStartTimeout = std::chrono::seconds(20);
constexpr auto kStopTimeout = std::chrono::seconds(10);

fs::path rootOf(const Debian13& debian) { return debian.servers().parent_path(); }

// As root, in the tree.
Command asRoot(const Debian13& debian, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(),
                   {"chroot", rootOf(debian).string(), "/usr/bin/setpriv", "--pdeathsig=TERM", "--"});
  Command command{std::move(arguments), {}};
  command.unprivileged = false;
  return command;
}

void rootOwns(const fs::path& path, mode_t mode) {
  if (chown(path.c_str(), 0, 0) != 0) throw std::runtime_error("chown " + path.string());
  fs::permissions(path, static_cast<fs::perms>(mode));
}

void waitFor(std::uint16_t port, BackgroundProcess& process, const fs::path& errors) {
  auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (!accepts(port)) {
    if (!process.running() || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("does not start: " + readFile(errors));
    }
    poll(nullptr, 0, 10);
  }
}

}  // namespace

std::optional<Debian13> debianForMta() {
  if (geteuid() != 0) {
    std::fprintf(stderr, "no OpenSMTPD and Exim: they are to be started by root\n");
    return std::nullopt;
  }
  return Debian13::find();
}

OpenSmtpd::OpenSmtpd(const Debian13& debian, const fs::path& directory, const Sink& sink)
    : directory_(makeDirectory(directory)), port_(freePort()) {
  lock_ = open((rootOf(debian).string() + ".opensmtpd").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock_ < 0 || flock(lock_, LOCK_EX) != 0) throw std::runtime_error("cannot lock OpenSMTPD's spool");
  fs::remove_all(rootOf(debian) / "var/spool/smtpd");
  fs::create_directories(rootOf(debian) / "var/spool");
  // It wants authorities to trust for relaying, which is without TLS here.
  const fs::path authorities = rootOf(debian) / "etc/ssl/certs/ca-certificates.crt";
  fs::create_directories(authorities.parent_path());
  if (!fs::exists(authorities)) writeFile(authorities, "", 0644);
  writeFile(directory_ / "smtpd.conf",
            "listen on 127.0.0.1 port " + std::to_string(port_) +
                "\naction \"l\" relay host \"lmtp://127.0.0.1:" + std::to_string(sink.port()) + "\"\n" +
                "match from any for domain \"example.test\" action \"l\"\n");
  rootOwns(directory_ / "smtpd.conf", 0600);
  process_ = BackgroundProcess(
      asRoot(debian, {"/usr/sbin/smtpd", "-d", "-f", debian.inside(directory_ / "smtpd.conf")}),
      directory_ / "stderr");
  waitFor(port_, process_, directory_ / "stderr");
}

OpenSmtpd::~OpenSmtpd() {
  process_.signal(SIGTERM);
  process_.wait(kStopTimeout);
  close(lock_);
}

Exim::Exim(const Debian13& debian, const fs::path& directory, const Sink& sink)
    : directory_(makeDirectory(directory)), port_(freePort()) {
  const std::string d = debian.inside(directory_);
  fs::permissions(directory_, fs::perms(0777));  // its user is one of the tree's
  writeFile(directory_ / "exim.conf",
            "primary_hostname = mx.example.test\nspool_directory = " + d + "/spool\nlog_file_path = " + d +
                "/log-%s\npid_file_path = " + d + "/pid\ndaemon_smtp_ports = " + std::to_string(port_) +
                "\nlocal_interfaces = 127.0.0.1\nacl_smtp_rcpt = check\nhost_lookup =\n"
                "smtp_accept_queue_per_connection = 0\nrfc1413_query_timeout = 0s\ntls_advertise_hosts "
                "=\nnever_users =\nkeep_environment =\n"
                "begin acl\ncheck:\n  accept domains = example.test\n  deny\n"
                "begin routers\nall:\n  driver = manualroute\n  transport = l\n"
                "  route_list = * 127.0.0.1 byname\n  self = send\n"
                "begin transports\nl:\n  driver = smtp\n  protocol = lmtp\n  port = " +
                std::to_string(sink.port()) +
                "\n  allow_localhost\n  message_linelength_limit = 1G\n  hosts_try_fastopen =\n"
                "begin retry\n* * F,1h,1m\n");
  rootOwns(directory_ / "exim.conf", 0644);
  process_ = BackgroundProcess(
      asRoot(debian, {"/usr/sbin/exim4", "-C", debian.inside(directory_ / "exim.conf"), "-bdf"}),
      directory_ / "stderr");
  waitFor(port_, process_, directory_ / "stderr");
}

}  // namespace interimap::bed
