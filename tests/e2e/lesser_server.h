// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Makes a good IMAP server a lesser one: a proxy on loopback that shows fewer capabilities, and refuses what
// it does not show, as the servers of the world that have no more. One thread for each connection; commands
// are handed on one at a time, in order. Cleartext.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace interimap::bed {

struct LesserOptions {
  std::string before, after;   // capabilities before and after login
  std::string permanentFlags;  // all that can be stored; empty: as the server has it
  std::string throttled;  // the answer while throttling; {tag} is replaced, a "* BYE" ends the connection

  std::size_t throttleFrom = 0, throttleFor = 20;  // commands since login, of all connections; 0: never
  std::size_t closesAt = 0;    // each so many commands since login, of all connections, one ends; 0: never
  bool closesAfter = false;    // that command is carried out, and its answer is lost
  std::size_t limit = 0;       // MESSAGELIMIT: of more than that only the highest UIDs
  bool namesUids = true;       // APPENDUID, COPYUID
  bool namesUidNext = true;    // in SELECT
  bool saysEnabled = true;     // * ENABLED
  bool vanishesAll = false;    // the first VANISHED (EARLIER) names every UID up to its highest
  bool masksOnce = false;      // the first lists of capabilities begin with an unknown one, as iCloud's proxy
  bool pipelines = true;       // false: BAD for what was sent before the answer to the command before
  bool keepsArguments = true;  // flags and date of APPEND
  bool alters = false;         // adds a line to the header of what is appended
  std::string meanwhileAt;     // a command: before it is handed on for the first time
  std::function<void()> meanwhile;
  std::string labelsOf;  // this user's messages are all in [Gmail]/All Mail; a duplicate APPEND vanishes

  LesserOptions& hide(const std::string& capability);
  LesserOptions& show(const std::string& capability);

  static LesserOptions full();
  static LesserOptions gmail(const std::string& user = "bob");
  static LesserOptions exchange();
  static LesserOptions icloud();
  static LesserOptions yahoo();
  static LesserOptions bare();  // RFC 3501 and nothing else
  static LesserOptions rev2();  // IMAP4rev2 alone, and nothing that it does not imply
};

class LesserServer {
 public:
  LesserServer(std::uint16_t upstream, LesserOptions options);
  ~LesserServer();  // closes every connection

  std::uint16_t port() const { return port_; }
  std::vector<std::string> commands() const;  // of all connections, without tags, literals as {n}
  void change(LesserOptions options);         // for connections from now on

 private:
  class Session;
  void serve();
  bool isFirst();

  std::uint16_t upstream_, port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  // of all below
  LesserOptions options_;
  std::size_t sinceLogin_ = 0, untilClosed_ = 0;
  std::map<std::string, std::set<std::string>> labels_;  // of messages by their octets
  std::vector<std::string> commands_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  bool meanwhile_ = false;  // happened
  std::thread acceptor_;
};

}  // namespace interimap::bed
