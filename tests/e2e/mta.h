// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mail servers as they are in the world, each private to a test.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/certificate.h"
#include "tests/e2e/debian13.h"
#include "tests/e2e/directory.h"
#include "tests/e2e/process.h"
#include "tests/e2e/sink.h"

namespace interimap::bed {

// Postfix's smtp-sink: takes everything, one file per message, or makes one kind of mistake.
class SmtpSink {
 public:
  // None if there is no such program here.
  static std::optional<fs::path> program();
  SmtpSink(const fs::path& program, const fs::path& directory, std::vector<std::string> options = {});

  std::string method() const;
  void restart(std::vector<std::string> options);
  std::vector<std::string> messages() const;  // their texts, in no order; refused ones as well
  void clear();

 private:
  fs::path program_, directory_;
  bool lmtp_ = false;
  std::uint16_t port_ = 0;
  BackgroundProcess process_;
};

// Postfix, which hands everything for example.test on to a sink that speaks LMTP.
class Postfix {
 public:
  // None, and why on stderr, if it cannot be had or the tests are not run by root.
  static std::optional<fs::path> programs();
  // Users log in against the auth service at `authPort`.
  Postfix(const fs::path& root, const fs::path& directory, const Certificates& certificates,
          std::uint16_t authPort, const Sink& sink);
  ~Postfix();

  std::uint16_t smtp() const { return ports_[0]; }
  std::uint16_t submission() const { return ports_[1]; }   // STARTTLS and AUTH required
  std::uint16_t submissions() const { return ports_[2]; }  // TLS from the first byte on, and AUTH
  std::uint16_t bare() const { return ports_[3]; }         // no extension at all
  // STARTTLS, or TLS from the first byte on; no AUTH, but a certificate for srv.key from whoever has mail.
  std::uint16_t certified() const { return ports_[4]; }
  std::uint16_t certifieds() const { return ports_[5]; }
  std::string log() const { return readFile(directory_ / "log"); }

 private:
  void configure(const Certificates& certificates, std::uint16_t authPort, const Sink& sink) const;

  fs::path root_, directory_;
  std::uint16_t ports_[6]{};
  BackgroundProcess master_;
};

// OpenSMTPD of Debian 13: no PIPELINING, and it hangs up on those who do it. Hands mail for example.test
// on to a sink that speaks LMTP. Its spool is the tree's, so there is one at a time.
class OpenSmtpd {
 public:
  OpenSmtpd(const Debian13& debian, const fs::path& directory, const Sink& sink);
  ~OpenSmtpd();
  OpenSmtpd(const OpenSmtpd&) = delete;

  std::uint16_t port() const { return port_; }
  std::string log() const { return readFile(directory_ / "stderr"); }

 private:
  fs::path directory_;
  int lock_ = -1;
  std::uint16_t port_ = 0;
  BackgroundProcess process_;
};

// Exim of Debian 13, which hands everything for example.test on to a sink that speaks LMTP.
class Exim {
 public:
  Exim(const Debian13& debian, const fs::path& directory, const Sink& sink);

  std::uint16_t port() const { return port_; }
  std::string log() const { return readFile(directory_ / "log-main") + readFile(directory_ / "stderr"); }

 private:
  fs::path directory_;
  std::uint16_t port_ = 0;
  BackgroundProcess process_;
};

// Debian 13 for these two, which only root can start. None, and why on stderr, if it cannot be had.
std::optional<Debian13> debianForMta();

}  // namespace interimap::bed
