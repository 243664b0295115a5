// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: two servers' mailboxes behind simulated nets, a database, and what is said to launch. Messages
// have a UID and what their header says, no body: nothing can be copied here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ipc/channel.h"
#include "ipc/imap.h"
#include "ipc/launch.h"
#include "store/store.h"
#include "sync/mailboxes/lists.h"
#include "sync/peers/exchange.h"
#include "sync/peers/seam.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

class SimulatedServer {
 public:
  struct Mailbox {
    std::uint32_t uidValidity = 1;
    std::map<std::uint32_t, std::uint8_t> messages{};  // by UID, what the header says
    std::uint32_t uidNext = 1;
    std::uint64_t modSeq = 1;
    bool subscribed = false, noSelect = false;
    std::string id{};  // MAILBOXID
  };

  answer::Ready ready{{Extension::enable, Extension::qresync, Extension::condstore, Extension::uidPlus,
                       Extension::listExtended, Extension::listStatus},
                      true,
                      ""};
  std::optional<char> delimiter = '/';
  std::map<std::string, Mailbox> mailboxes;
  std::vector<std::string> commands;  // "CREATE a", "RENAME a b", "SELECT a" …
  std::set<std::string> unlisted;     // are there, and LIST leaves them out
  std::set<std::string> garbled;      // likewise, in lines that cannot be read
  // Answers a command in the server's place.
  std::function<std::optional<answer::Done>(const std::string& command)> answers;

  void add(const std::string& name, std::uint32_t uidValidity,
           const std::vector<std::uint8_t>& messages = {}) {
    Mailbox& mailbox = mailboxes[name];
    mailbox.uidValidity = uidValidity;
    for (std::uint8_t header : messages) mailbox.messages[mailbox.uidNext++] = header;
    mailbox.modSeq += messages.size();
  }
  std::size_t count(const std::string& start) const;  // of commands that begin so

  void connect(Channel channel) { channel_.emplace(std::move(channel)); }
  void step();

 private:
  using What = decltype(Answer::what);
  void answer(What what);
  void done(answer::Done::Completion completion = answer::Done::Completion::ok, const char* code = "");
  bool said(const std::string& command);  // answered already
  void handle(const request::List& list);
  void handle(const request::Select& select);
  void handle(const request::Fetch& fetch);
  void handle(const request::Manage& manage);

  std::optional<Channel> channel_;
  RequestId id_ = 0;
  Mailbox* selected_ = nullptr;
};

class MailboxesScene {
 public:
  MailboxesScene();

  settings::Sync settings;
  Both<SimulatedServer> servers;
  std::vector<std::string> said;  // "error database: text"

  bool hasSaid(const std::string& text);
  std::vector<std::string> known();  // names in the database
  // What this server has, from now on.
  void enable(Side side, const answer::Ready& ready);
  // A mailbox that was synchronised as it is now, the n-th message here with the n-th there.
  void know(const std::string& name);

 private:
  class SteppingExchange;
  explicit MailboxesScene(std::pair<Channel, Channel> launch);
  void hear();

  Channel launch_;
  Reporter reporter_;
  std::unique_ptr<Exchange> exchange_;
  Seam seam_{0, false};

 public:
  store::Store store{store::Seam{}};
  Log log{reporter_};
  std::unique_ptr<Server> local, remote;
  Both<Server*> both() { return {local.get(), remote.get()}; }
};

}  // namespace interimap
