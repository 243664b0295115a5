// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/dovecot_configuration.h"

#include <cstdio>
#include <stdexcept>

#include "tests/e2e/port.h"
#include "tests/e2e/process.h"

namespace interimap::bed {
namespace {

std::string uid() { return std::to_string(mailUser().uid); }
std::string gid() { return std::to_string(mailUser().gid); }

std::string listener(const char* name, std::uint16_t port, const char* more = "") {
  return " inet_listener " + std::string(name) + " {\n  port = " + std::to_string(port) + more + "\n }\n";
}

// What both have the same words for.
std::string common(const DovecotOptions& options, const DovecotPlace& place) {
  const std::string& d = place.directory;
  const MailUser& user = mailUser();
  return "base_dir = " + d + "/run\nstate_dir = " + d + "/state\nlog_path = " + d + "/log\n" +
         "listen = 127.0.0.1" + (hasIpv6() ? ", ::1" : "") + "\nhostname = localhost\nprotocols = imap\n" +
         "default_internal_user = " + user.name + "\ndefault_internal_group = " + user.group +
         "\ndefault_login_user = " + user.name + "\nfirst_valid_uid = 0\nfirst_valid_gid = 0\n" +
         "mail_max_userip_connections = 0\nmail_fsync = never\nauth_failure_delay = 0\n" +
         "namespace inbox {\n inbox = yes\n separator = \"" + options.delimiter + "\"\n}\n" +
         "service anvil {\n chroot =\n}\nservice stats {\n chroot =\n}\n" +
         (options.certificate.empty() ? "ssl = no\n" : "") +
         (options.capabilities.empty() ? "" : "imap_capability = " + options.capabilities + "\n");
}

std::string login(const DovecotPlace& place, const char* forever) {
  return "service imap-login {\n chroot =\n " + std::string(forever) + "\n process_min_avail = 1\n" +
         listener("imap", place.imap) + listener("imaps", place.imaps, "\n  ssl = yes") + "}\n";
}

}  // namespace

bool dovecotIs24() {
  static const bool is24 = [] {
    Outcome outcome = run({{"dovecot", "--version"}, {}});
    int major = 0, minor = 0;
    if (std::sscanf(outcome.output.c_str(), "%d.%d", &major, &minor) != 2) {
      throw std::runtime_error("dovecot --version: " + outcome.output + outcome.errors);
    }
    return major > 2 || (major == 2 && minor >= 4);
  }();
  return is24;
}

std::string dovecot23Configuration(const DovecotOptions& options, const DovecotPlace& place) {
  std::string plugins = std::string(options.compress ? " imap_zlib" : "") + (options.acl ? " acl" : "");
  std::string text = common(options, place) + login(place, "service_count = 0") +
                     "mail_location = " + options.mailLocation +
                     "\nauth_mechanisms = plain login\ndisable_plaintext_auth = no\n" +
                     "passdb {\n driver = static\n args = password=" + kPassword + "\n}\n" +
                     "userdb {\n driver = static\n args = uid=" + uid() + " gid=" + gid() +
                     " home=" + place.directory + "/home/%n\n}\n";
  if (!options.certificate.empty()) {
    text += "ssl_cert = <" + options.certificate.string() + "\nssl_key = <" + options.key.string() + "\n";
  }
  if (!plugins.empty()) text += "protocol imap {\n mail_plugins = $mail_plugins" + plugins + "\n}\n";
  if (options.acl) text += "plugin {\n acl = vfile\n}\n";
  return text + options.extra + "\n";
}

// The versions of configuration and storage are the oldest that there are: every 2.4 knows them.
std::string dovecot24Configuration(const DovecotOptions& options, const DovecotPlace& place) {
  const std::size_t colon = options.mailLocation.find(':');
  std::string text = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n" +
                     common(options, place) + login(place, "restart_request_count = unlimited") +
                     "mail_driver = " + options.mailLocation.substr(0, colon) +
                     "\nmail_path = " + options.mailLocation.substr(colon + 1) +
                     "\nmail_home = " + place.directory + "/home/%{user | username}" +  // in a tunnel
                     "\nauth_mechanisms = plain login\nauth_allow_cleartext = yes\n" +
                     "passdb static {\n password = " + kPassword + "\n}\n" +
                     "userdb static {\n fields {\n  uid = " + uid() + "\n  gid = " + gid() +
                     "\n  home = " + place.directory + "/home/%{user | username}\n }\n}\n";
  if (!options.certificate.empty()) {
    text += "ssl_server_cert_file = " + options.certificate.string() +
            "\nssl_server_key_file = " + options.key.string() + "\n";
  }
  if (!options.compress && options.capabilities.empty()) {
    text += "imap_capability {\n \"COMPRESS=DEFLATE\" = no\n}\n";  // built in
  }
  if (options.acl) text += "protocol imap {\n mail_plugins {\n  acl = yes\n }\n}\nacl_driver = vfile\n";
  return text + (options.extra24.empty() ? options.extra : options.extra24) + "\n";
}

}  // namespace interimap::bed
