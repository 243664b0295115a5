// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/submission.h"

#include "tests/e2e/process.h"
#include "tests/e2e/unpacked.h"

namespace interimap::bed {

std::optional<fs::path> Submission::programs() {
  fs::path installed = "/usr/lib/dovecot";
  if (fs::exists(installed / "lmtp") && fs::exists(installed / "submission-login")) return installed;
  std::optional<fs::path> root = unpacked("dovecot-lmtpd dovecot-submissiond");
  if (!root) return std::nullopt;
  return *root / "usr/lib/dovecot";
}

std::string Submission::configuration(const fs::path& programs, std::uint16_t relayPort) const {
  const std::string bin = programs.string();
  auto listener = [](const char* name, std::uint16_t port, const char* more = "") {
    return " inet_listener " + std::string(name) + " {\n  port = " + std::to_string(port) + more + "\n }\n";
  };
  return "protocols = imap lmtp submission\nsubmission_relay_host = 127.0.0.1\nsubmission_relay_port = " +
         std::to_string(relayPort) + "\nsubmission_relay_trusted = no\nsubmission_max_mail_size = 10M\n" +
         "service lmtp {\n executable = " + bin + "/lmtp\n chroot =\n user = " + mailUser().name + "\n" +
         listener("lmtp", lmtp) + " unix_listener lmtp {\n  mode = 0666\n }\n}\n" +
         "service submission {\n executable = " + bin + "/submission\n chroot =\n}\n" +
         "service submission-login {\n executable = " + bin + "/submission-login\n chroot =\n" +
         listener("submission", starttls) + listener("submissions", implicit, "\n  ssl = yes") + "}\n";
}

}  // namespace interimap::bed
