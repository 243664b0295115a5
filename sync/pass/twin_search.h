// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Asks both servers what messages look like, and finds those that are the same on both.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sync/mailboxes/mailbox.h"
#include "sync/pass/sketches.h"
#include "sync/pass/twins.h"
#include "sync/peers/server.h"

namespace interimap {

class TwinSearch {
 public:
  // Messages are the same if their contents are; or, so the user says, if their Message-IDs are.
  enum class By : std::uint8_t { content, messageId };
  TwinSearch(Both<Server*> servers, const Mailbox& mailbox, By by = By::content)
      : servers_(servers), mailbox_(mailbox), by_(by) {}
  TwinSearch(const TwinSearch&) = delete;

  // Sends.
  void ask(Side side, const UidSet& uids);
  bool asked() const { return asked_; }

  // Until nothing is outstanding; due before this object goes away.
  void wait();

  struct Trouble {
    Side side;
    std::string text;
    bool again;  // worth another try
  };
  // Waits, and asks for the bodies of those that may be the same. `validity`: that the UIDs are of.
  // `taken`: what has found its partner in the meantime.
  std::optional<Trouble> finish(const Both<UidValidity>& validity,
                                const std::function<bool(Side, Uid)>& taken);

  // After finish(). In the order of their local UIDs.
  const std::deque<Twins>& found() const { return found_; }
  const Flags& flags(std::uint32_t number) const { return flags_[number]; }
  // How many there were, and how many Message-IDs both sides have, though not always with the same content.
  const Both<std::uint64_t>& seen() const { return sketches_.seen(); }
  std::uint64_t common() const { return sketches_.common(); }
  // That may be on the other side, too, but the server did not show their bodies.
  const Both<UidSet>& unclear() const { return unclear_; }
  // Whose content is that of one which was found, and which found no twin itself. None if Message-IDs count.
  const Both<UidSet>& doubles() const { return doubles_; }

 private:
  struct Question {
    Side side;
    Reply<answer::Selected> selected;
    Reply<Nothing> reply;
  };
  void ask(Side side, const UidSet& uids, request::Fetch::Items items, Server::OnMessage visit);
  std::optional<Trouble> compare(const Both<UidSet>& alike, const Both<UidValidity>& validity);
  std::uint32_t number(const Flags& flags);
  std::optional<Trouble> await(const Both<UidValidity>& validity);

  Both<Server*> servers_;
  const Mailbox& mailbox_;
  By by_;
  std::vector<Question> questions_;
  bool asked_ = false;
  Both<UidSet> unclear_, doubles_;
  Sketches sketches_{HeaderHash()};
  std::vector<Flags> flags_;
  std::unordered_map<std::string, std::uint32_t> numbers_;  // of flags
  std::deque<Twins> found_;
};

}  // namespace interimap
