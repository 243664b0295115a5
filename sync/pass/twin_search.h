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
  TwinSearch(Both<Server*> servers, const Mailbox& mailbox) : servers_(servers), mailbox_(mailbox) {}
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
  // Waits, and where there is doubt asks again, and for the bodies, too. `validity`: that the UIDs are of.
  // `taken`: what has found its partner in the meantime.
  std::optional<Trouble> finish(const Both<UidValidity>& validity,
                                const std::function<bool(Side, Uid)>& taken);

  // After finish(). In the order of their local UIDs.
  const std::deque<Twins>& found() const { return found_; }
  const Flags& flags(std::uint32_t number) const { return flags_[number]; }
  // That may be on the other side, too, but the server did not show their bodies.
  const Both<UidSet>& unclear() const { return unclear_; }

 private:
  struct Question {
    Side side;
    Reply<answer::Selected> selected;
    Reply<Nothing> reply;
  };
  void askIdentities(Side side, const UidSet& uids, std::function<void(const Lookalike&)> visit);
  void askContents(Side side, const UidSet& uids, std::map<Uid, ContentDigest>& out);
  std::optional<Trouble> compare(const Both<UidSet>& doubtful, const Both<UidValidity>& validity);
  std::uint32_t number(const Flags& flags);
  std::optional<Trouble> await(const Both<UidValidity>& validity);

  Both<Server*> servers_;
  const Mailbox& mailbox_;
  std::vector<Question> questions_;
  bool asked_ = false;
  Both<UidSet> unclear_;
  Sketches sketches_{LookHash()};
  std::vector<Flags> flags_;
  std::unordered_map<std::string, std::uint32_t> numbers_;  // of flags
  std::deque<Twins> found_;
};

}  // namespace interimap
