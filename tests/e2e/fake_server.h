// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// An IMAP server in the test's own memory that does what it is told: well-behaved by default (IMAP4rev1,
// SASL-IR, LITERAL+, ENABLE, CONDSTORE, QRESYNC, UIDPLUS, LIST-EXTENDED, LIST-STATUS, MULTIAPPEND, UNSELECT),
// and where a test says so, wrong in exactly one place. Cleartext on loopback, a thread for each connection.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/directory.h"
#include "tests/e2e/fake_mailbox.h"

namespace interimap::bed {

// One that has arrived: as FakeServer::commands() has it, and the mailbox that it is about, which it names or
// which is selected.
struct FakeCommand {
  std::string text, mailbox;
};

struct FakeOptions {
  std::string greeting = "* OK [CAPABILITY {capabilities}] ready\r\n";  // {capabilities} is replaced
  std::string capabilities =
      "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ ENABLE CONDSTORE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS "
      "MULTIAPPEND UNSELECT";
  char delimiter = '/';                      // 0: flat, NIL
  std::string continuation = "+ go on\r\n";  // for a literal
  std::string user = "bob", password = "sekrit";

  std::string inClear = {};             // capabilities before login or TLS, where they are others
  bool tellsAtLogin = true;             // them in the response to AUTHENTICATE and LOGIN
  std::string challenge = "+ \r\n";     // to AUTHENTICATE without initial response
  fs::path certificate = {}, key = {};  // of STARTTLS
  // Every response line, its CRLF included; where nothing is left of one, the connection ends.
  std::function<std::string(const std::string&)> rewrite = {};
  bool finishesDeflate = false;  // before the connection ends
  // Commands that are answered OK, and not done.
  std::function<bool(const FakeCommand&)> shirks = {};
  // The responses to a command, the tagged one last, as they are to be sent instead; where none is left, the
  // connection ends.
  std::function<void(const FakeCommand&, std::vector<std::string>&)> retells = {};
  // Sent before the response to a command behind which a SELECT has come already.
  std::string beforeSelect = {};
};

// What happens at a command instead of the ordinary answer.
struct Intervention {
  std::string octets;       // sent as they are; {tag} stands for the command's tag
  bool close = false;       // then the connection ends
  bool alsoAnswer = false;  // then the ordinary answer follows
  bool atLiteral = false;   // at the first literal of the command, in place of "+": the command ends there
  std::chrono::milliseconds after{0};  // it happens; the server does nothing else meanwhile
  // Done to the mailboxes before anything is sent.
  std::function<void(std::map<std::string, FakeMailbox>&)> meanwhile = {};
};

class FakeServer {
 public:
  explicit FakeServer(FakeOptions options = {});
  ~FakeServer();  // closes every connection

  std::uint16_t port() const { return port_; }

  // The nth (from 1; 0: every) command that matches, without its tag and with literals as {n}, over all
  // connections. ECMAScript, from the beginning, case-insensitive.
  void on(const std::string& pattern, unsigned nth, Intervention intervention);
  void forget();  // all that was given to on()

  // A message this returns a response text for, "[OVERQUOTA] full", is refused with NO, and its batch with
  // it.
  void refuse(std::function<std::string(const std::string& text)> judge);

  // Access to the mailboxes while no command is being executed.
  void access(const std::function<void(std::map<std::string, FakeMailbox>&)>& use);

  std::vector<std::string> commands()
      const;  // all received, without tags, literals as {n}; AUTHENTICATE in full

 private:
  class Session;
  struct Hook {
    std::regex pattern;
    unsigned nth, seen;
    Intervention intervention;
  };
  const Intervention* intervene(const std::string& command, bool atLiteral);
  void serve();

  FakeOptions options_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  mutable std::recursive_mutex mutex_;  // of all below
  std::map<std::string, FakeMailbox> mailboxes_;
  std::uint32_t nextUidValidity_ = 1600000000;
  std::list<Hook> hooks_;
  std::function<std::string(const std::string&)> judge_;
  std::vector<std::string> commands_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace interimap::bed
