// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// One connection to a fake server: reads commands, executes them on the server's mailboxes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/fake_server.h"
#include "tests/e2e/fake_wire.h"

namespace interimap::bed {

class FakeServer::Session {
 public:
  Session(FakeServer& server, int socket) : server_(server), wire_(socket) {}
  void serve();

 private:
  struct Closed {};  // thrown at the end of the connection

  // Reading and writing.
  void more();
  std::string line();
  std::string octets(std::size_t count);
  void send(std::string_view octets);
  bool readCommand();  // false: refused at a literal
  void response(const std::string& line);
  void untagged(const std::string& text) { response("* " + text + "\r\n"); }
  void done(const std::string& completion);
  bool apply(const Intervention* intervention);
  void answer();  // does what the command says, or what the options say instead

  // Executing.
  void execute();
  const std::string& capabilities() const;
  bool has(const std::string& capability) const;
  void startTls();
  void compress();
  void authenticate();
  void loggedIn();
  void login();
  void enable();
  void list();
  void status();
  void select(bool readOnly);
  void leave();  // CLOSE, UNSELECT
  void idle();
  void append();
  void uid();
  void fetch();
  void store();
  void expunge(const std::string& uids);
  void search();
  void create();
  void remove();
  void rename();
  void subscribe(bool on);

  const std::string& text(std::size_t i) const;  // of the i-th argument, from 0; "" if there is none
  FakeMailbox* mailbox(const std::string& name);
  FakeMailbox* selected();
  std::uint32_t largestUid();
  std::string statusItems(const FakeMailbox& mailbox, const std::vector<Value>& items) const;
  std::string modSeqOf(const std::string& modifier) const;
  void resynchronise(FakeMailbox& mailbox, const Value& parameters);
  void tellNews();  // EXISTS and VANISHED for what happened in the selected mailbox
  bool oneOf(const std::string& name, const std::vector<std::string>& patterns) const;

  FakeServer& server_;
  FakeWire wire_;
  std::string buffer_;
  std::string tag_, verb_;
  FakeCommand command_;
  bool retelling_ = false;
  std::vector<std::string> said_;  // while retelling
  std::vector<Value> arguments_;
  bool authenticated_ = false, qresync_ = false;
  std::optional<std::string> selected_;
  std::vector<std::uint32_t> view_;  // the UIDs the client has been told of
};

}  // namespace interimap::bed
