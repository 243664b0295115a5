// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Random changes to both servers, as their users make them: an ordinary client at each, and now and then
// `interimap --rename` or `--delete` beside the watcher. The same seed makes the same choices, as far as the
// program under test leaves the same things to choose from.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/e2e/corpus.h"
#include "tests/e2e/imap_client.h"
#include "tests/e2e/interimap.h"
#include "tests/soak/ledger.h"
#include "tests/soak/server.h"

namespace interimap::soak {

// An account at a server as the generator sees it; it can be taken away and given back.
class Account {
 public:
  Account(Server server, std::string user, char delimiter)
      : server_(std::move(server)), user_(std::move(user)), delimiter_(delimiter) {}

  const Server& server() const { return server_; }
  bed::ImapClient& client();  // logs in if need be
  bool available() const { return available_; }
  void setAvailable(bool available);  // not: the server is about to stop, or has stopped
  void hangUp() { client_.reset(); }

  std::string name(const std::string& mailbox) const;  // with this server's delimiter
  bed::Snapshot snapshot() const;

 private:
  Server server_;
  std::string user_;
  char delimiter_;
  bool available_ = true;
  std::optional<bed::ImapClient> client_;
};

class Traffic {
 public:
  // `trace` is told of every change.
  Traffic(Account& local, Account& remote, const bed::Interimap& program, std::uint64_t seed,
          std::function<void(const std::string&)> trace)
      : accounts_{&local, &remote},
        program_(program),
        trace_(std::move(trace)),
        corpus_(seed),
        random_(seed) {}

  void populate();  // some mailboxes with some mail, on both sides
  void step();      // one change, on a side that is available

  const Ledger& ledger() const { return ledger_; }
  void outage() { ledger_.outage(); }  // of either server
  std::uint64_t changes() const { return changes_; }
  std::string counts() const;  // "append 12, flags 30, ..."

 private:
  struct Found {
    std::uint32_t uid;
    Serial serial;
    std::string text() const {
      return ", UID " + std::to_string(uid) + ", message " + std::to_string(serial);
    }
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  Account& account(Side side) { return *accounts_[static_cast<std::size_t>(side)]; }
  Side anySide();
  const std::string& anyMailbox();
  std::string newName();
  bool select(Side side, const std::string& mailbox);
  std::optional<Found> anyMessage(Side side);  // of the selected mailbox
  bool isThere(Side side, std::uint32_t uid);
  void count(const char* what, const std::string& details);

  void change();
  void append(Side side);
  void flags(Side side);
  void expunge(Side side);
  void move(Side side);
  void create(Side side);
  void subscribe(Side side);
  void renameBesideTheWatcher();
  void deleteBesideTheWatcher();
  bool isOnBothSides(const std::string& mailbox);
  void ask(std::vector<std::string> arguments);  // of the program, until it could

  std::array<Account*, 2> accounts_;
  const bed::Interimap& program_;
  std::function<void(const std::string&)> trace_;
  bed::Corpus corpus_;
  std::mt19937_64 random_;
  Ledger ledger_;
  std::vector<std::string> mailboxes_;  // made by us and not deleted, "/" for the delimiter
  std::vector<Serial> atRisk_;          // messages that the change under way concerns
  std::uint64_t names_ = 0, changes_ = 0;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace interimap::soak
