// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: a server as sync meets it, behind ipc/imap.h, that does what it is asked at once and rightly.
// The model has one of its own, whose faults and late writes are its purpose (tests/model/simulated_net.h).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ipc/channel.h"
#include "ipc/imap.h"

namespace interimap {

class SimulatedServer {
 public:
  struct Message {
    std::string body;
    std::uint8_t header = 0;  // what it says, as a digest
    int minute = 0;           // of its date
    Flags flags{};
    std::uint32_t received = 0;
    std::vector<ContentDigest> hops{};
    std::string sender = "from@example.org";
    std::vector<std::vector<ForwardPath>> named{};  // by field, as many as are asked for
    bool operator==(const Message&) const = default;
  };
  struct Mailbox {
    std::uint32_t uidValidity = 1;
    std::uint64_t uidNext = 1;
    std::uint64_t modSeq = 1;
    bool readOnly = false, subscribed = false, noSelect = false;
    std::map<std::uint32_t, Message> messages{};  // by UID
    std::uint8_t uses = 0;

    std::uint32_t add(const std::string& body);  // its header is its UID
  };

  answer::Ready ready{{Extension::enable, Extension::qresync, Extension::condstore, Extension::uidPlus,
                       Extension::listExtended, Extension::listStatus},
                      true,
                      ""};
  std::optional<char> delimiter = '/';
  std::map<std::string, Mailbox> mailboxes;
  std::set<std::string> unlisted;                // are there, and LIST leaves them out
  std::set<std::string> garbled;                 // likewise, in lines that cannot be read
  std::set<std::uint32_t> unsendable, tooLarge;  // UIDs
  std::vector<std::string> commands;             // "CREATE a", "RENAME a b", "SELECT a", "LIST"
  std::vector<std::string> expunged, moved;      // UIDs; and where to
  std::vector<std::string> searches;             // UIDs, and before which day
  // Answers one of `commands` in the server's place.
  std::function<std::optional<answer::Done>(const std::string& command)> answers;

  // Messages of one octet, with these headers.
  void add(const std::string& name, std::uint32_t uidValidity, const std::vector<std::uint8_t>& headers = {});
  std::size_t count(const std::string& start) const;  // of commands that begin so

  void connect(Channel channel) { channel_.emplace(std::move(channel)); }
  void disconnect() { channel_.reset(); }
  void step();  // does what it was asked

 private:
  using What = decltype(Answer::what);
  void serve();
  void answer(What what, Descriptor bodies = {});
  void done(answer::Done::Completion completion = answer::Done::Completion::ok, const char* code = "",
            const char* text = "");
  bool answered(const std::string& command);
  void handle(const request::Enable& enable);
  void handle(const request::List& list);
  void handle(const request::Select& select);
  void handle(const request::Fetch& fetch);
  void handle(const request::FetchBodies& fetch);
  void handle(const request::Store& store);
  void handle(const request::Expunge& expunge);
  void handle(const request::Move& move);
  void handle(const request::Search& search);
  void handle(const request::Manage& manage);
  void handle(const request::Watch& watch);
  template <typename Other>
  void handle(const Other&) {
    done(answer::Done::Completion::bad);
  }

  std::optional<Channel> channel_;
  RequestId id_ = 0;
  bool watched_ = false;  // the next request ends it
  Mailbox* selected_ = nullptr;
};

}  // namespace interimap
