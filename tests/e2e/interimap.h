// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The program under test between two accounts: its configuration, its directories, its runs. INTERIMAP_BIN
// names it (default build/bin/interimap); with /usr/bin/interimap the same tests run against the Perl
// program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/e2e/directory.h"
#include "tests/e2e/process.h"

namespace interimap::bed {

// One section of the configuration file.
struct Account {
  std::string type = "imap";
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string user = {}, password = "sekrit";
  std::string command = {};            // type=tunnel
  std::vector<std::string> more = {};  // "SSL_verify = NO"

  std::string text() const;
};

Account cleartext(std::uint16_t port, const std::string& user);  // STARTTLS = NO
Account tunnel(const std::string& command);

struct Run : Outcome {
  std::string log() const { return errors; }
  bool says(std::string_view text) const { return errors.find(text) != std::string::npos; }

  // Commands in the order they were sent, without tags; side is "local" or "remote". From --debug.
  std::vector<std::string> commands(std::string_view side) const;
  // Those of both sides that change something or carry a body, a line each; a SELECT does neither.
  std::string changes() const;
  bool sent(std::string_view verb) const;  // on either side
};

// The program that INTERIMAP_BIN names, or a copy of it that the mail user may execute.
std::string programPath();
bool isReference();  // it is the Perl program
bool isSanitized();  // it has AddressSanitizer, which takes terabytes of address space

class Interimap {
 public:
  // Configuration and state live in `directory`; `options` are lines of the default section.
  Interimap(const fs::path& directory, Account local, Account remote, std::vector<std::string> options = {});

  Run run(std::vector<std::string> arguments = {"--debug"}, std::vector<std::string> environment = {}) const;
  Run runWith(const std::string& program, std::vector<std::string> arguments = {"--debug"}) const;
  BackgroundProcess runInBackground(std::vector<std::string> arguments) const;  // its log: directory/stderr
  Command command(const std::string& program, std::vector<std::string> arguments) const;  // not yet started

  void startAsRoot();  // instead of as the mail user; its directories become root's

  void configure(const std::string& text) const;  // replaces the configuration file
  std::string configuration() const { return text_; }
  fs::path database() const { return directory_ / "data/interimap/bed.db"; }
  fs::path directory() const { return directory_; }

 private:
  fs::path directory_;
  std::string text_;
  bool asRoot_ = false;
};

}  // namespace interimap::bed
